import { exitOf, failedStart, type ForkserverAnswer } from './forkserver-answers.ts'
import type { ProgramExit } from './launcher.ts'
import { PerlServer } from './perl-server.ts'
import { numbersOf } from './system-calls.ts'
import type { Tool, ToolEnd } from './tool.ts'

/**
 * Runs tools from a small process of its own (toolserver.pl), so that a start costs the same however large this one is and
 * does not block its event loop. When this process is gone, tools go on to their end: one that is cut short leaves locks.
 * The server keeps this process alive only while a tool runs. When it dies itself, nobody knows how its tools end, and the
 * next one makes a new server.
 */
export class Toolserver {
  readonly #running = new Map<number, Running>()
  readonly #server: PerlServer
  #lastId = 0
  #hasAnswered = false

  constructor(perl: string) {
    this.#server = new PerlServer(perl, ['./toolserver.pl', ...numbersOf(['clone'])], {
      answered: (answer) => {
        this.#answered(answer)
      },
      gone: () => {
        for (const [id, running] of this.#running) this.#end(id, running, { how: 'launcher-died' })
      },
    })
  }

  /** Whether it has ever worked. */
  get hasAnswered(): boolean {
    return this.#hasAnswered
  }

  /** Begins it before the first tool. */
  prepare(): void {
    this.#server.prepare()
  }

  /** Runs a tool to its end; never rejects. */
  run({ argv, directory, environment, input }: Tool): Promise<ToolEnd> {
    const id = ++this.#lastId
    const running: Running = { end: Promise.withResolvers(), stdout: [], stderr: [] }
    this.#running.set(id, running)
    const head = [String(id), directory, String(argv.length), ...argv]
    this.#server.start(head, environment, input ?? new Uint8Array())
    if (this.#running.size === 1) this.#server.hold(true)
    return running.end.promise
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
    if (this.#running.size === 0) this.#server.hold(false)
    end.resolve({ exit, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() })
  }
}

interface Running extends Record<'stdout' | 'stderr', Uint8Array[]> {
  readonly end: PromiseWithResolvers<ToolEnd>
}
