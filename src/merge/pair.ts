import type { Git } from '../changes/git.ts'
import type { TaskId } from '../ids.ts'
import { placesOf } from './conflict-places.ts'
import { conflictMessage } from './conflict-message.ts'
import type { Conflict } from './conflict.ts'
import type { ConflictedFile } from './conflicted-file.ts'
import { diffHunks, type HunksOf } from './diff-hunks.ts'
import { type Footprint, mayMeet } from './footprint.ts'
import { mergeCommits, type UncleanMerge } from './merge-tree.ts'

/** A conflict of two tasks, with git's view of it. */
export interface PairConflict {
  readonly file: ConflictedFile
  readonly conflict: Conflict
}

/** What pairs are compared with. */
export interface PairWorld {
  readonly git: Git
  /** The files that stay in conflict, whatever resolvers can do. */
  resolve(merge: UncleanMerge): Promise<readonly ConflictedFile[]>
}

/** For whoever wants to know of every conflict that git sees. */
export const unresolved: PairWorld['resolve'] = (merge) => Promise.resolve(merge.conflicts)

/**
 * The conflicts that two change sets have with each other, whatever else is merged; empty, without asking git, when they
 * touch nothing in common. What one of them has with something the other merely started from is not counted: it is told
 * where that change set itself is compared.
 * @param ours The one that comes first in the manifest.
 */
export async function conflictsBetween(
  { git, resolve }: PairWorld,
  ours: Footprint,
  theirs: Footprint,
): Promise<readonly PairConflict[]> {
  if (!mayMeet(ours, theirs)) return []
  const [a, b] = [ours.changeSet, theirs.changeSet]
  const merge = await mergeCommits(git, a.commit, b.commit)
  if (merge.clean) return []
  const left = await resolve(merge)
  if (left.length === 0) return []
  if (a.base !== b.base) {
    const [ontoTheirBase, ontoOurBase] = await Promise.all([
      mergeCommits(git, a.commit, b.base),
      mergeCommits(git, a.base, b.commit),
    ])
    if (!ontoTheirBase.clean || !ontoOurBase.clean) return []
  }
  return Promise.all(
    left.map(async (file) => ({
      file,
      conflict: await describeConflict((from, to) => diffHunks(git, from, to), file, [a.task, b.task]),
    })),
  )
}

/** A conflict as the proposal tells it. */
export async function describeConflict(
  hunksOf: HunksOf,
  file: ConflictedFile,
  [ours, theirs]: readonly [TaskId, TaskId],
): Promise<Conflict> {
  const places = await placesOf(hunksOf, file)
  return {
    kind: file.kind,
    file: file.path,
    ours,
    theirs,
    places,
    message: conflictMessage(file, { ours, theirs, places }),
  }
}
