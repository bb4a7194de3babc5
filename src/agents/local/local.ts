import type { Agent } from '../agent.ts'
import { localOptions } from './options.ts'
import { refused, stopped } from './outcome.ts'
import { writeReference } from './reference/reference.ts'
import { review } from './review/review.ts'
import { writeSmokeTests } from './smoke/smoke.ts'
import type { Parser } from '../../syntax/parser.ts'
import { isVerb, type Performer, type Verb } from './verb.ts'

const performers: Readonly<Record<Verb, Performer>> = { review, test: writeSmokeTests, docs: writeReference }

/** The agent that needs nobody: it checks for a stop between files and writes only inside its directory. */
export const localAgent =
  (parse: Parser): Agent =>
  async (assignment, context) => {
    if (context.signal.aborted) return stopped(context.signal)
    if (!isVerb(assignment.verb)) return refused(`local cannot ${assignment.verb}`)
    const options = localOptions.parse(assignment.options)
    return performers[assignment.verb]({ assignment, options, context, parse })
  }
