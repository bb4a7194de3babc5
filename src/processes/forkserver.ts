import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { AnswerReader, exitOf, failedStart, type ForkserverAnswer } from './forkserver-answers.ts'
import { type Environment, isAddedTo, message, type Server, variablesOf } from './forkserver-requests.ts'
import { holdOpen } from './hold-open.ts'
import type { Clock } from '../clock.ts'
import { signalGroup } from './signal-group.ts'
import { programVariable, sweepProcesses } from './sweep.ts'
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
  readonly #perl: string
  readonly #clock: Clock
  #server: Server | null = null
  /** The variables that the server gives to every program; a program's own come on top. */
  #common: Environment = {}
  #lastId = 0

  constructor(perl: string, clock: Clock) {
    this.#perl = perl
    this.#clock = clock
  }

  start(order: ProgramOrder, listener: ProgramListener): RunningProgram {
    const request = [...order.argv, order.directory, ...Object.values(order.environment)]
    if (request.some((text) => text.includes('\0'))) return refused(listener)
    const id = ++this.#lastId
    const server = (this.#server ??= this.#open())
    if (this.#listeners.size === 0) holdOpen(server, true)
    this.#listeners.set(id, listener)
    if (!isAddedTo(this.#common, order.environment)) {
      this.#common = order.environment
      server.stdin.write(message('E', variablesOf(order.environment, {})))
    }
    server.stdin.write(requestOf(id, order, this.#common))
    const tell = (request: string | Buffer): void => {
      if (this.#listeners.has(id) && this.#server === server) server.stdin.write(request)
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

  #open(): Server {
    const server = spawn(this.#perl, [program, ...prctlNumber()], {
      env: {}, // it would hand it on
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
      windowsHide: true,
    })
    const reader = new AnswerReader((answer) => {
      this.#answered(answer)
    })
    server.stdin.on('error', () => {}) // its end says more
    server.stdout.on('data', (chunk: Buffer) => {
      reader.read(chunk)
    })
    const gone = (): void => {
      this.#gone(server)
    }
    server.once('error', gone)
    server.once('close', gone)
    return server
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
    if (this.#listeners.size === 0 && this.#server !== null) holdOpen(this.#server, false)
    listener.ended(exit)
  }

  #gone(server: Server): void {
    if (this.#server !== server) return
    this.#server = null
    this.#common = {}
    const orphans = [...this.#listeners]
    for (const group of this.#groups.values()) signalGroup(group, 'SIGKILL')
    this.#listeners.clear()
    this.#groups.clear()
    for (const [id, orphan] of orphans) {
      void sweepProcesses({ [programVariable]: `${server.pid}.${id}` }, this.#clock).then(() => {
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

/** Number of the system call prctl(2), which Perl does not know by name; empty where it is not known here either. */
function prctlNumber(): readonly string[] {
  const byMachine: Readonly<Record<string, string>> = { x64: '157', arm64: '167' }
  const number = process.platform === 'linux' ? byMachine[process.arch] : undefined
  return number === undefined ? [] : [number]
}

const program = fileURLToPath(new URL('./forkserver.pl', import.meta.url))

function requestOf(id: number, order: ProgramOrder, common: Environment): Buffer {
  const { argv, directory, environment, input } = order
  const head = [String(id), directory, input === true ? '1' : '0', String(argv.length)]
  return message('R', [...head, ...argv, ...variablesOf(environment, common)])
}

function inputMessage(id: number, bytes: Uint8Array): Buffer {
  const head = Buffer.from(`${id}\0`)
  return Buffer.concat([Buffer.from(`I ${head.length + bytes.length}\n`), head, bytes])
}
