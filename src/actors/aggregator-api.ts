import type { ChangeSet } from '../changes/change-set.ts'
import type { CommitId, RunId } from '../ids.ts'
import type { EarlyCheckRequest, EarlyVerdict } from '../merge/early-check.ts'
import type { Judgement, JudgeRequest } from '../merge/judge.ts'
import type { MergedBase } from '../merge/base-for.ts'
import type { Conflict } from '../merge/conflict.ts'
import type { OpenProposal, Trial, TrialRequest } from '../merge/asking/try-answer.ts'
import type { Contribution, ProposalRequest } from '../merge/proposal-request.ts'
import type { Proposal } from '../merge/proposal.ts'

export type { EarlyCheckRequest, EarlyVerdict } from '../merge/early-check.ts'
export type { MergedBase } from '../merge/base-for.ts'
export type { Contribution, ProposalRequest, TaskEnding } from '../merge/proposal-request.ts'

/** What the aggregator is handed when it starts. */
export interface AggregatorInput {
  readonly run: RunId
  /** Absolute path of the repository's root. */
  readonly repository: string
  readonly base: CommitId
  /** Absolute folder in which the checks' worktrees may be made. */
  readonly scratch: string
  /** Absolute folder in which the logs of checks are kept; without it none are. */
  readonly logs?: string
  /** Names of variables and files whose secrets are written down nowhere; none by default. */
  readonly secrets?: readonly string[]
}

/** What the aggregator tells while it answers: how far it is, in a line for people. */
export interface AggregatorEvent {
  readonly type: 'merging'
  readonly text: string
}

/** What the supervisor may ask of the aggregator actor. */
export interface AggregatorApi {
  /** The run's base merged with these change sets, in this order (needs before dependants); same answer for same input. */
  baseFor(needs: readonly ChangeSet[]): Promise<MergedBase>
  /** Takes a sealed change set; answers with the conflicts it has with those taken before. Idempotent by commit. */
  add(contribution: Contribution): Promise<readonly Conflict[]>
  /** What tasks under way have written so far; answers with all that does not go together as of now. */
  look(underWay: readonly ChangeSet[]): Promise<readonly Conflict[]>
  /** Checks what goes together as of now of what tasks have written so far. */
  checkEarly(request: EarlyCheckRequest): Promise<EarlyVerdict>
  /** Ends the early check under way. */
  cancelEarly(): void
  /** Ends all commands that it runs, for good: what they would have told is not known. */
  halt(): void
  /** Checks several answers to one question, each by itself, and measures them. */
  judge(request: JudgeRequest): Promise<readonly Judgement[]>
  /** Folds everything in manifest order, runs the checks, moves the proposal's ref. */
  propose(request: ProposalRequest): Promise<Proposal>
  /** As `propose`; what stays in conflict is laid out for an agent to be asked about. */
  proposeOpenly(request: ProposalRequest): Promise<OpenProposal>
  /** Makes the proposal once more with an agent's answer, kept only when every check passes with it. */
  tryAnswer(request: TrialRequest): Promise<Trial>
}
