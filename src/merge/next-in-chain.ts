import type { ChangeSet } from '../changes/change-set.ts'
import type { Git } from '../changes/git.ts'
import type { CommitId, TreeId } from '../ids.ts'
import { bringIn } from './asking/bring-in.ts'
import type { Answer } from './asking/open-conflict.ts'
import type { Onto } from './branch-gain.ts'
import { type Footprint, mayMeet } from './footprint.ts'
import type { LandingInMemory } from './landing-in-memory.ts'
import { mergeCommits, mergeOnto } from './merge-tree.ts'
import type { MergeResolution } from './resolve-merge.ts'
import type { Resolving } from './resolving.ts'

/** A chain of commits that change sets are brought onto, and where it ends now. */
export interface ChainEnd {
  readonly git: Git
  readonly base: CommitId
  /** Where it began, and the branch that stands there; null for the base itself. */
  readonly start: { readonly commit: CommitId; readonly tree: TreeId }
  readonly onto: Onto | null
  readonly commit: CommitId
  readonly tree: TreeId
  readonly landed: readonly Footprint[]
  readonly resolving: Resolving
  /** For what is of the base; null where the fold goes elsewhere. */
  readonly memory: LandingInMemory | null
}

/** Brings it onto all that landed: without git where that is possible. */
export async function bringNext(
  chain: ChainEnd,
  footprint: Footprint,
  answers: readonly Answer[],
): Promise<Pick<MergeResolution, 'tree' | 'left' | 'resolved'>> {
  const { memory, resolving, tree: before, landed } = chain
  const inMemory = (await memory?.land(before, footprint, landed)) ?? null
  if (inMemory !== null) return { tree: inMemory, left: [], resolved: [] }
  const merge = await mergeNext(chain, footprint)
  const brought = answers.length === 0 ? merge : await bringIn(resolving.objects, merge, answers)
  if (brought.left.length === 0) await memory?.learn(before, brought.tree)
  return brought
}

/** Merges it by git; the chain's own history says the right base to all but dependants, unless the chain began elsewhere. */
export async function mergeNext(
  { git, base, onto, commit, tree, resolving, landed }: ChainEnd,
  footprint: Footprint,
): Promise<MergeResolution> {
  const { changeSet } = footprint
  const merge =
    changeSet.base === base && onto === null
      ? await mergeCommits(git, commit, changeSet.commit)
      : await mergeOnto(git, tree, { base: changeSet.base, theirs: changeSet.commit })
  if (merge.clean) return { tree: merge.tree, left: [], resolved: [] }
  const rivals = landed.filter((ours) => mayMeet(ours, footprint))
  return await resolving.resolve(merge, Math.max(1, rivals.length))
}

/** Whether the branch had it before the first one landed: what another task made alike lands as well. */
export async function isThereAlready({ git, onto, start }: ChainEnd, { base, commit }: ChangeSet): Promise<boolean> {
  if (onto === null) return false
  const merge = await mergeOnto(git, start.tree, { base, theirs: commit })
  return merge.clean && merge.tree === start.tree
}
