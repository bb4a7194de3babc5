import type { AgentContext, Outcome, Place } from './agent.ts'
import { placeAnswerOf, type Refusal } from './provider/refusal.ts'

/** What came of an attempt. */
export interface Verdict {
  readonly outcome: Outcome
  /** What the provider of the agent's model refused; null when it refused nothing. */
  readonly refusal: Refusal | null
}

/** One place for all calls that an agent makes to its provider; given back with what the provider said. */
export async function inOnePlace(context: AgentContext, perform: (place: Place) => Promise<Verdict>): Promise<Outcome> {
  const place = await context.place()
  try {
    const { outcome, refusal } = await perform(place)
    if (refusal !== null) place.release(placeAnswerOf(refusal))
    return outcome
  } finally {
    place.release({ how: 'ok' })
  }
}
