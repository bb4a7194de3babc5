import type { TaskId } from '../ids.ts'
import type { Candidate } from './candidate.ts'

/** Tells of these candidates whether a task started from the work of another, be it through others. */
export function startsFromAmong(candidates: readonly Candidate[]): (task: TaskId, other: TaskId) => boolean {
  const needs = new Map(candidates.map(({ changeSet, needs: of }) => [changeSet.task, of]))
  const startsFrom = (task: TaskId, other: TaskId): boolean =>
    (needs.get(task) ?? []).some((need) => need === other || startsFrom(need, other))
  return startsFrom
}
