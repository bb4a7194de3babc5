import type { ChangeSet } from '../changes/change-set.ts'
import { openObjects } from '../changes/objects.ts'
import type { CommitId, TaskId } from '../ids.ts'
import { type Onto, gainOf } from './branch-gain.ts'
import type { Candidate } from './candidate.ts'
import type { Fold } from './fold.ts'
import { keepLedger } from './keep-ledger.ts'
import { landedOnBranch, tasksBehind } from './landed-on-branch.ts'
import { ledgerFiles } from './ledger-files.ts'
import { mergeOnto } from './merge-tree.ts'
import { remadeFold, type RemadeFoldRequest } from './remade-fold.ts'

/** A fold that goes to a branch which has moved. */
export interface BringRequest extends RemadeFoldRequest {
  readonly onto: Onto
}

/**
 * Folds change sets onto a branch that does not stand on their base, and accounts for every change of theirs and of the branch. What
 * began from work that the branch has starts from the branch.
 * @throws TroupeError LEDGER_INCOMPLETE when one is not there and nothing says why; otherwise as fold
 */
export async function bringOnto(request: BringRequest): Promise<Fold> {
  const { git, base, onto } = request
  const gain = await gainOf(git, base, onto)
  const asked = await Promise.all(request.candidates.map((one) => sinceItsStart(request, gain, one)))
  const folded = await remadeFold({ ...request, candidates: asked })
  await using objects = openObjects(git)
  const candidates: readonly Candidate[] = [
    { changeSet: gain, owns: null, needs: [], message: '' },
    ...asked.map((one) => startingFrom(gain.task, one, folded)),
  ]
  const landings = new Map([[gain.task, { state: 'landed', commit: onto.commit } as const], ...folded.landings])
  const files = await ledgerFiles({ git, objects, folded, candidates })
  keepLedger({ files, folded: { ...folded, landings }, candidates })
  return folded
}

/** Without what its work began from, where the branch has that: otherwise it would meet there what it has changed itself. */
async function sinceItsStart(request: BringRequest, gain: ChangeSet, candidate: Candidate): Promise<Candidate> {
  const { startedFrom, changeSet } = candidate
  if (startedFrom === undefined || !(await has(request, gain, startedFrom))) return candidate
  return { ...candidate, changeSet: { ...changeSet, base: startedFrom }, needs: [...candidate.needs, gain.task] }
}

/** Whether the branch has what stands in a commit since the base: every task's by its trailers, or all of it by its content. */
async function has({ git, run, base, onto }: BringRequest, gain: ChangeSet, commit: CommitId): Promise<boolean> {
  const [there, behind] = await Promise.all([
    landedOnBranch(git, { run, base, branch: onto.commit }),
    tasksBehind(git, { run, base, commit }),
  ])
  if (behind.size > 0 && [...behind].every((task) => there.has(task))) return true
  const merge = await mergeOnto(git, gain.tree, { base, theirs: commit })
  return merge.clean && merge.tree === gain.tree
}

/** Who needs what was not brought, for the branch had it, started from what the branch has gained. */
function startingFrom(gain: TaskId, candidate: Candidate, { landings }: Fold): Candidate {
  const isThere = (need: TaskId): boolean => !landings.has(need) || landings.get(need)?.state === 'unchanged'
  return candidate.needs.some(isThere) ? { ...candidate, needs: [...candidate.needs, gain] } : candidate
}
