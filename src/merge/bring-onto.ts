import type { ChangeSet } from '../changes/change-set.ts'
import { openObjects } from '../changes/objects.ts'
import type { TaskId } from '../ids.ts'
import { type Onto, gainOf } from './branch-gain.ts'
import type { Candidate } from './candidate.ts'
import type { Fold } from './fold.ts'
import { heldStart } from './held-start.ts'
import { keepLedger } from './keep-ledger.ts'
import { ledgerFiles } from './ledger-files.ts'
import { remadeFold, type RemadeFoldRequest } from './remade-fold.ts'

/** A fold that goes to a branch which has moved. */
export interface BringRequest extends RemadeFoldRequest {
  readonly onto: Onto
}

/** A fold, and whose work it has no part of though a task started from it, for the branch has that. */
export interface Brought extends Fold {
  readonly held: readonly TaskId[]
}

/**
 * Folds change sets onto a branch that does not stand on their base, and accounts for every change of theirs and of the branch. What
 * began from work that the branch has starts from the branch.
 * @throws TroupeError LEDGER_INCOMPLETE when one is not there and nothing says why; otherwise as fold
 */
export async function bringOnto(request: BringRequest): Promise<Brought> {
  const { git, base, onto } = request
  const gain = await gainOf(git, base, onto)
  const asked = await Promise.all(request.candidates.map((one) => sinceItsStart(request, gain, one)))
  const brought = asked.map(({ candidate }) => candidate)
  const folded = await remadeFold({ ...request, candidates: brought })
  await using objects = openObjects(git)
  const candidates: readonly Candidate[] = [
    { changeSet: gain, owns: null, needs: [], message: '' },
    ...brought.map((one) => startingFrom(gain.task, one, folded)),
  ]
  const landings = new Map([[gain.task, { state: 'landed', commit: onto.commit } as const], ...folded.landings])
  const files = await ledgerFiles({ git, objects, folded, candidates })
  keepLedger({ files, folded: { ...folded, landings }, candidates })
  return { ...folded, held: asked.flatMap(({ held }) => held) }
}

/** A candidate as it is brought, and whose work is no part of it, for the branch has that. */
interface Asked {
  readonly candidate: Candidate
  readonly held: readonly TaskId[]
}

/** Without what of its work's start the branch has: otherwise it would meet there what it has changed itself. */
async function sinceItsStart(request: BringRequest, gain: ChangeSet, candidate: Candidate): Promise<Asked> {
  const { startedFrom, changeSet } = candidate
  const start = startedFrom === undefined ? null : await heldStart({ ...request, gain }, startedFrom)
  if (start === null) return { candidate, held: [] }
  const since = { ...changeSet, base: start.commit }
  return { candidate: { ...candidate, changeSet: since, needs: [...candidate.needs, gain.task] }, held: start.tasks }
}

/** Who needs what was not brought, for the branch had it, started from what the branch has gained. */
function startingFrom(gain: TaskId, candidate: Candidate, { landings }: Fold): Candidate {
  const isThere = (need: TaskId): boolean => !landings.has(need) || landings.get(need)?.state === 'unchanged'
  return candidate.needs.some(isThere) ? { ...candidate, needs: [...candidate.needs, gain] } : candidate
}
