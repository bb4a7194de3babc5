import type { ActorHandle } from '../../actors/contract.ts'
import type { ModelsApi, ModelsEvent } from '../../actors/models-api.ts'
import { type IdleWatch, newIdleWatch } from '../../agents/model/idle-watch.ts'
import type { Asked, ModelQuestion } from '../../agents/model/question.ts'
import { refusal } from '../../agents/model/refused-call.ts'
import type { Clock } from '../../clock.ts'
import { messageOf, TroupeError } from '../../errors.ts'
import { isGone, openStandingActor } from './standing-actor.ts'

/** Whoever has a model asked. */
export interface Asking {
  /** Ends the asking. */
  readonly signal: AbortSignal
  /** The provider has let the call in. */
  accepted(): void
  /** A long answer still comes; `line` is for people. */
  sign(line: string): void
}

/** The actor that asks models for agents, as the run sees it: one that lives through restarts. */
export interface Models {
  /** Asks once; the death of the actor is a refusal, as that of the provider would be. Rejects when it is ended, and for bugs. */
  ask(question: ModelQuestion, asking: Asking): Promise<Asked>
  /** Told of each event of the actor. */
  hear(event: ModelsEvent): void
  /** Told by the supervision tree whenever a new actor has started. */
  started(actor: ActorHandle<ModelsApi>): void
  /** Told when the tree has given the actor up. */
  givenUp(reason: string): void
}

interface ModelsParts {
  readonly clock: Clock
  /** Told at each question: the actor is started at the first. */
  wanted(): void
}

/** The actor gives a silent provider up by itself: when it has not even done that so much later, it is stuck. In milliseconds. */
const lateMs = 60_000

/** Nothing is started yet. */
export function openModels({ clock, wanted }: ModelsParts): Models {
  const standing = openStandingActor<ModelsApi>('the actor that asks models')
  const underWay = new Map<number, Exchange>()
  let last = 0
  return {
    async ask(question, asking) {
      wanted()
      last += 1
      const exchange = { id: last, question, asking, watch: newIdleWatch(clock, question.idleMs + lateMs) }
      underWay.set(exchange.id, exchange)
      try {
        return await standing.ask((actor) => answerOf(actor, exchange))
      } catch (error) {
        asking.signal.throwIfAborted()
        if (!isLost(error)) throw error
        return { how: 'refused', refusal: refusal('network', `the model could not be asked: ${messageOf(error)}`) }
      } finally {
        exchange.watch.end()
        underWay.delete(exchange.id)
      }
    },
    hear(event) {
      const { asking, watch } = underWay.get(event.id) ?? {}
      watch?.beat()
      if (event.type === 'accepted') asking?.accepted()
      else asking?.sign(event.line)
    },
    started: standing.started,
    givenUp: standing.givenUp,
  }
}

/** One question under way. */
interface Exchange {
  readonly id: number
  readonly question: ModelQuestion
  readonly asking: Asking
  readonly watch: IdleWatch
}

async function answerOf(actor: ActorHandle<ModelsApi>, { id, question, asking, watch }: Exchange): Promise<Asked> {
  const { signal } = asking
  signal.throwIfAborted()
  const giveUp = (): void => {
    actor.cast('giveUp', id)
  }
  signal.addEventListener('abort', giveUp, { once: true })
  watch.signal.addEventListener('abort', () => void actor.stop('it says nothing any more', 0))
  watch.beat()
  try {
    return await actor.call('ask', id, question)
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

/** Whether the actor has died, or there is none any more. */
const isLost = (error: unknown): boolean =>
  isGone(error) || (error instanceof TroupeError && error.code === 'HOST_FAILED')
