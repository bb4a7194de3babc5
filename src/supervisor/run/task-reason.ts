import type { TaskState } from './state.ts'

/** Why a task stands where it stands, in a sentence; null when there is nothing to explain. */
export function reasonOf(state: TaskState): string | null {
  switch (state.phase) {
    case 'failed':
      return `${state.failure.message} (${state.reason})`
    case 'backing-off':
    case 'parked':
      return state.failure.message
    case 'blocked':
      return `needs ${state.by}, which did not succeed`
    case 'cancelled':
      return state.reason
    case 'waiting':
    case 'ready':
    case 'dispatched':
    case 'running':
    case 'succeeded':
      return null
  }
}

/** Milliseconds since the epoch as ISO 8601 in UTC. */
export const isoTime = (ms: number): string => new Date(ms).toISOString()
