import type { ChangeSet } from '../changes/change-set.ts'
import type { Git } from '../changes/git.ts'
import { must } from '../errors.ts'
import { asTreeId, type CommitId, type TaskId, type TreeId } from '../ids.ts'
import { writeCommit } from './commit.ts'
import { type Conflict, sortConflicts } from './conflict.ts'
import { quoted } from './conflict-message.ts'
import { nameConflicts } from './counterparts.ts'
import { type Footprint, footprintsOf, resultsBetween } from './footprint.ts'
import { identicalChanges, mustHoldAll } from './landed-changes.ts'
import { mergeCommits, mergeOnto, type MergeResult } from './merge-tree.ts'
import { needOrder } from './need-order.ts'
import { filesOutside } from './owns.ts'
import type { IdenticalChange } from './proposal.ts'

/** A change set that asks to land. */
export interface Candidate {
  readonly changeSet: ChangeSet
  readonly owns: readonly string[] | null
  readonly needs: readonly TaskId[]
  /** Of the commit it becomes. */
  readonly message: string
}

/** What became of one candidate. */
export type Landing =
  | { readonly state: 'landed'; readonly commit: CommitId }
  /** Its change set changes nothing. */
  | { readonly state: 'unchanged' }
  /** It was left out whole. */
  | { readonly state: 'left-out'; readonly reason: string }

/** Everything to fold. */
export interface FoldRequest {
  readonly git: Git
  /** What the proposal starts from. */
  readonly base: CommitId
  /** Of all commits made, ISO 8601. */
  readonly date: string
  /** In manifest order, one for each task. */
  readonly candidates: readonly Candidate[]
}

/** Many change sets as one chain of commits. */
export interface Fold {
  /** The end of the chain; the base itself when nothing landed. */
  readonly commit: CommitId
  readonly tree: TreeId
  /** Paths that differ between the base and the end, sorted. */
  readonly files: readonly string[]
  readonly landings: ReadonlyMap<TaskId, Landing>
  readonly conflicts: readonly Conflict[]
  readonly identical: readonly IdenticalChange[]
}

/**
 * Folds change sets into one chain of commits, one for each that lands, in the order given but with needs before their
 * dependants. Each is merged onto what landed before it, against the base it was made on; one that does not merge cleanly is
 * left out whole, and with it what needs it. The same request gives the same ids.
 * @throws TroupeError GIT_FAILED when an object is missing; INTERNAL when the result would lack something that landed.
 */
export async function fold({ git, base, date, candidates }: FoldRequest): Promise<Fold> {
  const footprints = await footprintsOf(
    git,
    candidates.map(({ changeSet }) => changeSet),
  )
  const footprintOf = new Map(footprints.map((footprint) => [footprint.changeSet.task, footprint]))
  const tree = asTreeId(await git.text(['rev-parse', '--verify', `${base}^{tree}`]))
  const chain: Chain = { git, base, date, commit: base, tree, landed: [], landings: new Map(), conflicts: [] }
  for (const candidate of needOrder(candidates)) {
    const { task } = candidate.changeSet
    chain.landings.set(task, await land(chain, candidate, must(footprintOf, task)))
  }
  const results = await resultsBetween(git, base, chain.commit)
  mustHoldAll(results, chain.landed)
  return {
    commit: chain.commit,
    tree: chain.tree,
    files: [...results.keys()].toSorted(),
    landings: chain.landings,
    conflicts: sortConflicts(chain.conflicts),
    identical: identicalChanges(chain.landed),
  }
}

/** The fold so far; only `fold` and `land` write it. */
interface Chain extends Pick<FoldRequest, 'git' | 'base' | 'date'> {
  commit: CommitId
  tree: TreeId
  readonly landed: Footprint[]
  readonly landings: Map<TaskId, Landing>
  readonly conflicts: Conflict[]
}

async function land(chain: Chain, candidate: Candidate, footprint: Footprint): Promise<Landing> {
  const { changeSet, needs, message } = candidate
  if (footprint.results.size === 0) return { state: 'unchanged' }
  const missing = needs.filter((need) => chain.landings.get(need)?.state === 'left-out')
  if (missing.length > 0) return { state: 'left-out', reason: `needs ${missing.join(', ')}, which did not land` }
  const outside = outsideOwns(candidate, [...footprint.results.keys()])
  if (outside.length > 0) return leaveOut(chain, outside)
  const merge = await mergeNext(chain, changeSet)
  if (!merge.clean) return leaveOut(chain, await nameConflicts(chain.git, chain.landed, footprint, merge.conflicts))
  const draft = { tree: merge.tree, parents: [chain.commit], message, date: chain.date }
  chain.commit = await writeCommit(chain.git, draft)
  chain.tree = merge.tree
  chain.landed.push(footprint)
  return { state: 'landed', commit: chain.commit }
}

// the chain's own history already says the right base to all but dependants
function mergeNext({ git, base, commit, tree }: Chain, changeSet: ChangeSet): Promise<MergeResult> {
  return changeSet.base === base
    ? mergeCommits(git, commit, changeSet.commit)
    : mergeOnto(git, tree, { base: changeSet.base, theirs: changeSet.commit })
}

function leaveOut(chain: Chain, conflicts: readonly Conflict[]): Landing {
  chain.conflicts.push(...conflicts)
  const files = [...new Set(conflicts.map(({ file }) => quoted(file)))].join(', ')
  const tasks = [...new Set(conflicts.flatMap(({ ours }) => ours ?? []))].join(', ')
  return {
    state: 'left-out',
    reason: tasks === '' ? `changed ${files} outside its owns` : `conflicts with ${tasks} in ${files}`,
  }
}

function outsideOwns({ changeSet: { task }, owns }: Candidate, files: readonly string[]): readonly Conflict[] {
  return filesOutside(owns, files).map((file) => ({
    kind: 'outside-owns',
    file,
    ours: null,
    theirs: task,
    places: [],
    message: `${task} changed ${quoted(file)}, which its owns (${owns?.join(', ') ?? ''}) does not cover.`,
  }))
}
