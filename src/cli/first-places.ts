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
  const places = new Map<HostKind, number>()
  let begun = 0
  for (const index of first) {
    const task = tasks[index]
    if (task === undefined) continue
    const left = room.get(task.agent) ?? Infinity
    if (left === 0) continue
    room.set(task.agent, left - 1)
    const { host } = must(placements, task.id)
    places.set(host, (places.get(host) ?? 0) + 1)
    begun += 1
    if (begun === concurrency) break // there may be a hundred thousand more
  }
  return places
}
