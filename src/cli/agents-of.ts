import { defaultKindsModule } from '../actors/agent-spec.ts'
import { kinds } from '../agents/registry.ts'
import { must } from '../errors.ts'
import type { Manifest } from '../plan/task.ts'
import type { ActorParts } from '../supervisor/run/start-actor.ts'

/**
 * How actors come by the agents of a checked manifest. Options are read here, once: what reads them would take each actor longer to load
 * than all that it does.
 * @param kindsModule URL of a module with other agents of the known kinds
 */
export function agentsOf(
  { agents }: Manifest,
  kindsModule = defaultKindsModule,
): Pick<ActorParts, 'kindsModule' | 'optionsOf'> {
  const read = new Map([...agents].map(([name, { kind, options }]) => [name, must(kinds, kind).options.parse(options)]))
  return { kindsModule, optionsOf: (agent) => must(read, agent) }
}
