import { existsSync } from 'node:fs'
import type { Proposal } from '../merge/proposal.ts'
import { createdAtOf, type RunLayout } from '../store/layout.ts'
import type { Recorded, RunEvent } from '../supervisor/run/events.ts'
import type { RunState } from '../supervisor/run/state.ts'
import { proposalIn } from './proposal-file.ts'
import type { ProposalFiles } from './write-proposal.ts'

/** A proposal, and where it is written for people and programs. */
export interface MadeProposal {
  readonly proposal: Proposal
  readonly files: ProposalFiles
}

/**
 * The proposal of a run whose supervisor died between making it and saying that the run had ended; null when there is none that
 * can be read, or when tasks have run since.
 */
export function madeProposal(records: readonly Recorded[], state: RunState, folders: RunLayout): MadeProposal | null {
  if (state.phase.name !== 'settled' || state.phase.interrupted) return null
  const made = latest(records)
  const proposal = made === null ? null : written(made)
  if (made === null || proposal === null) return null
  const sarif = folders.proposal(proposal.createdAt, 'sarif')
  return {
    proposal,
    files: {
      json: made.file,
      markdown: folders.proposal(proposal.createdAt, 'md'),
      sarif: existsSync(sarif) ? sarif : null,
    },
  }
}

/** The newest proposal of a run; null where tasks have run since, or its file is gone or is none any more. */
export function newestProposal(records: readonly Recorded[]): Proposal | null {
  const made = latest(records)
  return made === null ? null : written(made)
}

/** Whether a run has made a proposal whose file is gone, or is none any more. */
export function isProposalLost(records: readonly Recorded[]): boolean {
  const made = latest(records)
  return made !== null && written(made) === null
}

/** When the proposal of a run that had settled or ended was made, ISO 8601; null where there is none, or tasks may run again. */
export function dateOfLost(records: readonly Recorded[], { phase }: RunState): string | null {
  if ((phase.name !== 'settled' && phase.name !== 'ended') || phase.interrupted) return null
  const made = latest(records)
  return made === null ? null : createdAtOf(made.file)
}

type Made = Extract<RunEvent, { readonly type: 'proposal-made' }>

function latest(records: readonly Recorded[]): Made | null {
  const made = records.findLast(({ event }) => event.type === 'proposal-made' || event.type === 'attempt-ended')?.event
  return made?.type === 'proposal-made' ? made : null
}

function written({ file }: Made): Proposal | null {
  try {
    return proposalIn(file)
  } catch {
    return null
  }
}
