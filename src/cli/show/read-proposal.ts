import { readFileSync } from 'node:fs'
import { messageOf, TroupeError } from '../../errors.ts'
import type { Proposal } from '../../merge/proposal.ts'
import type { FoundRun } from '../find-run.ts'
import type { RunReading } from '../read-run.ts'

/** The proposal of a run. Throws TroupeError PROPOSAL_NOT_FOUND. */
export function readProposal({ id }: FoundRun, { history }: RunReading): Proposal {
  const { proposal: made } = history
  if (made === null) throw new TroupeError('PROPOSAL_NOT_FOUND', `the run ${id} has no proposal yet`)
  try {
    return JSON.parse(readFileSync(made.file, 'utf8')) as Proposal
  } catch (cause) {
    const message = `the proposal of run ${id} cannot be read from ${made.file}: ${messageOf(cause)}`
    throw new TroupeError('PROPOSAL_NOT_FOUND', message, { cause })
  }
}
