import { availableParallelism } from 'node:os'
import type { HostKind } from '../actors/contract.ts'
import type { Hosts } from '../actors/hosts/registry.ts'
import { agentModule } from '../actors/agent-spec.ts'
import { must } from '../errors.ts'
import type { Prepared } from './prepare.ts'

/** More would only wait for each other while they begin. */
const mostReady = availableParallelism() * 2

/** Gets places ready for the tasks that can start at once; nobody waits for it. */
export function getFirstPlacesReady(prepared: Prepared, hosts: Hosts): void {
  for (const [kind, count] of firstPlaces(prepared)) hosts.get(kind).prepare(Math.min(count, mostReady), agentModule)
}

function firstPlaces({
  manifest: { tasks, concurrency },
  graph: { waves },
  rules: { agentLimits },
  placements,
}: Prepared): ReadonlyMap<HostKind, number> {
  const [first = []] = waves
  const room = new Map(agentLimits)
  const beginning = first
    .flatMap((index) => tasks[index] ?? [])
    .filter(({ agent }) => {
      const left = room.get(agent) ?? Infinity
      room.set(agent, left - 1)
      return left > 0
    })
    .slice(0, concurrency)
  const byKind = Map.groupBy(beginning, ({ id }) => must(placements, id).host)
  return new Map([...byKind].map(([kind, { length }]) => [kind, length]))
}
