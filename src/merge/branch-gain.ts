import type { ChangeSet } from '../changes/change-set.ts'
import type { Git } from '../changes/git.ts'
import { asAgentName, asTaskId, asTreeId, type CommitId, type TaskId } from '../ids.ts'
import { type Conflict, sortConflicts } from './conflict.ts'
import { timeless, writeCommit } from '../changes/commit.ts'

/** A branch to which change sets are brought, though it does not stand on the base that they were made on. */
export interface Onto {
  readonly branch: string
  /** Where it stands. */
  readonly commit: CommitId
}

/**
 * What a branch has gained since a base, as one change set on that base: what is brought there has to go with it as with any other.
 * Whatever the branch's history is, also one that does not hold the base.
 */
export async function gainOf(git: Git, base: CommitId, onto: Onto): Promise<ChangeSet> {
  const tree = asTreeId(await git.text(['rev-parse', '--verify', `${onto.commit}^{tree}`]))
  const commit = await writeCommit(git, { tree, parents: [base], message: 'branch\n', seconds: timeless })
  return { task: nameOfGain(onto), agent: asAgentName('branch'), attempt: 1, base, commit, tree, files: [] }
}

/** Conflicts in the order in which they are always told; those with the branch have no task on its side. */
export function sortedWithGain<Kind extends Conflict>(conflicts: readonly Kind[], onto: Onto | null): readonly Kind[] {
  const gain = onto === null ? null : nameOfGain(onto)
  return sortConflicts(conflicts.map((one) => (one.ours === gain ? { ...one, ours: null } : one)))
}

/** As people are told of it; no task is called so, for no id holds a space. */
const nameOfGain = ({ branch }: Pick<Onto, 'branch'>): TaskId => asTaskId(`branch ${branch}`)
