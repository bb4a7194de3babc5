import { realpathSync } from 'node:fs'
import { checkoutsOf } from '../changes/checkouts.ts'
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
  return (await checkoutsOf(repository)).flatMap(({ folder }) => {
    if (folder === null) return []
    const runs = runsIn(folder, repository.root)
    return runs.length === 0 ? [] : [{ folder, runs }]
  })
}

function runsIn(folder: string, root: string): readonly RunId[] {
  try {
    return realpathSync(folder) === root ? [] : listRuns(layoutOf(folder))
  } catch {
    return [] // it is gone, or may not be read
  }
}

/** Where they are, and how they are looked at; empty for none. */
export const elsewhereText = (others: readonly RunsElsewhere[]): string =>
  others
    .map(({ folder, runs }) => `${folder}, another worktree, has ${count(runs.length, 'run')}: name it with -C`)
    .join('\n')
