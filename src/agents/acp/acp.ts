import { messageOf } from '../../errors.ts'
import type { Agent, Outcome } from '../agent.ts'
import { CredentialMissing, openHome } from '../own-home.ts'
import { placeAnswerOf } from '../provider/refusal.ts'
import { type Attempt, performAttempt, type Means } from './attempt.ts'
import { acpOptions } from './options.ts'
import { presets } from './presets.ts'

/**
 * The agent that drives another one by the Agent Client Protocol, over its standard streams and in a home of its own.
 * What it asks is answered by the manifest's permissions, at once; how it ended is judged by what it did, not by what it says.
 */
export function acpAgent(clock: Means['clock'], launcher: Means['launcher']): Agent {
  return async (assignment, context) => {
    if (context.signal.aborted) return { how: 'cancelled', reason: messageOf(context.signal.reason) }
    const options = acpOptions.parse(assignment.options)
    const preset = options.preset === undefined ? null : presets[options.preset]
    const contents = { files: preset?.files ?? {}, credentials: options.credentials }
    const home = await openHome(contents, process.env).catch(unlessMissing)
    if (home instanceof CredentialMissing) return withoutCredential(home)
    try {
      return await inPlace({ assignment, options, preset, home }, { clock, launcher, context })
    } finally {
      await home.remove()
    }
  }
}

/** One place for all calls that the agent makes to its provider; given back with what the provider said. */
async function inPlace(attempt: Attempt, means: Means): Promise<Outcome> {
  const place = await means.context.place()
  try {
    const { outcome, refusal } = await performAttempt(attempt, means)
    if (refusal !== null) place.release(placeAnswerOf(refusal))
    return outcome
  } finally {
    place.release({ how: 'ok' })
  }
}

function unlessMissing(error: unknown): CredentialMissing {
  if (error instanceof CredentialMissing) return error
  throw error
}

const withoutCredential = ({ message }: CredentialMissing): Outcome => ({
  how: 'failed',
  failure: { kind: 'agent', class: 'auth', message, signature: `auth ${message}` },
  details: {},
})
