import type { ProcessIdentity } from '../process-identity.ts'
import type { CommitId } from '../ids.ts'
import type { Conflict } from '../merge/conflict.ts'
import type { Recorded, RunEvent } from '../supervisor/run/events.ts'

/** What only a run's events tell, beside the state that is their fold. */
export interface RunHistory {
  readonly base: CommitId | null
  /** Milliseconds since the epoch. */
  readonly startedAt: number | null
  readonly endedAt: number | null
  /** The latest one. */
  readonly supervisor: ProcessIdentity | null
  readonly conflicts: readonly Conflict[]
  /** Seen while attempts were under way. */
  readonly overlaps: readonly Conflict[]
  readonly proposal: Extract<RunEvent, { readonly type: 'proposal-made' }> | null
}

/** Before anything happened. */
export const noHistory: RunHistory = {
  base: null,
  startedAt: null,
  endedAt: null,
  supervisor: null,
  conflicts: [],
  overlaps: [],
  proposal: null,
}

/** The history with one more event. */
export function afterEvent(history: RunHistory, { at, event }: Recorded): RunHistory {
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
    case 'conflict-found':
      return withConflicts(history, event)
    case 'proposal-made':
      return { ...history, proposal: event }
    case 'run-ended':
      return { ...history, endedAt: at }
    case 'attempt-started':
    case 'process-started':
    case 'attempt-ended':
    case 'backoff-elapsed':
    case 'stop-requested':
      return history
  }
}

function withConflicts(
  history: RunHistory,
  { conflicts, asOfNow }: Extract<RunEvent, { readonly type: 'conflict-found' }>,
): RunHistory {
  return asOfNow
    ? { ...history, overlaps: [...history.overlaps, ...conflicts] }
    : { ...history, conflicts: [...history.conflicts, ...conflicts] }
}
