import { openObjects } from '../changes/objects.ts'
import { type Onto, gainOf } from './branch-gain.ts'
import type { Candidate } from './candidate.ts'
import type { Fold } from './fold.ts'
import { keepLedger } from './keep-ledger.ts'
import { ledgerFiles } from './ledger-files.ts'
import { remadeFold, type RemadeFoldRequest } from './remade-fold.ts'

/** A fold that goes to a branch which has moved. */
export interface BringRequest extends RemadeFoldRequest {
  readonly onto: Onto
}

/**
 * Folds change sets onto a branch that does not stand on their base, and accounts for every change of theirs and of the branch.
 * @throws TroupeError LEDGER_INCOMPLETE when one is not there and nothing says why; otherwise as fold
 */
export async function bringOnto(request: BringRequest): Promise<Fold> {
  const { git, base, onto } = request
  const folded = await remadeFold(request)
  await using objects = openObjects(git)
  const gain = await gainOf(git, base, onto)
  const candidates: readonly Candidate[] = [
    { changeSet: gain, owns: null, needs: [], message: '' },
    ...request.candidates,
  ]
  const landings = new Map([...folded.landings, [gain.task, { state: 'landed', commit: onto.commit } as const]])
  const files = await ledgerFiles({ git, objects, folded, candidates })
  keepLedger({ files, folded: { ...folded, landings }, candidates })
  return folded
}
