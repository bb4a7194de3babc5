import type { AggregatorApi, AggregatorEvent, AggregatorInput } from '../actors/aggregator-api.ts'
import { aggregatorPlaces } from '../actors/aggregator-places.ts'
import type { ActorHandle, ActorSpec, HostKind } from '../actors/contract.ts'
import { type Hosts, type HostsOptions, openHosts } from '../actors/hosts/registry.ts'
import { sibling } from '../actors/sibling.ts'
import { asActorId, type RunId } from '../ids.ts'
import type { RunLayout } from '../store/layout.ts'
import type { Prepared } from './prepare.ts'

/** Where the aggregator of a run lives: as the agents do, in a host of its own. */
export interface AggregatorPlace {
  readonly hosts: Hosts
  /** @param tell told how far it is, in a line for people */
  start(tell: (text: string) => void): Promise<ActorHandle<AggregatorApi>>
}

/** Nothing is started yet. */
export function openAggregatorPlace(
  prepared: Prepared,
  {
    id,
    folders,
    ...common
  }: Pick<HostsOptions, 'clock' | 'deadLetters' | 'process'> & { id: RunId; folders: RunLayout },
): AggregatorPlace {
  const { thread, process } = aggregatorPlaces
  const hosts = openHosts({ ...common, thread, process: { ...common.process, ...process } })
  const host = hosts.get(hostKind(prepared))
  const spec = specOf(prepared, id, folders)
  return {
    hosts,
    start: (tell) =>
      host.start<AggregatorApi>(spec, {
        emit: (event) => {
          tell((event as AggregatorEvent).text)
        },
      }),
  }
}

function hostKind({ placements }: Prepared): HostKind {
  const used = new Set([...placements.values()].map(({ host }) => host))
  const [only = 'async'] = used
  return used.size === 1 ? only : 'async'
}

function specOf({ repository, base, secrets }: Prepared, run: RunId, folders: RunLayout): ActorSpec {
  const where = { run, repository: repository.root, base, scratch: folders.work, logs: folders.logs }
  const input: AggregatorInput = { ...where, secrets: secrets.names }
  const module = sibling(import.meta.url, '../actors/aggregator-actor').href
  return { id: asActorId('aggregator'), module, export: 'aggregatorActor', input }
}
