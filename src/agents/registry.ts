import { acpKind } from './acp/kind.ts'
import type { AgentKind } from './agent.ts'
import { cliKinds } from './cli/kind.ts'
import { commandKind } from './command/kind.ts'
import { localKind } from './local/kind.ts'
import { modelKind } from './model/kind.ts'

/** Every kind of agent by the name a manifest uses. Light to import: the work is loaded by `load()`. */
export const kinds: ReadonlyMap<string, AgentKind> = new Map(
  [commandKind, localKind, modelKind, acpKind, ...cliKinds].map((kind) => [kind.name, kind]),
)
