import { messageOf } from '../../errors.ts'
import type { Agent } from '../agent.ts'
import { inOnePlace } from '../in-one-place.ts'
import { inOwnHome } from '../in-own-home.ts'
import { isVariable } from '../own-home.ts'
import { expectedOf } from '../proof.ts'
import { performAttempt } from './attempt.ts'
import type { Means } from './order.ts'
import { inSandbox } from '../sandbox/sandbox.ts'
import type { CliOptions } from './options.ts'
import { type Preset, presetFor, type Settings } from './preset.ts'

/**
 * The agent that has a coding agent with a command line of its own do one task without a person, in a home of its own, and reads what it
 * tells as events. How it ended is judged by what it did, not by what it says.
 */
export function cliAgent(usual: Preset, clock: Means['clock'], launcher: Means['launcher']): Agent {
  return async (assignment, context) => {
    if (context.signal.aborted) return { how: 'cancelled', reason: messageOf(context.signal.reason) }
    const options = assignment.options as CliOptions
    const preset = presetFor(usual, options)
    const expects = expectedOf(options.expects, assignment.verb)
    const { credentials = [], model = null, access = expects === 'answer' ? 'read' : 'write' } = options
    const settings: Settings = {
      access,
      model,
      timeoutMs: assignment.timeoutMs,
      secrets: Object.fromEntries(credentials.filter(isVariable).map((name) => [name, process.env[name] ?? ''])),
      confined: options.sandbox === 'workspace' || options.sandbox === 'strict',
    }
    const contents = { files: preset.files(settings), credentials }
    return await inOwnHome(contents, (home) =>
      inSandbox({ choice: options, assignment, context, launcher, home: home.path }, (inside) =>
        inOnePlace(context, (place) =>
          performAttempt(
            { assignment, preset, settings, options, expects, home },
            { clock, launcher: inside, context, place },
          ),
        ),
      ),
    )
  }
}
