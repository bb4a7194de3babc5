import type { Conflict } from '../../merge/conflict.ts'
import type { Recorded } from './events.ts'

/** A conflict of what attempts under way write, as of now. */
export interface StandingConflict extends Conflict {
  /** When it was first told, in milliseconds since the epoch. */
  readonly since: number
}

/** What does not go together as of now, by `conflictKey`. */
export type Standing = ReadonlyMap<string, StandingConflict>

/** Two tasks and a file: the same conflict, wherever its lines are by now and whichever of the two landed first. */
export const conflictKey = ({ kind, file, ours, theirs }: Conflict): string =>
  JSON.stringify([kind, file, [ours ?? '', theirs].toSorted((a, b) => (a < b ? -1 : 1))])

/** What stands after one more event. A conflict of sealed change sets takes the place of the one that was told before. */
export function standingAfter(standing: Standing, { at, event }: Recorded): Standing {
  if (event.type !== 'conflict-found' && event.type !== 'conflict-moved' && event.type !== 'conflict-gone')
    return standing
  const isStanding = event.type === 'conflict-moved' || (event.type === 'conflict-found' && event.asOfNow === true)
  const next = new Map(standing)
  for (const conflict of event.conflicts) {
    const key = conflictKey(conflict)
    if (isStanding) next.set(key, { ...conflict, since: standing.get(key)?.since ?? at })
    else next.delete(key)
  }
  return next
}
