import type { ActorId } from '../ids.ts'
import type { AgentActorInput } from './agent-api.ts'
import type { ActorSpec } from './contract.ts'
import { sibling } from './sibling.ts'

/** The module of the work of the kinds of agent that Troupe comes with. */
export const defaultKindsModule = sibling(import.meta.url, '../agents/works').href

/** The module of the agent actor. */
export const agentModule = sibling(import.meta.url, 'agent-actor').href

/** The agent actor for one attempt, to be started on any host. */
export function agentSpec(id: ActorId, input: AgentActorInput): ActorSpec {
  return { id, module: agentModule, export: 'agentActor', input }
}
