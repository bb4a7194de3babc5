import type { Clock } from '../../clock.ts'
import type { Launcher, ProgramInput } from '../../processes/launcher.ts'
import { type Program, type ProgramEnd, runProgram } from '../../processes/program.ts'
import type { AgentContext } from '../agent.ts'
import { newTail, type Tail } from '../command/tail.ts'
import { MessagePipe } from './message-pipe.ts'

/** What a program that speaks the protocol is run with. */
export interface RunningMeans {
  readonly clock: Clock
  readonly launcher: Launcher
  readonly context: Pick<AgentContext, 'output' | 'started' | 'graceMs'>
}

const maximumMessageBytes = 16 * 1024 * 1024
/** How long it may take to leave at the end of its input, and then at a polite stop: nothing it could still do is wanted. */
const patienceMs = 1_000

/** A program that speaks the protocol: messages on its standard streams, everything else into the log. */
export class AgentProgram {
  readonly pipe: MessagePipe
  readonly errors: Tail = newTail()
  readonly #ended: Promise<ProgramEnd>
  readonly #means: RunningMeans
  readonly #stop = new AbortController()
  #input: ProgramInput | null = null
  #heardAt: number

  constructor(program: Program, means: RunningMeans) {
    const { context, clock, launcher } = means
    this.#means = means
    this.#heardAt = clock.monotonic()
    this.pipe = new MessagePipe({
      maximumBytes: maximumMessageBytes,
      send: (bytes) => this.#input?.write(bytes),
      stray: (line) => {
        context.output(`${line}\n`)
      },
    })
    const running = runProgram(program, {
      clock,
      launcher,
      signal: this.#stop.signal,
      graceMs: Math.min(patienceMs, context.graceMs / 2),
      started: context.started,
      input: (input) => (this.#input = input),
      output: (chunk, source) => {
        this.#heard(chunk, source)
      },
    })
    this.#ended = running.finally(() => {
      this.pipe.close()
    })
  }

  /** When something last came from it, on the monotonic clock. */
  get heardAt(): number {
    return this.#heardAt
  }

  /** Ends it: by the end of its input, which some do not heed, then by signals. */
  async leave(): Promise<ProgramEnd> {
    const { clock, context } = this.#means
    this.#input?.end()
    const cancel = clock.after(Math.min(patienceMs, context.graceMs / 4), () => {
      this.#stop.abort()
    })
    return await this.#ended.finally(cancel)
  }

  #heard(chunk: Uint8Array, source: 'stdout' | 'stderr'): void {
    this.#heardAt = this.#means.clock.monotonic()
    if (source === 'stdout') {
      this.pipe.receive(chunk)
      return
    }
    this.#means.context.output(chunk)
    this.errors.add(chunk)
  }
}
