import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import type { StartedProcess } from '../agent.ts'
import type { Clock } from '../../clock.ts'

const isWindows = process.platform === 'win32'

/** How long output may still come after the program has ended, in milliseconds: a daemon can hold the pipe for ever. */
const drainMs = 1000

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
  readonly signal: AbortSignal
  /** Milliseconds between the polite stop and force. */
  readonly graceMs: number
  readonly output: (chunk: Uint8Array, source: 'stdout' | 'stderr') => void
  readonly started: (process: StartedProcess) => void
}

/** How a program ended. */
export type ProgramEnd =
  | { readonly how: 'exited'; readonly code: number }
  | { readonly how: 'signalled'; readonly signal: NodeJS.Signals }
  /** It was stopped from outside before it ended by itself. */
  | { readonly how: 'stopped' }
  | { readonly how: 'not-started'; readonly error: NodeJS.ErrnoException }

type Child = ChildProcessByStdio<null, Readable, Readable>

/**
 * Runs a program in a process group of its own, with stdin closed, until nothing of the group is left.
 *
 * When `signal` aborts, the group gets SIGTERM and after `graceMs` SIGKILL. At every end what is left in the group is killed
 * in the same turn of the event loop in which the leader was reaped: while a member lives the kernel keeps the group's
 * number, and an empty group's number would have to come round again within that turn to hit a stranger.
 * A descendant that started a session of its own has left the group and is not found here.
 *
 * Never rejects: a program that cannot start is the end `not-started`.
 */
export function runProgram(program: Program, watch: Watch): Promise<ProgramEnd> {
  const { promise, resolve } = Promise.withResolvers<ProgramEnd>()
  let child: Child
  try {
    child = launch(program)
  } catch (error) {
    return Promise.resolve({ how: 'not-started', error: error as NodeJS.ErrnoException })
  }
  const { pid } = child
  child.stdout.on('data', (chunk: Buffer) => {
    watch.output(chunk, 'stdout')
  })
  child.stderr.on('data', (chunk: Buffer) => {
    watch.output(chunk, 'stderr')
  })
  child.on('error', (error) => {
    if (pid === undefined) resolve({ how: 'not-started', error })
  })
  if (pid === undefined) return promise
  watch.started({ pid, group: pid, startTime: startTimeOf(pid) })
  const stop = stopWhenAborted(child, pid, watch)
  child.once('exit', (code, signal) => {
    const wasStopped = stop.end()
    signalGroup(child, pid, 'SIGKILL')
    const end: ProgramEnd = signal === null ? { how: 'exited', code: code ?? 0 } : { how: 'signalled', signal }
    void drained(child, watch.clock).then(() => {
      resolve(wasStopped ? { how: 'stopped' } : end)
    })
  })
  return promise
}

function launch({ argv, shell, directory, env }: Program): Child {
  const [file = '', ...args] = shell ? shellArgv(argv.join(' ')) : argv
  return spawn(file, args, {
    cwd: directory,
    env,
    detached: !isWindows,
    windowsHide: true,
    windowsVerbatimArguments: isWindows && shell,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

const shellArgv = (script: string): string[] =>
  isWindows ? ['cmd.exe', '/d', '/s', '/c', `"${script}"`] : ['/bin/sh', '-c', script]

/** Begins to stop the group at the abort; `end` says whether it did and calls the rest off. */
function stopWhenAborted(child: Child, group: number, { clock, signal, graceMs }: Watch): { end(): boolean } {
  let cancelForce: (() => void) | null = null
  const stop = (): void => {
    cancelForce = clock.after(graceMs, () => {
      signalGroup(child, group, 'SIGKILL')
    })
    signalGroup(child, group, 'SIGTERM')
  }
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  return {
    end() {
      signal.removeEventListener('abort', stop)
      cancelForce?.()
      return cancelForce !== null
    },
  }
}

function signalGroup(child: Child, group: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (isWindows) {
    child.kill(signal)
    return
  }
  try {
    process.kill(-group, signal)
  } catch (error) {
    // ESRCH: all gone; EPERM: macOS says so of a group of zombies
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

/** Resolves when both outputs are at their end, at the latest after `drainMs`. */
function drained(child: Child, clock: Clock): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.after(drainMs, () => {
    child.stdout.destroy()
    child.stderr.destroy()
    resolve()
  })
  child.once('close', () => {
    cancel()
    resolve()
  })
  return promise
}

/** Clock ticks since boot at which the process started; null where the system does not tell. */
function startTimeOf(pid: number): number | null {
  if (process.platform !== 'linux') return null
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // the name in brackets may hold anything, the rest are numbers: field 22 is the 20th after it
    const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
    return Number.isSafeInteger(ticks) ? ticks : null
  } catch {
    return null
  }
}
