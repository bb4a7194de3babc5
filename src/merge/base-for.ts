import type { ChangeSet } from '../changes/change-set.ts'
import type { Git } from '../changes/git.ts'
import type { CommitId } from '../ids.ts'
import { timeless, writeCommit } from '../changes/commit.ts'
import { type Conflict, sortConflicts } from './conflict.ts'
import { nameConflicts } from './counterparts.ts'
import { footprintsOf } from './footprint.ts'
import { mergeCommits } from './merge-tree.ts'
import { unresolved } from './pair.ts'

/** What a dependant of several tasks starts from, or why their change sets cannot be merged. */
export type MergedBase =
  | { readonly how: 'merged'; readonly commit: CommitId }
  | { readonly how: 'conflict'; readonly conflicts: readonly Conflict[] }

/**
 * What a task starts from: the run's base, its only need's commit, or its needs merged, in the order given.
 * The merges are real merge commits. A need's commit has its own needs in its history, so git finds by itself what two of
 * them have in common (a diamond), and the same needs give the same commit.
 * @param needs The change sets of the needs that changed anything, in manifest order.
 */
export async function baseFor(request: {
  readonly git: Git
  readonly runBase: CommitId
  readonly needs: readonly ChangeSet[]
}): Promise<MergedBase> {
  const { git, runBase } = request
  const [first, ...others] = request.needs
  if (first === undefined) return { how: 'merged', commit: runBase }
  let commit = first.commit
  const taken = [first]
  for (const next of others) {
    const merge = await mergeCommits(git, commit, next.commit)
    if (!merge.clean) {
      const [theirs, ...landed] = await footprintsOf(git, [next, ...taken])
      if (theirs === undefined) continue
      return {
        how: 'conflict',
        conflicts: sortConflicts(
          await nameConflicts(
            { git, resolve: unresolved },
            { landed, rivals: landed },
            { theirs, files: merge.conflicts },
          ),
        ),
      }
    }
    const message = `Start from ${[...taken, next].map(({ task }) => task).join(', ')}\n`
    commit = await writeCommit(git, { tree: merge.tree, parents: [commit, next.commit], message, seconds: timeless })
    taken.push(next)
  }
  return { how: 'merged', commit }
}
