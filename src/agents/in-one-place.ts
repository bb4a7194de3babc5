import type { AgentContext, Outcome, Place } from './agent.ts'
import type { PlaceAnswer } from './failure.ts'
import { placeAnswerOf, type Refusal } from './provider/refusal.ts'

/** What came of an attempt. */
export interface Verdict {
  readonly outcome: Outcome
  /** What the provider of the agent's model refused; null when it refused nothing. */
  readonly refusal: Refusal | null
  /** Whether the provider's others were told of it already. */
  readonly isTold?: boolean
}

/** One place for all calls that an agent makes to its provider; given back with what the provider said. */
export async function inOnePlace(context: AgentContext, perform: (place: Place) => Promise<Verdict>): Promise<Outcome> {
  const place = await context.place()
  try {
    const { outcome, refusal, isTold = false } = await perform(place)
    if (refusal !== null) place.release(endOf(refusal, isTold))
    return outcome
  } finally {
    place.release({ how: 'ok' })
  }
}

function endOf(refusal: Refusal, isTold: boolean): PlaceAnswer {
  const answer = placeAnswerOf(refusal)
  return isTold && answer.how === 'refused' ? { ...answer, isTold } : answer
}
