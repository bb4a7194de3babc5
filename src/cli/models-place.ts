import type { ActorHandle } from '../actors/contract.ts'
import { type Hosts, type HostsOptions, openHosts } from '../actors/hosts/registry.ts'
import type { ModelsApi, ModelsEvent } from '../actors/models-api.ts'
import { sibling } from '../actors/sibling.ts'
import { systemClock } from '../clock.ts'
import { type Models, openModels } from '../supervisor/run/models.ts'
import { allWork } from '../plan/candidates.ts'
import { asActorId } from '../ids.ts'
import type { Prepared } from './prepare.ts'

/** Where the actor that asks models lives: in a thread of its own, whose death is nobody else's. */
export interface ModelsPlace {
  readonly hosts: Hosts
  readonly models: Models
  start(): Promise<ActorHandle<ModelsApi>>
}

/**
 * Nothing is started yet.
 * @param wanted told at each question: the actor is started at the first
 */
export function openModelsPlace(common: Pick<HostsOptions, 'clock' | 'deadLetters'>, wanted: () => void): ModelsPlace {
  const models = openModels({ clock: common.clock ?? systemClock, wanted })
  const hosts = openHosts({ ...common, thread: { maxThreads: 1 } })
  const module = sibling(import.meta.url, '../actors/models-actor').href
  const spec = { id: asActorId('models'), module, export: 'modelsActor', input: null }
  return {
    hosts,
    models,
    start: () =>
      hosts.get('thread').start<ModelsApi>(spec, {
        emit: (event) => {
          models.hear(event as ModelsEvent)
        },
      }),
  }
}

/** Whether agents of a run will have models asked. */
export const willAskModels = ({ manifest, placements }: Prepared): boolean =>
  allWork(manifest).some(({ id }) => {
    const placement = placements.get(id)
    return placement?.kind === 'model' && placement.host !== 'async'
  })
