import { exitOf, failedStart, type ForkserverAnswer } from './forkserver-answers.ts'
import { hasNul } from './forkserver-requests.ts'
import { PerlServer } from './perl-server.ts'
import type { Clock } from '../clock.ts'
import { signalGroup } from './signal-group.ts'
import { programVariable, sweepProcesses } from './sweep.ts'
import { numbersOf } from './system-calls.ts'
import {
  type Launcher,
  noInput,
  type ProgramExit,
  type ProgramListener,
  type ProgramOrder,
  type RunningProgram,
} from './launcher.ts'

/**
 * Starts programs from a small process of its own (forkserver.pl), so that a start costs the same however large this one is,
 * does not block its event loop, and everything started dies with it. On Linux that holds for what leaves its group, too.
 * The server keeps this process alive only while a program runs. When it dies itself, its programs end as killed and the
 * next start makes a new one.
 */
export class Forkserver implements Launcher {
  readonly #listeners = new Map<number, ProgramListener>()
  /** Groups of running programs, in case the server cannot end them any more. */
  readonly #groups = new Map<number, number>()
  readonly #server: PerlServer
  readonly #clock: Clock
  #lastId = 0

  constructor(perl: string, clock: Clock) {
    this.#clock = clock
    this.#server = new PerlServer(perl, ['./forkserver.pl', ...numbersOf(['prctl', 'clone'])], {
      answered: (answer) => {
        this.#answered(answer)
      },
      gone: (pid) => {
        this.#gone(pid)
      },
    })
  }

  prepare(): void {
    this.#server.prepare()
  }

  start(order: ProgramOrder, listener: ProgramListener): RunningProgram {
    if (hasNul(order)) return refused(listener)
    const { argv, directory, environment, input } = order
    const id = ++this.#lastId
    this.#listeners.set(id, listener)
    this.#server.start([String(id), directory, input === true ? '1' : '0', String(argv.length), ...argv], environment)
    if (this.#listeners.size === 1) this.#server.hold(true)
    const tell = (request: string | Buffer): void => {
      if (this.#listeners.has(id)) this.#server.tell(request)
    }
    return {
      signal: (name) => {
        tell(`K ${id} ${name.slice(3)}\n`)
      },
      input: {
        write: (bytes) => {
          tell(inputMessage(id, bytes))
        },
        end: () => {
          tell(`C ${id}\n`)
        },
      },
    }
  }

  #answered(answer: ForkserverAnswer): void {
    const listener = this.#listeners.get(answer.id)
    if (listener === undefined) return
    switch (answer.type) {
      case 'started':
        this.#groups.set(answer.id, answer.pid)
        listener.started(answer.pid, answer.startTime)
        return
      case 'output':
        listener.output(answer.bytes, answer.source)
        return
      case 'failed':
        this.#end(answer.id, listener, failedStart(answer))
        return
      case 'exited':
        this.#end(answer.id, listener, exitOf(answer))
        return
    }
  }

  #end(id: number, listener: ProgramListener, exit: ProgramExit): void {
    this.#listeners.delete(id)
    this.#groups.delete(id)
    if (this.#listeners.size === 0) this.#server.hold(false)
    listener.ended(exit)
  }

  #gone(pid: number | undefined): void {
    const orphans = [...this.#listeners]
    for (const group of this.#groups.values()) signalGroup(group, 'SIGKILL')
    this.#listeners.clear()
    this.#groups.clear()
    for (const [id, orphan] of orphans) {
      void sweepProcesses({ [programVariable]: `${pid}.${id}` }, this.#clock).then(() => {
        orphan.ended({ how: 'launcher-died' })
      })
    }
  }
}

/** NUL parts the fields, and no system call takes it anyway. */
function refused(listener: ProgramListener): RunningProgram {
  const message = 'an argument, the folder or a variable holds a NUL character'
  queueMicrotask(() => {
    listener.ended({ how: 'not-started', code: 'ERR_INVALID_ARG_VALUE', message })
  })
  return { signal: () => {}, input: noInput }
}

function inputMessage(id: number, bytes: Uint8Array): Buffer {
  const head = Buffer.from(`${id}\0`)
  return Buffer.concat([Buffer.from(`I ${head.length + bytes.length}\n`), head, bytes])
}
