import type { HostKind } from '../../actors/contract.ts'
import type { Finding } from '../../agents/agent.ts'
import type { Failure, ProviderClass } from '../../agents/failure.ts'
import type { ChangeSet } from '../../changes/change-set.ts'
import type { AgentName, CommitId, RunId, TaskId, TreeId } from '../../ids.ts'
import type { Answer, ConflictedVersions } from '../../merge/asking/open-conflict.ts'
import type { Conflict } from '../../merge/conflict.ts'
import type { Verdict } from '../../merge/proposal.ts'
import type { ProcessIdentity } from '../../process-identity.ts'

/**
 * How one attempt ended, with what it left behind. `changeSet` is null when nothing was changed or there was no workspace of its own;
 * `kept` is the folder of work that could not be sealed.
 */
export type AttemptEnd =
  | {
      readonly how: 'completed'
      readonly summary: string
      readonly findings: readonly Finding[]
      readonly details: Readonly<Record<string, unknown>>
      readonly changeSet: ChangeSet | null
      /** Who of those that tried it has done it; absent where only one did. */
      readonly doneBy?: AgentName
    }
  /** What a failed attempt wrote is sealed as well, but never part of the proposal. */
  | {
      readonly how: 'failed'
      readonly failure: Failure
      readonly details: Readonly<Record<string, unknown>>
      readonly changeSet: ChangeSet | null
      readonly kept?: string
    }
  /** `details` tell what became of each where several tried; of one alone nothing is known. */
  | {
      readonly how: 'cancelled'
      readonly reason: string
      readonly details?: Readonly<Record<string, unknown>>
      readonly changeSet: ChangeSet | null
      readonly kept?: string
    }
  /** Its supervisor died: nobody knows how it would have ended, so it is tried again and counts against nothing. */
  | { readonly how: 'lost'; readonly reason: string; readonly changeSet: ChangeSet | null; readonly kept?: string }
  /** What it wrote did not go together with what another task has completed: it begins anew from there, which counts against nothing. */
  | {
      readonly how: 'rebased'
      readonly onto: TaskId
      readonly reason: string
      readonly changeSet: ChangeSet | null
      readonly kept?: string
    }

/** What is told besides of how an attempt ended. */
export const detailsOf = (end: AttemptEnd): Readonly<Record<string, unknown>> =>
  ('details' in end ? end.details : undefined) ?? nothingSaid

const nothingSaid = {}

/** How hard a run is stopped: `graceful` lets attempts end politely, `hard` takes them away. */
export type StopHow = 'graceful' | 'hard'

/** What became of asking an agent about a conflict; neither `stopped` nor `lost` counts against its retries. */
export type ResolutionOutcome = 'kept' | 'refused' | 'failed' | 'stopped' | 'lost'

/** Everything that can happen in a run. The journal is the list of these; the state is their fold. */
export type RunEvent =
  | {
      readonly type: 'run-started'
      readonly run: RunId
      readonly base: CommitId
      readonly manifest: string
      /** Where it was read from: prompts that are not kept are read there again. */
      readonly file?: string
      /** Of the supervisor. */
      readonly process: ProcessIdentity
    }
  /** Another supervisor goes on with the run. */
  | { readonly type: 'run-resumed'; readonly process: ProcessIdentity }
  | { readonly type: 'attempt-started'; readonly task: TaskId; readonly attempt: number; readonly host: HostKind }
  | {
      readonly type: 'process-started'
      readonly task: TaskId
      readonly attempt: number
      readonly process: ProcessIdentity
    }
  | {
      readonly type: 'attempt-ended'
      readonly task: TaskId
      readonly attempt: number
      readonly end: AttemptEnd
      /** From 0 to 1, drawn by the shell: jitter without impurity. */
      readonly chance: number
    }
  /** `processes` stand still until the pause is over; 0: none could be stopped, and it carries on. */
  | {
      readonly type: 'attempt-paused'
      readonly task: TaskId
      readonly attempt: number
      readonly by: TaskId
      readonly processes: number
    }
  /** The task that it waited for has ended: does what it wrote still not go together with that, it is rebased. */
  | {
      readonly type: 'pause-over'
      readonly task: TaskId
      readonly attempt: number
      readonly by: TaskId
      readonly outcome: 'continue' | 'rebase'
    }
  | { readonly type: 'backoff-elapsed'; readonly task: TaskId; readonly attempt: number }
  /** Nobody may ask this provider until then: nothing is dispatched that would. */
  | { readonly type: 'provider-held'; readonly provider: string; readonly class: ProviderClass; readonly until: number }
  /** The date has passed: one task may go and see. */
  | { readonly type: 'provider-tried'; readonly provider: string }
  | { readonly type: 'provider-freed'; readonly provider: string }
  /** `asOfNow`: what attempts under way had written at their last snapshots does not go together; it may still change. */
  | { readonly type: 'conflict-found'; readonly conflicts: readonly Conflict[]; readonly asOfNow?: true }
  /** Conflicts as of now that were told before are in other lines by now. */
  | { readonly type: 'conflict-moved'; readonly conflicts: readonly Conflict[] }
  /** What did not go together as of some time does so by now. */
  | { readonly type: 'conflict-gone'; readonly conflicts: readonly Conflict[] }
  /** An agent is asked about the conflicts that keep a task's change set out. */
  | {
      readonly type: 'resolution-started'
      readonly task: TaskId
      readonly attempt: number
      readonly agent: AgentName
      readonly host: HostKind
      readonly files: readonly ConflictedVersions[]
    }
  /** `end` is how its work ended, `outcome` what became of its answer. */
  | {
      readonly type: 'resolution-ended'
      readonly task: TaskId
      readonly attempt: number
      readonly end: AttemptEnd
      readonly outcome: ResolutionOutcome
      /** Null when the answer is kept. */
      readonly reason: string | null
      readonly answers: readonly Answer[]
    }
  /** What several tasks have written so far breaks a check together, though it passes without any one of them. */
  | {
      readonly type: 'early-check-failed'
      readonly check: string
      readonly tasks: readonly TaskId[]
      /** The last lines that it said. */
      readonly output: string
    }
  /** A check that was told to fail passes by now. */
  | { readonly type: 'early-check-passed'; readonly check: string }
  /** The run has used all that it may: nothing new begins. */
  | { readonly type: 'budget-reached'; readonly reason: string }
  | { readonly type: 'stop-requested'; readonly how: StopHow; readonly reason: string }
  | {
      readonly type: 'proposal-made'
      readonly commit: CommitId
      readonly tree: TreeId
      readonly verdict: Verdict
      readonly file: string
    }
  | { readonly type: 'run-ended'; readonly exitCode: number; readonly reason: string }

/** What is told of asking an agent about a task's conflicts. */
export type ResolutionEvent = Extract<RunEvent, { readonly type: 'resolution-started' | 'resolution-ended' }>

export const isResolutionEvent = (event: RunEvent): event is ResolutionEvent =>
  event.type === 'resolution-started' || event.type === 'resolution-ended'

/** News of a check of what tasks have written so far. */
export type EarlyCheckEvent = Extract<RunEvent, { readonly check: string }>

/** News of an attempt that waits for another task. */
export type PauseEvent = Extract<RunEvent, { readonly by: TaskId }>

/** An event as the journal has it. */
export interface Recorded {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly event: RunEvent
}
