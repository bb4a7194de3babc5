import { messageOf } from '../../errors.ts'
import type { Agent } from '../agent.ts'
import { inOnePlace } from '../in-one-place.ts'
import { inOwnHome } from '../in-own-home.ts'
import { inSandbox } from '../sandbox/sandbox.ts'
import { performAttempt, type Means } from './attempt.ts'
import type { AcpOptions } from './options.ts'
import { presets } from './presets.ts'

/**
 * The agent that drives another one by the Agent Client Protocol, over its standard streams and in a home of its own.
 * What it asks is answered by the manifest's permissions, at once; how it ended is judged by what it did, not by what it says.
 */
export function acpAgent(clock: Means['clock'], launcher: Means['launcher']): Agent {
  return async (assignment, context) => {
    if (context.signal.aborted) return { how: 'cancelled', reason: messageOf(context.signal.reason) }
    const options = assignment.options as AcpOptions
    const preset = options.preset === undefined ? null : presets[options.preset]
    const contents = { files: preset?.files ?? {}, credentials: options.credentials }
    return await inOwnHome(contents, (home) =>
      inSandbox({ choice: options, assignment, context, launcher, home: home.path }, (inside) =>
        inOnePlace(context, () =>
          performAttempt({ assignment, options, preset, home }, { clock, launcher: inside, context }),
        ),
      ),
    )
  }
}
