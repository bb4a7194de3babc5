import type { HostKind } from '../../actors/contract.ts'
import type { Finding } from '../../agents/agent.ts'
import type { Failure, ProviderClass } from '../../agents/failure.ts'
import { noUsage, untoldUsage, type UsageSum } from '../../agents/usage.ts'
import type { ChangeSet } from '../../changes/change-set.ts'
import type { AgentName, CommitId, TaskId } from '../../ids.ts'
import type { Answer, ConflictedVersions } from '../../merge/asking/open-conflict.ts'
import type { ResolutionOutcome } from './events.ts'
import type { LeftistHeap } from './leftist-heap.ts'
import { type PersistentVector, vectorOf } from './persistent-vector.ts'
import type { RunRules } from './rules.ts'
import type { Standing } from './standing-conflicts.ts'

/** Where a task stands. Each phase has only its own fields. */
export type TaskState =
  | { readonly phase: 'waiting'; readonly unmet: number }
  | { readonly phase: 'ready' }
  /** In the mailbox. */
  | { readonly phase: 'dispatched'; readonly attempt: number }
  | { readonly phase: 'running'; readonly attempt: number; readonly startedAt: number; readonly host: HostKind }
  | { readonly phase: 'backing-off'; readonly attempt: number; readonly until: number; readonly failure: Failure }
  /** Its provider has refused it: no fault of the task, so it counts against nothing. */
  | { readonly phase: 'parked'; readonly attempt: number; readonly until: number; readonly failure: Failure }
  | {
      readonly phase: 'succeeded'
      readonly attempt: number
      readonly startedAt: number
      readonly endedAt: number
      readonly summary: string
      readonly findings: readonly Finding[]
      readonly changeSet: ChangeSet | null
      /** Who of those that tried it has done it; absent where only one did. */
      readonly doneBy?: AgentName
    }
  | {
      readonly phase: 'failed'
      readonly attempt: number
      readonly startedAt: number
      readonly endedAt: number
      readonly failure: Failure
      /** Why no other attempt follows. */
      readonly reason: string
    }
  | { readonly phase: 'blocked'; readonly by: TaskId }
  /** `attempt` is the last that was begun; 0 when there was none. */
  | { readonly phase: 'cancelled'; readonly attempt: number; readonly reason: string }

export type Phase = TaskState['phase']

/** A task's past, kept over its attempts. */
export interface Tally {
  /** Attempts begun. */
  readonly attempts: number
  /** Failures that count against the retries. */
  readonly counted: number
  /** Signature of the last failure and how often in a row it came. */
  readonly signature: string | null
  readonly repeats: number
  /** How often its provider refused it. */
  readonly parks: number
  /** What the last attempt that did not succeed had written, sealed; null when that is nothing. */
  readonly left: CommitId | null
  /** What all attempts that have ended used. */
  readonly usage: UsageSum
  /** Tasks (by index) from whose work it begins anew, as it did not go together with it. */
  readonly onto: readonly number[]
  /** What it had written when it was rebased for the last time, sealed. */
  readonly rebased: CommitId | null
}

export interface TaskRecord {
  readonly state: TaskState
  readonly tally: Tally
}

/** What the run as a whole is doing. */
export type RunPhase =
  | { readonly name: 'new' }
  | { readonly name: 'working' }
  /** No new attempts; those under way end. */
  | {
      readonly name: 'stopping'
      readonly how: 'graceful' | 'hard'
      readonly reason: string
      readonly interrupted: boolean
    }
  /** Every task has ended; the proposal is due. */
  | { readonly name: 'settled'; readonly interrupted: boolean; readonly reason: string | null }
  | { readonly name: 'ended'; readonly exitCode: number; readonly reason: string; readonly interrupted: boolean }

/** How far the asking of an agent about one task's conflicts is. */
export interface Resolution {
  readonly agent: AgentName
  /** What it is asked about. */
  readonly files: readonly ConflictedVersions[]
  /** Attempts begun; also about other conflicts of this task, so that no two have the same number. */
  readonly attempts: number
  /** Attempts about these very conflicts that gave no answer to be kept. */
  readonly counted: number
  readonly standing:
    | { readonly phase: 'running'; readonly startedAt: number; readonly host: HostKind }
    | {
        readonly phase: 'ended'
        readonly startedAt: number
        readonly endedAt: number
        readonly outcome: ResolutionOutcome
        readonly reason: string | null
        readonly answers: readonly Answer[]
        /** Whether what it wrote is sealed. */
        readonly sealed: boolean
      }
}

/** A provider that nobody, or but one task, may ask. */
export interface ProviderHold {
  readonly class: ProviderClass
  readonly until: number
  /** Whether one task may go and see if it is over. */
  readonly isTried: boolean
}

/** The fold of all events so far. Never changed in place. */
export interface RunState {
  readonly phase: RunPhase
  /** By task index. */
  readonly tasks: PersistentVector<TaskRecord>
  /** Ranks of ready tasks by agent. */
  readonly ready: ReadonlyMap<AgentName, LeftistHeap>
  /** Dispatched and running tasks by agent. */
  readonly outstanding: ReadonlyMap<AgentName, number>
  readonly counts: Readonly<Record<Phase, number>>
  /** By the task whose change set is in conflict, in the order of asking. */
  readonly resolutions: ReadonlyMap<TaskId, Resolution>
  /** What does not go together as of now; kept only where the rules pause for it. */
  readonly standing: Standing
  /** Running tasks that wait, by index. */
  readonly paused: ReadonlyMap<number, Pause>
  /** By provider; those that may be asked are not in it. */
  readonly holds: ReadonlyMap<string, ProviderHold>
}

/** A running attempt that waits for another task, which comes earlier in the manifest. */
export interface Pause {
  readonly attempt: number
  /** Task index. */
  readonly by: number
  /** False where it had nothing that could stand still, and carries on. */
  readonly isStill: boolean
}

const fresh: Tally = {
  attempts: 0,
  counted: 0,
  signature: null,
  repeats: 0,
  parks: 0,
  left: null,
  onto: [],
  rebased: null,
  usage: noUsage,
}

// of a hundred thousand tasks most have the same past: it is kept once
const begunOnce: Tally = { ...fresh, attempts: 1 }
const toldNothing: Tally = { ...begunOnce, usage: untoldUsage }

/** The past of a task of which one attempt more has begun. */
export const begun = (tally: Tally): Tally => (tally === fresh ? begunOnce : { ...tally, attempts: tally.attempts + 1 })

/** The past of a task with all that its attempts used by now. */
export const withUsed = (tally: Tally, usage: UsageSum): Tally =>
  tally === begunOnce && usage === untoldUsage ? toldNothing : { ...tally, usage }

/** Where a task stands that may be dispatched. */
export const ready: TaskState = { phase: 'ready' }

/** A task that waits for nobody, and has not been begun. */
export const freeTask: TaskRecord = { state: ready, tally: fresh }

const free: TaskRecord = { state: { phase: 'waiting', unmet: 0 }, tally: fresh }

/** The state before anything happened. */
export function initialState(rules: RunRules): RunState {
  const tasks = rules.tasks.map(({ needs, after }): TaskRecord => {
    const unmet = needs.length + after.length
    return unmet === 0 ? free : { state: { phase: 'waiting', unmet }, tally: fresh }
  })
  return {
    phase: { name: 'new' },
    tasks: vectorOf(tasks),
    ready: new Map(),
    outstanding: new Map(),
    counts: { ...noCounts, waiting: tasks.length },
    holds: new Map(),
    resolutions: new Map(),
    standing: new Map(),
    paused: new Map(),
  }
}

const noCounts: Readonly<Record<Phase, number>> = {
  waiting: 0,
  ready: 0,
  dispatched: 0,
  running: 0,
  'backing-off': 0,
  parked: 0,
  succeeded: 0,
  failed: 0,
  blocked: 0,
  cancelled: 0,
}

/** Dispatched and running tasks together. */
export const outstandingTotal = (state: RunState): number => state.counts.dispatched + state.counts.running

/** How many tasks have reached an end that does not change any more. */
export const endedTotal = (state: RunState): number =>
  state.counts.succeeded + state.counts.failed + state.counts.blocked + state.counts.cancelled

/** Whose work a task is: of several that tried it the one that was chosen, until then whoever was asked first. */
export const agentBehind = ({ agent }: { readonly agent: AgentName }, state: TaskState): AgentName =>
  state.phase === 'succeeded' ? (state.doneBy ?? agent) : agent

/** Whether a task in this phase is over. */
export const isEnded = (phase: Phase): boolean =>
  phase === 'succeeded' || phase === 'failed' || phase === 'blocked' || phase === 'cancelled'
