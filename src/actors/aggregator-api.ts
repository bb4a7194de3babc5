import type { Finding } from '../agents/agent.ts'
import type { ChangeSet } from '../changes/change-set.ts'
import type { AgentName, CommitId, RunId, TaskId } from '../ids.ts'
import type { Conflict } from '../merge/conflict.ts'
import type { Proposal } from '../merge/proposal.ts'

/** What the aggregator is handed when it starts. */
export interface AggregatorInput {
  readonly run: RunId
  /** Absolute path of the repository's root. */
  readonly repository: string
  readonly base: CommitId
  /** Absolute folder in which the check's worktree may be made. */
  readonly scratch: string
}

/** A sealed success, as the aggregator takes it. */
export interface Contribution {
  readonly changeSet: ChangeSet
  readonly owns: readonly string[] | null
}

/** How one task ended, for the proposal. */
export interface TaskEnding {
  readonly task: TaskId
  readonly agent: AgentName
  readonly attempts: number
  readonly needs: readonly TaskId[]
  readonly summary: string | null
  readonly findings: readonly Finding[]
  /** Present when the task succeeded; null inside when it changed nothing. */
  readonly success: { readonly contribution: Contribution | null } | null
  /** Present when it did not succeed. */
  readonly trouble: {
    readonly state: 'failed' | 'blocked' | 'cancelled' | 'not-started'
    readonly reason: string
  } | null
}

/** Everything the proposal is made of, in manifest order: enough to make it anew after a crash. */
export interface ProposalRequest {
  readonly tasks: readonly TaskEnding[]
  readonly checks: readonly {
    readonly name: string
    readonly command: readonly string[]
    readonly timeoutMs: number | null
  }[]
  readonly createdAt: string
  readonly interrupted: boolean
}

/** What the supervisor may ask of the aggregator actor. */
export interface AggregatorApi {
  /** Takes a sealed change set; answers with the conflicts it has with those taken before. Idempotent by commit. */
  add(contribution: Contribution): Promise<readonly Conflict[]>
  /** Folds everything in manifest order, runs the checks, moves the proposal's ref. */
  propose(request: ProposalRequest): Promise<Proposal>
}
