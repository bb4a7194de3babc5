import { openRepository, type Repository } from '../changes/repository.ts'
import { TroupeError } from '../errors.ts'
import type { RunId } from '../ids.ts'
import { didYouMean } from '../plan/closest.ts'
import { type Layout, layoutOf, listRuns, type RunLayout } from '../store/layout.ts'
import { hasBegun } from './kept-manifest.ts'
import { elsewhereText, runsElsewhere } from './runs-elsewhere.ts'

/** A run of a repository. */
export interface FoundRun {
  readonly repository: Repository
  readonly id: RunId
  readonly files: RunLayout
}

/** The repository around a folder, and where this worktree of it keeps its runs. */
export async function openRuns(
  directory: string,
): Promise<{ readonly repository: Repository; readonly layout: Layout; readonly ids: readonly RunId[] }> {
  const repository = await openRepository(directory)
  const layout = layoutOf(repository.root)
  return { repository, layout, ids: listRuns(layout) }
}

/**
 * The run with this id, or the only one whose id begins so; without an id, the newest.
 * @throws TroupeError RUN_NOT_FOUND, and those of openRepository
 */
export async function findRun(directory: string, idOrBeginning: string | undefined): Promise<FoundRun> {
  const { repository, layout, ids } = await openRuns(directory)
  const id = idOrBeginning === undefined ? begun(ids, layout).at(-1) : matching(ids, idOrBeginning)
  if (id === undefined) throw await notHere(repository, { ids, beginning: idOrBeginning })
  return { repository, id, files: layout.run(id) }
}

/** A supervisor that died at its very beginning leaves nothing but folders. */
const begun = (ids: readonly RunId[], layout: Layout): readonly RunId[] => ids.filter((id) => hasBegun(layout.run(id)))

interface Missing {
  readonly ids: readonly RunId[]
  /** Undefined for any run at all. */
  readonly beginning: string | undefined
}

async function notHere(repository: Repository, { ids, beginning }: Missing): Promise<TroupeError> {
  const others = await runsElsewhere(repository)
  const having = others.filter(({ runs }) => runs.some((id) => id.startsWith(beginning ?? '')))
  const what =
    beginning === undefined
      ? `there is no run in ${repository.root} yet: troupe run starts one`
      : `there is no run ${beginning}${having.length === 0 ? otherThan(beginning, ids) : ` in ${repository.root}`}`
  return new TroupeError('RUN_NOT_FOUND', [what, elsewhereText(having)].filter((line) => line !== '').join('\n'))
}

function matching(ids: readonly RunId[], beginning: string): RunId | undefined {
  const candidates = ids.filter((id) => id.startsWith(beginning))
  const [only] = candidates
  if (only !== undefined && candidates.length === 1) return only
  const exact = candidates.find((id) => id === beginning)
  if (exact !== undefined) return exact
  if (only === undefined) return undefined
  const shown = candidates.slice(-5).join(', ')
  throw new TroupeError('RUN_NOT_FOUND', `${candidates.length} runs begin with ${beginning}: ${shown}`, {
    details: candidates,
  })
}

/** The nearest id, or the newest where none is near. */
function otherThan(beginning: string, ids: readonly RunId[]): string {
  const newestId = ids.at(-1)
  const near = didYouMean(beginning, ids)
  return near === '' && newestId !== undefined ? `; the newest is ${newestId}` : near
}
