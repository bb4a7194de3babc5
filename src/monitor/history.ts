import type { ProcessIdentity } from '../process-identity.ts'
import type { CommitId } from '../ids.ts'
import type { Conflict } from '../merge/conflict.ts'
import {
  type EarlyCheckEvent,
  isResolutionEvent,
  type Recorded,
  type ResolutionEvent,
  type RunEvent,
} from '../supervisor/run/events.ts'
import { type Standing, standingAfter } from '../supervisor/run/standing-conflicts.ts'

/** A check that tasks break together with what they have written so far. */
export type EarlyFailure = Extract<RunEvent, { readonly type: 'early-check-failed' }>

/** What only a run's events tell, beside the state that is their fold. */
export interface RunHistory {
  readonly base: CommitId | null
  /** Milliseconds since the epoch. */
  readonly startedAt: number | null
  readonly endedAt: number | null
  /** When something was last recorded. */
  readonly lastAt: number | null
  /** The latest one. */
  readonly supervisor: ProcessIdentity | null
  readonly conflicts: readonly Conflict[]
  /** What attempts under way write and does not go together as of now. */
  readonly overlaps: Standing
  /** By check, what tasks break together as of now. */
  readonly earlyFailures: ReadonlyMap<string, EarlyFailure>
  readonly proposal: Extract<RunEvent, { readonly type: 'proposal-made' }> | null
}

/** Before anything happened. */
export const noHistory: RunHistory = {
  base: null,
  startedAt: null,
  endedAt: null,
  lastAt: null,
  supervisor: null,
  conflicts: [],
  overlaps: new Map(),
  earlyFailures: new Map(),
  proposal: null,
}

/** The history with one more event. */
export function afterEvent(before: RunHistory, { at, event }: Recorded): RunHistory {
  const history = { ...before, lastAt: at }
  if (isResolutionEvent(event)) return history
  if (!('check' in event)) return after(history, { at, event })
  return { ...history, earlyFailures: earlyFailuresAfter(history.earlyFailures, event) }
}

interface Known extends Recorded {
  readonly event: Exclude<RunEvent, ResolutionEvent | EarlyCheckEvent>
}

function after(history: RunHistory, { at, event }: Known): RunHistory {
  if ('conflicts' in event) return withConflicts(history, { at, event })
  if ('task' in event || 'provider' in event) return history
  switch (event.type) {
    case 'run-started':
      return {
        ...history,
        base: event.base,
        startedAt: history.startedAt ?? at,
        endedAt: null,
        supervisor: event.process,
      }
    case 'run-resumed':
      return { ...history, endedAt: null, supervisor: event.process }
    case 'proposal-made':
      return { ...history, proposal: event }
    case 'run-ended':
      return { ...history, endedAt: at }
    case 'budget-reached':
    case 'stop-requested':
      return history
  }
}

function earlyFailuresAfter(before: RunHistory['earlyFailures'], event: EarlyCheckEvent): RunHistory['earlyFailures'] {
  const after = new Map(before)
  if (event.type === 'early-check-failed') after.set(event.check, event)
  else after.delete(event.check)
  return after
}

function withConflicts(history: RunHistory, recorded: Recorded): RunHistory {
  const { event } = recorded
  const sealed = event.type === 'conflict-found' && !event.asOfNow ? event.conflicts : []
  const overlaps = standingAfter(history.overlaps, recorded)
  return { ...history, overlaps, conflicts: [...history.conflicts, ...sealed] }
}
