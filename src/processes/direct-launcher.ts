import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import type { Readable, Writable } from 'node:stream'
import type { Clock } from '../clock.ts'
import { startTimeOf } from '../process-identity.ts'
import { type Launcher, noInput, type ProgramExit, type ProgramInput } from './launcher.ts'
import { notStarted } from './program.ts'
import { signalGroup } from './signal-group.ts'
import { programVariable, sweepProcesses } from './sweep.ts'

const isWindows = process.platform === 'win32'

/** How long output may still come after the program has ended, in milliseconds: a daemon can hold the pipe for ever. */
const drainMs = 1_000

interface Child extends ChildProcess {
  readonly stdin: Writable | null
  readonly stdout: Readable
  readonly stderr: Readable
}

/**
 * Starts programs from this very process; the cost of each start grows with this process's memory.
 *
 * What is left in a group is killed in the same turn of the event loop in which its leader was reaped: while a member lives
 * the kernel keeps the group's number, and an empty group's would have to come round again within that turn.
 */
export function directLauncher(clock: Clock): Launcher {
  const own = randomUUID() // other launchers of this process, in other threads too, end nothing of ours
  let started = 0
  return {
    start({ argv, directory, environment, verbatim, input }, listener) {
      const [file = '', ...args] = argv
      const marker = { [programVariable]: `${process.pid}.${own}-${++started}` }
      let child: Child
      try {
        child = spawn(file, args, {
          cwd: directory,
          env: { ...environment, ...marker },
          detached: !isWindows,
          windowsHide: true,
          windowsVerbatimArguments: isWindows && verbatim === true,
          stdio: [input === true ? 'pipe' : 'ignore', 'pipe', 'pipe'],
        }) as Child
      } catch (error) {
        queueMicrotask(() => {
          listener.ended(notStarted(error))
        })
        return { signal: () => {}, input: noInput }
      }
      child.stdout.on('data', (chunk: Buffer) => {
        listener.output(chunk, 'stdout')
      })
      child.stderr.on('data', (chunk: Buffer) => {
        listener.output(chunk, 'stderr')
      })
      child.on('error', (error) => {
        if (child.pid === undefined) listener.ended(notStarted(error))
      })
      const { pid } = child
      if (pid === undefined) return { signal: () => {}, input: noInput }
      listener.started(pid, startTimeOf(pid))
      child.once('exit', (code, signal) => {
        signalAll(child, pid, 'SIGKILL')
        const exit: ProgramExit = signal === null ? { how: 'exited', code: code ?? 0 } : { how: 'signalled', signal }
        void Promise.all([sweepProcesses(marker, clock), drained(child, clock)]).then(() => {
          listener.ended(exit)
        })
      })
      return {
        input: inputOf(child),
        signal(name) {
          if (child.exitCode === null && child.signalCode === null) signalAll(child, pid, name)
        },
      }
    },
  }
}

function inputOf({ stdin }: Child): ProgramInput {
  if (stdin === null) return noInput
  stdin.on('error', () => {}) // its end says more
  return {
    write(bytes) {
      if (stdin.writable) stdin.write(bytes)
    },
    end() {
      stdin.end()
    },
  }
}

function signalAll(child: Child, group: number, signal: NodeJS.Signals): void {
  if (isWindows) {
    child.kill(signal)
    return
  }
  signalGroup(group, signal)
  if (signal === 'SIGTERM') signalGroup(group, 'SIGCONT') // one that is stopped hears nothing until it goes on
}

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
