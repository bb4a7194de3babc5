import type { Place, WriteAnswer } from '../agents/agent.ts'
import type { Asked, ModelQuestion } from '../agents/model/question.ts'
import { ProviderHeld } from '../agents/provider/provider-held.ts'
import type { AgentAnswer, AgentEvent, AgentQuestion, HeldAnswer, ModelAnswer } from './agent-api.ts'
import type { ActorContext } from './contract.ts'
import { toError } from './thrown.ts'

interface Open {
  resolve(answer: AgentAnswer): void
  reject(reason: unknown): void
  /** Told how it goes on. */
  readonly onSign: (line: string) => void
}

/** Questions of an agent to its supervisor: each goes out as an event and is answered by a call. */
export class AgentQuestions {
  readonly #context: Pick<ActorContext, 'signal' | 'emit'>
  readonly #open = new Map<number, Open>()
  #last = 0

  /** @param context what is still open is given up when its signal aborts, which is not looked at before something is asked */
  constructor(context: Pick<ActorContext, 'signal' | 'emit'>) {
    this.#context = context
  }

  async mayWrite(paths: readonly string[]): Promise<WriteAnswer> {
    const { answer } = this.#ask({ ask: 'may-write', paths })
    return (await answer) as WriteAnswer
  }

  async place(): Promise<Place> {
    const { id, answer } = this.#ask({ ask: 'place' })
    const said = (await answer) as 'granted' | HeldAnswer
    if (said !== 'granted') throw heldBy(said)
    let [isHeld, isIn] = [true, false]
    return {
      accepted: () => {
        if (isHeld && !isIn) this.#emit({ type: 'accepted', id })
        isIn = true
      },
      refused: (answered) => {
        if (isHeld) this.#emit({ type: 'refused', id, answer: answered })
      },
      release: (answered) => {
        if (isHeld) this.#emit({ type: 'released', id, answer: answered })
        isHeld = false
      },
    }
  }

  /** @param onSign told in a line for people, now and then, that a long answer still comes */
  async askModel(question: ModelQuestion, onSign: (line: string) => void): Promise<Asked> {
    const { answer } = this.#ask({ ask: 'model', question }, onSign)
    const said = (await answer) as ModelAnswer | HeldAnswer
    if ('provider' in said) throw heldBy(said)
    if ('thrown' in said) throw toError(said.thrown)
    return said.asked
  }

  sign(id: number, line: string): void {
    this.#open.get(id)?.onSign(line)
  }

  /** An answer that nobody waits for any more is dropped. */
  answer(id: number, value: AgentAnswer): void {
    this.#open.get(id)?.resolve(value)
    this.#open.delete(id)
  }

  #ask(
    question: AgentQuestion,
    onSign: (line: string) => void = () => {},
  ): { readonly id: number; readonly answer: Promise<AgentAnswer> } {
    if (this.#last === 0) this.#giveUpWhenStopped()
    this.#last += 1
    const id = this.#last
    const { promise: answer, resolve, reject } = Promise.withResolvers<AgentAnswer>()
    const { signal } = this.#context
    if (signal.aborted) reject(signal.reason)
    else {
      this.#open.set(id, { resolve, reject, onSign })
      this.#emit({ type: 'question', id, question })
    }
    return { id, answer }
  }

  #giveUpWhenStopped(): void {
    const { signal } = this.#context
    signal.addEventListener('abort', () => {
      for (const { reject } of this.#open.values()) reject(signal.reason)
      this.#open.clear()
    })
  }

  #emit(event: AgentEvent): void {
    this.#context.emit(event)
  }
}

const heldBy = ({ provider, class: kind, until }: HeldAnswer): ProviderHeld => new ProviderHeld(provider, kind, until)
