import { randomUUID } from 'node:crypto'
import { constants } from 'node:os'
import { spawn } from '@lydell/node-pty'
import type { Clock } from '../clock.ts'
import { startTimeOf } from '../process-identity.ts'
import { findProgram } from './find-program.ts'
import { type Launcher, noInput, type ProgramExit, type ProgramListener, type RunningProgram } from './launcher.ts'
import { notStarted } from './program.ts'
import { noteProgram } from './programs-begun.ts'
import { signalGroup } from './signal-group.ts'
import { programVariable, sweepProcesses } from './sweep.ts'

/** The size of a terminal, in characters. */
export interface TerminalSize {
  readonly columns: number
  readonly rows: number
}

/** What a program finds in TERM. */
const name = 'xterm-256color'

/**
 * Starts each program in a terminal of its own, for those that insist on one. All that it prints is one output, with whatever a terminal
 * is told; its input is what a person would type.
 */
export function ptyLauncher(clock: Clock, { columns, rows }: TerminalSize): Launcher {
  const own = randomUUID()
  let started = 0
  return {
    start({ argv, directory, environment }, listener) {
      const [file = '', ...args] = argv
      const program = findProgram(file, environment)
      if (program === null) return refused(listener, Object.assign(new Error(`${file}: not found`), { code: 'ENOENT' }))
      const marker = { [programVariable]: `${process.pid}.${own}-${++started}` }
      const env = { ...environment, ...marker, TERM: name }
      noteProgram()
      try {
        const terminal = spawn(program, args, { name, cols: columns, rows, cwd: directory, env, encoding: null })
        return follow(terminal, listener, () => sweepProcesses(marker, clock))
      } catch (error) {
        return refused(listener, error)
      }
    },
  }
}

function follow(
  terminal: ReturnType<typeof spawn>,
  listener: ProgramListener,
  sweep: () => Promise<unknown>,
): RunningProgram {
  const { pid } = terminal
  let hasEnded = false
  listener.started(pid, startTimeOf(pid))
  // without an encoding it gives bytes, whatever its types say
  terminal.onData((chunk: string | Uint8Array) => {
    listener.output(typeof chunk === 'string' ? Buffer.from(chunk) : chunk, 'stdout')
  })
  terminal.onExit(({ exitCode, signal }) => {
    hasEnded = true
    void sweep().then(() => {
      listener.ended(exitOf(exitCode, signal))
    })
  })
  return {
    signal(wanted) {
      if (hasEnded) return
      signalGroup(pid, wanted)
      if (wanted === 'SIGTERM') signalGroup(pid, 'SIGCONT')
    },
    input: {
      write(bytes) {
        if (!hasEnded) terminal.write(Buffer.from(bytes).toString())
      },
      end() {
        if (!hasEnded) terminal.write('\u0004')
      },
    },
  }
}

function refused(listener: ProgramListener, error: unknown): RunningProgram {
  queueMicrotask(() => {
    listener.ended(notStarted(error))
  })
  return { signal: () => {}, input: noInput }
}

const exitOf = (code: number, signal: number | undefined): ProgramExit =>
  signal === undefined || signal === 0 ? { how: 'exited', code } : { how: 'signalled', signal: nameOf(signal) }

const nameOf = (number: number): NodeJS.Signals =>
  (Object.entries(constants.signals).find(([, value]) => value === number)?.[0] as NodeJS.Signals | undefined) ??
  'SIGKILL'
