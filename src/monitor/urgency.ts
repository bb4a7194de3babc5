import { itemsOf } from '../supervisor/run/persistent-vector.ts'
import type { Phase, RunState } from '../supervisor/run/state.ts'

/** What people want to see first. */
const order: Readonly<Record<Phase, number>> = {
  failed: 0,
  running: 1,
  'backing-off': 2,
  parked: 2,
  dispatched: 3,
  ready: 4,
  blocked: 5,
  cancelled: 6,
  waiting: 7,
  succeeded: 8,
}

/**
 * Indices of the tasks to show where there is room for `room` of them: failures first, then what runs, then the rest.
 * Failures take at most half of the room from what runs.
 */
export function mostUrgent(state: RunState, room: number): readonly number[] {
  const byUrgency: number[][] = Object.keys(order).map(() => [])
  let index = 0
  for (const task of itemsOf(state.tasks)) byUrgency[order[task.state.phase]]?.push(index++)
  const [failed = [], running = [], ...others] = byUrgency
  const failures = failed.slice(0, Math.max(Math.ceil(room / 2), room - running.length))
  return [...failures, ...running, ...others.flat()].slice(0, Math.max(0, room))
}
