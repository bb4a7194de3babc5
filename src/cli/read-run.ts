import { kinds } from '../agents/registry.ts'
import { TroupeError } from '../errors.ts'
import type { TaskId } from '../ids.ts'
import { afterEvent, noHistory, type RunHistory } from '../monitor/history.ts'
import { didYouMean } from '../plan/closest.ts'
import { buildGraph, type Graph } from '../plan/graph.ts'
import { readManifest } from '../plan/manifest.ts'
import { showMistakes } from '../plan/show-mistakes.ts'
import type { Manifest, Task } from '../plan/task.ts'
import { fold } from '../supervisor/run/decide.ts'
import type { Recorded } from '../supervisor/run/events.ts'
import type { RunRules } from '../supervisor/run/rules.ts'
import { rulesOf } from '../supervisor/run/run-rules.ts'
import type { RunState } from '../supervisor/run/state.ts'
import type { FoundRun } from './find-run.ts'
import { isRunThere, keptManifest, recordsOf } from './kept-manifest.ts'
import { graphOf, placementsOf } from './prepare.ts'

/** What a run was asked to do. */
export interface RunPlan {
  readonly manifest: Manifest
  /** As it is kept with the run. */
  readonly manifestText: string
  readonly graph: Graph
  readonly rules: RunRules
}

/** A run as its files tell it. */
export interface RunReading extends RunPlan {
  readonly records: readonly Recorded[]
  readonly state: RunState
  readonly history: RunHistory
}

/** Reads a run from its journal. Throws TroupeError RUN_NOT_FOUND, MANIFEST_INVALID, STORE_FAILED or JOURNAL_CORRUPT. */
export async function readRun(run: FoundRun): Promise<RunReading> {
  const records = recordsOf(run.files)
  const plan = await planOf(run, records)
  return {
    ...plan,
    records,
    state: fold(plan.rules, records),
    history: records.reduce<RunHistory>(afterEvent, noHistory),
  }
}

/** Reads what a run was asked to do. Throws TroupeError RUN_NOT_FOUND, MANIFEST_INVALID, STORE_FAILED or JOURNAL_CORRUPT. */
export const readPlan = async (run: FoundRun): Promise<RunPlan> => await planOf(run, recordsOf(run.files))

async function planOf({ repository, id, files }: FoundRun, records: readonly Recorded[]): Promise<RunPlan> {
  const text = isRunThere(files) ? keptManifest(files, records) : null
  if (text === null) throw new TroupeError('RUN_NOT_FOUND', `the run ${id} never began`)
  const reading = readManifest(text, { kinds })
  if (!reading.ok) throw new TroupeError('MANIFEST_INVALID', showMistakes(files.manifest, text, reading.mistakes))
  const manifest = reading.value
  const graph = await graphAgain(manifest, repository, records)
  return { manifest, manifestText: text, graph, rules: rulesOf(manifest, graph) }
}

/** The task with this id. Throws TroupeError TASK_NOT_FOUND. */
export function taskOf({ manifest }: RunPlan, id: string): { readonly task: Task; readonly index: number } {
  const index = manifest.tasks.findIndex((task) => task.id === id)
  const task = manifest.tasks[index]
  if (task !== undefined) return { task, index }
  const known: readonly TaskId[] = manifest.tasks.map((one) => one.id)
  throw new TroupeError('TASK_NOT_FOUND', `the run has no task ${id}${didYouMean(id, known)}`)
}

/** Predicting again what a run serialized needs its base; every other graph is in the manifest. */
async function graphAgain(
  manifest: Manifest,
  repository: FoundRun['repository'],
  [first]: readonly Recorded[],
): Promise<Graph> {
  if (manifest.onOverlap !== 'serialize') return buildGraph(manifest.tasks)
  // one that never began would start from where the manifest says
  const base = first?.event.type === 'run-started' ? first.event.base : await repository.resolveBase(manifest.base)
  const { graph } = await graphOf({ manifest, repository, base, placements: placementsOf(manifest) })
  return graph
}
