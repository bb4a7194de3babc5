import type { Finding } from '../agents/agent.ts'
import type { UsageSum } from '../agents/usage.ts'
import type { ChangeSet } from '../changes/change-set.ts'
import type { AgentName, TaskId } from '../ids.ts'
import type { Answer } from './asking/open-conflict.ts'
import type { MergePolicy } from './merge-policy.ts'
import type { BlamedCheck } from './proposal.ts'

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
  /** Of all its attempts; nothing is known of it by default. */
  readonly usage?: UsageSum
  /** Tasks without which it must not land: those that it needs, and those whose work it began from. */
  readonly needs: readonly TaskId[]
  /** Of the manifest; 0 by default. */
  readonly priority?: number
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

/** How checks are run. */
export interface CheckSettings {
  /** What runs in the checkout before the checks, in this order. */
  readonly prepare: ProposalRequest['checks']
  /** Whether a check that passed in an earlier run on the very same tree is not run again. */
  readonly reusePasses: boolean
  /** Checkouts at once. */
  readonly atOnce: number
}

/** How checks are run where nothing is said. */
export const plainChecking: CheckSettings = { prepare: [], reusePasses: true, atOnce: 1 }

/** Everything the proposal is made of, in manifest order: enough to make it anew after a crash. */
export interface ProposalRequest {
  readonly tasks: readonly TaskEnding[]
  readonly checks: readonly {
    readonly name: string
    readonly command: readonly string[]
    readonly timeoutMs: number | null
  }[]
  /** How checks are run; plainChecking by default. */
  readonly checking?: CheckSettings
  /** How change sets are brought together; defaultMergePolicy by default. */
  readonly merge?: MergePolicy
  /** What agents have answered about conflicts, in the order in which it was accepted; none by default. */
  readonly answers?: readonly Answer[]
  /** What an earlier proposal of the same change sets has found to break a check; nothing by default. */
  readonly blamed?: readonly BlamedCheck[]
  readonly createdAt: string
  readonly interrupted: boolean
}
