import type { TaskId } from '../ids.ts'
import type { Candidate } from './candidate.ts'

/** Tells of these candidates whether a task started from the work of another, be it through others. */
export function startsFromAmong(candidates: readonly Candidate[]): (task: TaskId, other: TaskId) => boolean {
  const needs = new Map(candidates.map(({ changeSet, needs: of }) => [changeSet.task, of]))
  const known = new Map<TaskId, ReadonlySet<TaskId>>()
  const behind = (task: TaskId): ReadonlySet<TaskId> => {
    const found = known.get(task) ?? new Set((needs.get(task) ?? []).flatMap((need) => [need, ...behind(need)]))
    known.set(task, found)
    return found
  }
  return (task, other) => behind(task).has(other)
}
