import { openObjects } from '../../changes/objects.ts'
import { TroupeError } from '../../errors.ts'
import { defaultMergePolicy } from '../merge-policy.ts'
import type { ProposalRequest } from '../proposal-request.ts'
import type { Proposal } from '../proposal.ts'
import { remadeFold } from '../remade-fold.ts'
import { surely } from '../resolutions-on-trial.ts'
import { draft, foldRequestOf, propose, type ProposeWorld, publish } from '../propose.ts'
import type { Answer, OpenConflict } from './open-conflict.ts'
import { readAnswer, type SealedAnswer } from './read-answer.ts'

/** A proposal, and the conflicts in it that an agent can be asked about. */
export interface OpenProposal {
  readonly proposal: Proposal
  readonly open: readonly OpenConflict[]
}

/** An agent's answer to a conflict of a proposal. */
export interface TrialRequest {
  /** What the proposal was made of, with the answers kept so far and the blame found. */
  readonly request: ProposalRequest
  readonly conflict: OpenConflict
  /** What was sealed, or what was kept of it by an earlier trial. */
  readonly answer: SealedAnswer | readonly Answer[]
}

/** What came of an answer. */
export type Trial =
  | (OpenProposal & { readonly kept: true; readonly answers: readonly Answer[] })
  | { readonly kept: false; readonly reason: string }

/** As `propose`, and lays out what stays in conflict. */
export async function proposeOpenly(world: ProposeWorld, request: ProposalRequest): Promise<OpenProposal> {
  const proposal = await propose(world, request)
  return { proposal, open: await openIn(world, request, proposal) }
}

/**
 * Makes the proposal once more with an agent's answer, and keeps it only when its change set lands, no hunk is lost and every check
 * passes; otherwise everything stays as it was.
 */
export async function tryAnswer(world: ProposeWorld, { request, conflict, answer }: TrialRequest): Promise<Trial> {
  const found = await answersIn(world, conflict, answer)
  if (!found.ok) return { kept: false, reason: found.reason }
  const answers = [...(request.answers ?? []), ...found.answers]
  // whoever is to blame for a red check now is the answer
  const gated = { ...request, answers, merge: { ...(request.merge ?? defaultMergePolicy), blame: false } }
  try {
    const proposal = await draft(world, gated)
    const reason = flawOf(proposal, conflict)
    if (reason !== null) return { kept: false, reason }
    await publish(world, proposal)
    return {
      kept: true,
      answers: found.answers,
      proposal,
      open: await openIn(world, { ...request, answers }, proposal),
    }
  } catch (error) {
    if (!(error instanceof TroupeError) || error.code !== 'LEDGER_INCOMPLETE') throw error
    return { kept: false, reason: error.message }
  }
}

async function answersIn({ git }: ProposeWorld, conflict: OpenConflict, answer: TrialRequest['answer']) {
  if (!('changeSet' in answer)) return { ok: true, answers: answer } as const
  await using objects = openObjects(git)
  return await readAnswer({ git, objects }, conflict, answer)
}

/** Why a proposal does not keep the answer that it was made with; null when it does. */
function flawOf({ tasks, checks }: Proposal, { task: asked }: OpenConflict): string | null {
  const disposition = tasks.find(({ task }) => task === asked)?.disposition
  if (disposition?.state !== 'landed')
    return `the change set does not land with it${disposition !== undefined && 'reason' in disposition ? `: it ${disposition.reason}` : ''}`
  if (checks.length === 0) return 'no check is declared, so nothing says that the answer is right'
  const red = checks.find(({ verdict }) => verdict !== 'pass')
  if (red === undefined) return null
  const how = red.verdict === 'fail' ? 'fails with it' : 'cannot be run with it'
  return `the check ${red.name} ${how}${red.reason === null ? '' : ` (${red.reason})`}`
}

async function openIn(
  world: ProposeWorld,
  request: ProposalRequest,
  proposal: Proposal,
): Promise<readonly OpenConflict[]> {
  if (proposal.conflicts.length === 0) return []
  const folding = foldRequestOf(world, { ...request, blamed: proposal.blame })
  const { open } = await remadeFold({ ...surely(folding), asks: true })
  const inOnTrial = new Set(proposal.trial?.kept)
  return open.filter(({ task }) => !inOnTrial.has(task))
}
