import type { ResourceLimits } from 'node:worker_threads'
import { allWork } from '../plan/candidates.ts'
import type { Manifest } from '../plan/task.ts'
import { placementOf, type Prepared } from './prepare.ts'

/** How many threads a run's agents may take, and what each may hold. */
export const threadLimits = (
  prepared: Prepared,
): { readonly maxThreads: number; readonly resourceLimits?: ResourceLimits } => ({
  maxThreads: mostAtOnce(prepared.manifest),
  ...heapLimit(prepared),
})

/** A task that several try takes one place among those at work, and a thread for each. */
const mostAtOnce = ({ concurrency, tasks }: Manifest): number =>
  concurrency * Math.max(1, ...tasks.map(({ bestOf }) => bestOf?.length ?? 1))

/** Threads are shared, so that each may hold what the most generous of their tasks allows; none, if one has no limit. */
function heapLimit({ manifest, placements }: Prepared): { readonly resourceLimits?: ResourceLimits } {
  const inThreads = allWork(manifest).filter(
    (task) => (placements.get(task.id) ?? placementOf(task, manifest)).host === 'thread',
  )
  const limits = inThreads.map(({ memoryBytes }) => memoryBytes ?? Number.POSITIVE_INFINITY)
  const most = Math.max(0, ...limits)
  if (most === 0 || most === Number.POSITIVE_INFINITY) return {}
  return { resourceLimits: { maxOldGenerationSizeMb: Math.ceil(most / 1_000_000) } }
}
