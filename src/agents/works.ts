import { loadAcp } from './acp/load.ts'
import type { AgentKind } from './agent.ts'
import { cliLoads } from './cli/load.ts'
import { loadCommand } from './command/load.ts'
import { loadLocal } from './local/load.ts'
import { loadModel } from './model/load.ts'

/**
 * The work of every kind of agent by the name a manifest uses, and nothing else of them: what a manifest may say of each takes longer
 * to build than an actor to start.
 */
export const kinds: ReadonlyMap<string, Pick<AgentKind, 'load'>> = new Map(
  [
    ['command', loadCommand] as const,
    ['local', loadLocal] as const,
    ['model', loadModel] as const,
    ['acp', loadAcp] as const,
    ...cliLoads,
  ].map(([name, load]) => [name, { load }]),
)
