import { existsSync } from 'node:fs'
import { messageOf, TroupeError } from '../../errors.ts'
import type { Proposal } from '../../merge/proposal.ts'
import type { FoundRun } from '../find-run.ts'
import { proposalIn } from '../proposal-file.ts'
import type { RunReading } from '../read-run.ts'

/** The proposal of a run. Throws TroupeError PROPOSAL_NOT_FOUND, or PROPOSAL_LOST for one whose file is gone, or is none any more. */
export function readProposal({ id }: FoundRun, { history }: RunReading): Proposal {
  const { proposal: made } = history
  if (made === null) throw new TroupeError('PROPOSAL_NOT_FOUND', `the run ${id} has no proposal yet`)
  try {
    return proposalIn(made.file)
  } catch (cause) {
    const isThere = existsSync(made.file)
    const why = isThere ? `cannot be read: ${messageOf(cause)}` : 'is not there any more'
    const message = `the file of the proposal of run ${id}, ${made.file}, ${why}\ntroupe resume ${id} makes it again`
    throw new TroupeError('PROPOSAL_LOST', message, { cause })
  }
}
