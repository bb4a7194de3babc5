/** A program to start, with its whole environment. */
export interface ProgramOrder {
  /** Program and arguments; the program is looked up on the environment's PATH. */
  readonly argv: readonly string[]
  /** Absolute path to start it in. */
  readonly directory: string
  readonly environment: Readonly<Record<string, string>>
  /** On Windows: the arguments are quoted already. */
  readonly verbatim?: boolean
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

/** A started program. */
export interface RunningProgram {
  /** Signals the program's whole group, as long as it lives. */
  signal(name: 'SIGTERM' | 'SIGKILL'): void
}

/**
 * Starts programs, each in a process group of its own with standard input closed.
 * When the program has ended, what is left in its group is killed; output is waited for, but not for ever.
 */
export interface Launcher {
  start(order: ProgramOrder, listener: ProgramListener): RunningProgram
}
