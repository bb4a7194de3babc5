import { existsSync, readFileSync } from 'node:fs'
import type { Proposal } from '../merge/proposal.ts'
import type { RunLayout } from '../store/layout.ts'
import type { Recorded, RunEvent } from '../supervisor/run/events.ts'
import type { RunState } from '../supervisor/run/state.ts'
import type { ProposalFiles } from './write-proposal.ts'

/** A proposal, and where it is written for people and programs. */
export interface MadeProposal {
  readonly proposal: Proposal
  readonly files: ProposalFiles
}

/**
 * The proposal of a run whose supervisor died between making it and saying that the run had ended; null when there is none, or
 * when tasks have run since.
 */
export function madeProposal(records: readonly Recorded[], state: RunState, folders: RunLayout): MadeProposal | null {
  if (state.phase.name !== 'settled' || state.phase.interrupted) return null
  const made = records.findLast(({ event }) => event.type === 'proposal-made' || event.type === 'attempt-ended')?.event
  return made?.type === 'proposal-made' ? read(made, folders) : null
}

function read(
  { file }: Extract<RunEvent, { readonly type: 'proposal-made' }>,
  folders: RunLayout,
): MadeProposal | null {
  if (!existsSync(file)) return null
  const proposal = JSON.parse(readFileSync(file, 'utf8')) as Proposal
  const sarif = folders.proposal(proposal.createdAt, 'sarif')
  return {
    proposal,
    files: {
      json: file,
      markdown: folders.proposal(proposal.createdAt, 'md'),
      sarif: existsSync(sarif) ? sarif : null,
    },
  }
}
