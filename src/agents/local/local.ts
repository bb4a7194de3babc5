import type { Agent } from '../agent.ts'
import type { LocalOptions } from './options.ts'
import { refused, stopped } from './outcome.ts'
import type { Parser } from '../../syntax/parser.ts'
import { isVerb, type Performer, type Verb } from './verb.ts'

/** Each loaded where it is asked for. */
const performers: Readonly<Record<Verb, () => Promise<Performer>>> = {
  review: async () => (await import('./review/review.ts')).review,
  test: async () => (await import('./smoke/smoke.ts')).writeSmokeTests,
  docs: async () => (await import('./reference/reference.ts')).writeReference,
}

/** The agent that needs nobody: it checks for a stop between files and writes only inside its directory. */
export const localAgent =
  (parse: Parser): Agent =>
  async (assignment, context) => {
    if (context.signal.aborted) return stopped(context.signal)
    if (!isVerb(assignment.verb)) return refused(`local cannot ${assignment.verb}`)
    const options = assignment.options as LocalOptions
    const perform = await performers[assignment.verb]()
    return await perform({ assignment, options, context, parse })
  }
