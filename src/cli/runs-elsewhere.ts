import { checkoutsOf, isSame } from '../changes/checkouts.ts'
import type { Repository } from '../changes/repository.ts'
import type { RunId } from '../ids.ts'
import { layoutOf, listRuns } from '../store/layout.ts'
import { count } from '../count.ts'

/** A worktree of the repository besides the one that is looked from, with its runs, the oldest first. */
export interface RunsElsewhere {
  readonly folder: string
  readonly runs: readonly RunId[]
}

/** The other worktrees of a repository that have runs: each keeps its own. */
export async function runsElsewhere(repository: Repository): Promise<readonly RunsElsewhere[]> {
  return (await lookElsewhere(repository)).having
}

/** What the other worktrees of a repository have. */
export interface Elsewhere {
  readonly having: readonly RunsElsewhere[]
  /** Those that could not be looked into: a run that is not here may be there, and alive. */
  readonly unseen: readonly string[]
}

/** Looks into every other worktree of a repository. */
export async function lookElsewhere(repository: Repository): Promise<Elsewhere> {
  const others = (await checkoutsOf(repository)).filter(
    ({ folder }) => folder === null || !isSame(folder, repository.root),
  )
  const looked = others.map(({ folder }) => ({ folder, runs: folder === null ? null : runsIn(folder) }))
  return {
    having: looked.flatMap(({ folder, runs }) => (folder === null || !runs?.length ? [] : [{ folder, runs }])),
    unseen: looked.flatMap(({ folder, runs }) =>
      runs === null ? [folder ?? 'one whose folder git does not know'] : [],
    ),
  }
}

function runsIn(folder: string): readonly RunId[] | null {
  try {
    return listRuns(layoutOf(folder))
  } catch {
    return null
  }
}

/** Where they are, and how they are looked at; empty for none. */
export const elsewhereText = (others: readonly RunsElsewhere[]): string =>
  others
    .map(({ folder, runs }) => `${folder}, another worktree, has ${count(runs.length, 'run')}: name it with -C`)
    .join('\n')

/** Runs that are not here, and the worktrees that cannot be looked into and may have them; none where there are no such runs. */
export interface UncertainRuns {
  readonly runs: readonly RunId[]
  readonly worktrees: readonly string[]
}

/** Why they are left alone; empty for none. */
export const uncertainText = ({ runs, worktrees }: UncertainRuns): string =>
  runs.length === 0
    ? ''
    : `another worktree cannot be looked into (${worktrees.join(', ')}): ${count(runs.length, 'run')} not of this one may be there, and nothing of it is taken`
