import type { ActorHandle } from '../../actors/contract.ts'
import { TroupeError } from '../../errors.ts'

/** An actor that is there for a whole run, whichever incarnation of it lives. */
export interface StandingActor<Api extends object> {
  /** Asks the one that lives, or the next; rejects with ACTOR_GONE when it ends first, HOST_FAILED when there will be none any more. */
  ask<Answer>(question: (actor: ActorHandle<Api>) => Promise<Answer>): Promise<Answer>
  /** Told by the supervision tree whenever a new one has started. */
  started(actor: ActorHandle<Api>): void
  /** Told when the tree has given it up. */
  givenUp(reason: string): void
}

/**
 * There is none yet.
 * @param name of the actor, with its article, for people
 */
export function openStandingActor<Api extends object>(name: string): StandingActor<Api> {
  let slot = emptySlot<Api>()

  /** Whoever waits and whoever comes later get the same answer. */
  function fill(settle: (slot: Slot<Api>) => void): void {
    const waiting = slot
    slot = emptySlot()
    settle(slot)
    settle(waiting)
  }

  return {
    async ask(question) {
      const asked = slot
      const actor = await asked.promise
      try {
        return await question(actor)
      } catch (error) {
        if (isGone(error) && slot === asked) slot = emptySlot()
        throw error
      }
    },
    started(actor) {
      fill(({ resolve }) => {
        resolve(actor)
      })
    },
    givenUp(reason) {
      fill(({ reject }) => {
        reject(new TroupeError('HOST_FAILED', `${name} cannot be kept alive: ${reason}`))
      })
    },
  }
}

/** Whether an actor has ended before it answered. */
export const isGone = (error: unknown): boolean => error instanceof TroupeError && error.code === 'ACTOR_GONE'

type Slot<Api extends object> = PromiseWithResolvers<ActorHandle<Api>>

function emptySlot<Api extends object>(): Slot<Api> {
  const slot = Promise.withResolvers<ActorHandle<Api>>()
  slot.promise.catch(() => {}) // whoever asks hears of it; nobody asking is no fault
  return slot
}
