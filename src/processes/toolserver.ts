import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { AnswerReader, exitOf, failedStart, type ForkserverAnswer } from './forkserver-answers.ts'
import { type Environment, isAddedTo, message, type Server, variablesOf } from './forkserver-requests.ts'
import { holdOpen } from './hold-open.ts'
import type { ProgramExit } from './launcher.ts'
import type { Tool, ToolEnd } from './tool.ts'

/**
 * Runs tools from a small process of its own (toolserver.pl), so that a start costs the same however large this one is and
 * does not block its event loop. When this process is gone, tools go on to their end: one that is cut short leaves locks.
 * The server keeps this process alive only while a tool runs. When it dies itself, nobody knows how its tools end, and the
 * next one makes a new server.
 */
export class Toolserver {
  readonly #running = new Map<number, Running>()
  readonly #perl: string
  #server: Server | null = null
  /** The variables that the server gives to every tool; a tool's own come on top. */
  #common: Environment = {}
  #lastId = 0
  #hasAnswered = false

  constructor(perl: string) {
    this.#perl = perl
  }

  /** Whether it has ever worked. */
  get hasAnswered(): boolean {
    return this.#hasAnswered
  }

  /** Runs a tool to its end; never rejects. */
  run({ argv, directory, environment, input }: Tool): Promise<ToolEnd> {
    const id = ++this.#lastId
    const running: Running = { end: Promise.withResolvers(), stdout: [], stderr: [] }
    const server = (this.#server ??= this.#open())
    if (this.#running.size === 0) holdOpen(server, true)
    this.#running.set(id, running)
    if (!isAddedTo(this.#common, environment)) {
      this.#common = environment
      server.stdin.write(message('E', variablesOf(environment, {})))
    }
    const fields = [String(id), directory, String(argv.length), ...argv, ...variablesOf(environment, this.#common)]
    server.stdin.write(message('R', fields, input ?? new Uint8Array()))
    return running.end.promise
  }

  #open(): Server {
    const server = spawn(this.#perl, [program], {
      env: {}, // it would hand it on
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true, // no signal of the terminal reaches it or its tools
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
    this.#hasAnswered = true
    const running = this.#running.get(answer.id)
    if (running === undefined || answer.type === 'started') return
    if (answer.type === 'output') running[answer.source].push(answer.bytes)
    else this.#end(answer.id, running, answer.type === 'failed' ? failedStart(answer) : exitOf(answer))
  }

  #end(id: number, { end, stdout, stderr }: Running, exit: ProgramExit): void {
    this.#running.delete(id)
    if (this.#running.size === 0 && this.#server !== null) holdOpen(this.#server, false)
    end.resolve({ exit, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() })
  }

  #gone(server: Server): void {
    if (this.#server !== server) return
    this.#server = null
    this.#common = {}
    for (const [id, running] of this.#running) this.#end(id, running, { how: 'launcher-died' })
  }
}

interface Running extends Record<'stdout' | 'stderr', Uint8Array[]> {
  readonly end: PromiseWithResolvers<ToolEnd>
}

const program = fileURLToPath(new URL('./toolserver.pl', import.meta.url))
