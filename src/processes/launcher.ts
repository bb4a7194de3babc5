/** A program to start, with its whole environment. */
export interface ProgramOrder {
  /** Program and arguments; the program is looked up on the environment's PATH. */
  readonly argv: readonly string[]
  /** Absolute path to start it in. */
  readonly directory: string
  readonly environment: Readonly<Record<string, string>>
  /** On Windows: the arguments are quoted already. */
  readonly verbatim?: boolean
  /** Whether standard input is a pipe that is written to; otherwise it is closed. */
  readonly input?: boolean
}

/** How a program ended, as the kernel has it. */
export type ProgramExit =
  | { readonly how: 'exited'; readonly code: number }
  | { readonly how: 'signalled'; readonly signal: NodeJS.Signals }
  /** What had started it died, and the program was killed: nobody knows how it would have ended. */
  | { readonly how: 'launcher-died' }
  /** `code` is errno's name, as ENOENT. */
  | { readonly how: 'not-started'; readonly code: string; readonly message: string }

/** Who hears of a program. `ended` comes once, after all output. */
export interface ProgramListener {
  /** `startTime` in clock ticks since boot; null where the system does not tell. */
  started(pid: number, startTime: number | null): void
  output(chunk: Uint8Array, source: 'stdout' | 'stderr'): void
  ended(exit: ProgramExit): void
}

/** Standard input of a program that was ordered with one; what nobody reads any more is dropped. */
export interface ProgramInput {
  write(bytes: Uint8Array): void
  /** The program sees the end of the file, after all that was written. */
  end(): void
}

/** The input of a program that has none. */
export const noInput: ProgramInput = { write: () => {}, end: () => {} }

/** A started program. */
export interface RunningProgram {
  readonly input: ProgramInput
  /** Signals the program's whole group, as long as it lives. */
  signal(name: 'SIGTERM' | 'SIGKILL'): void
}

/**
 * Starts programs, each in a process group of its own, with standard input closed unless it is asked for.
 * When the program has ended, what is left in its group is killed; output is waited for, but not for ever.
 */
export interface Launcher {
  /** Gets ready, so that the first start takes no longer than others. */
  prepare?(): void
  start(order: ProgramOrder, listener: ProgramListener): RunningProgram
}
