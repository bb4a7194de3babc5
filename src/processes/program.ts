import { messageOf } from '../errors.ts'
import type { Clock } from '../clock.ts'
import type { ProcessIdentity } from '../process-identity.ts'
import type { Launcher, ProgramExit, ProgramInput } from './launcher.ts'

const isWindows = process.platform === 'win32'
const leavingMs = 2_000

/** What to run. */
export interface Program {
  /** Program and arguments; with `shell`, the words of a shell command. */
  readonly argv: readonly string[]
  readonly shell: boolean
  readonly directory: string
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>
}

/** Who watches a program, and how it is stopped. */
export interface Watch {
  readonly clock: Clock
  readonly launcher: Launcher
  readonly signal: AbortSignal
  /** Milliseconds between the polite stop and force. */
  readonly graceMs: number
  readonly output: (chunk: Uint8Array, source: 'stdout' | 'stderr') => void
  readonly started: (process: ProcessIdentity) => void
  /** Given the program's standard input at once; without it, that is closed. */
  readonly input?: (input: ProgramInput) => void
  /** Asks the program in its own words to end; it has a quarter of the grace, two seconds at most, before the polite stop. */
  readonly leave?: () => void
}

/** How a program ended. */
export type ProgramEnd =
  | ProgramExit
  /** It was stopped from outside before it ended by itself. */
  | { readonly how: 'stopped' }

/**
 * Runs a program in a process group of its own until nothing of the group is left.
 *
 * When `signal` aborts, the group gets SIGTERM, which waits where the program can be asked to leave first, and after `graceMs`
 * SIGKILL. What left the group is ended with the program, as far as the launcher can find it.
 *
 * Never rejects: a program that cannot start is the end `not-started`.
 */
export function runProgram(program: Program, watch: Watch): Promise<ProgramEnd> {
  const { promise, resolve } = Promise.withResolvers<ProgramEnd>()
  const { argv, shell, directory, env } = program
  let endStop = (): boolean => false
  const running = watch.launcher.start(
    {
      argv: shell ? shellArgv(argv.join(' ')) : argv,
      directory,
      environment: env,
      verbatim: shell,
      input: watch.input !== undefined,
    },
    {
      started: (pid, startTime) => {
        watch.started({ pid, group: pid, startTime })
      },
      output: watch.output,
      ended: (exit) => {
        resolve(endStop() && exit.how !== 'not-started' ? { how: 'stopped' } : exit)
      },
    },
  )
  watch.input?.(running.input)
  endStop = stopWhenAborted(running.signal, watch)
  return promise
}

/** What a program that could not start says of itself. */
export const notStarted = (error: unknown): ProgramExit => ({
  how: 'not-started',
  code: (error as NodeJS.ErrnoException).code ?? 'UNKNOWN',
  message: messageOf(error),
})

const shellArgv = (script: string): readonly string[] =>
  isWindows ? ['cmd.exe', '/d', '/s', '/c', `"${script}"`] : ['/bin/sh', '-c', script]

/** Begins to stop the group at the abort; the returned function calls the rest off and says whether it had begun. */
function stopWhenAborted(
  send: (name: 'SIGTERM' | 'SIGKILL') => void,
  { clock, signal, graceMs, leave }: Watch,
): () => boolean {
  let cancelForce: (() => void) | null = null
  let cancelSignal = (): void => {}
  const stop = (): void => {
    cancelForce = clock.after(graceMs, () => {
      send('SIGKILL')
    })
    if (leave === undefined) return send('SIGTERM')
    leave()
    cancelSignal = clock.after(Math.min(leavingMs, graceMs / 4), () => {
      send('SIGTERM')
    })
  }
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  return () => {
    signal.removeEventListener('abort', stop)
    cancelForce?.()
    cancelSignal()
    return cancelForce !== null
  }
}
