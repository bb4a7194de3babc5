import type { FoundRun } from './find-run.ts'
import { placementsOf, type Prepared } from './prepare.ts'
import { baseAgain, readPlan } from './read-run.ts'

/** What a run was prepared with, from what is kept of it. Throws TroupeError RUN_NOT_FOUND, MANIFEST_INVALID or BASE_UNKNOWN. */
export async function prepareAgain(run: FoundRun): Promise<Prepared> {
  const plan = await readPlan(run)
  const { repository } = run
  const base = await baseAgain(plan.manifest, run)
  return { ...plan, repository, base, overlaps: [], placements: placementsOf(plan.manifest), warnings: [] }
}
