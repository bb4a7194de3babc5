import type { TaskId } from '../ids.ts'
import type { Candidate } from './candidate.ts'

/** Tells of these candidates whether a task started from the work of another, be it through others. */
export function startsFromAmong(candidates: readonly Candidate[]): (task: TaskId, other: TaskId) => boolean {
  const needs = new Map(candidates.map(({ changeSet, needs: of }) => [changeSet.task, of]))
  return (task, other) => {
    const seen = new Set<TaskId>()
    const open = [...(needs.get(task) ?? [])]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (next === other) return true
      if (seen.has(next)) continue
      seen.add(next)
      open.push(...(needs.get(next) ?? []))
    }
    return false
  }
}
