import type { TaskId } from '../../ids.ts'
import type { Task } from '../../plan/task.ts'
import type { Aggregator } from './aggregator.ts'
import type { Recorded, RunEvent } from './events.ts'

/** Gives every change set to the aggregator as it arrives and records what it is in conflict with. */
export interface LiveConflicts {
  observe(recorded: Recorded, record: (event: RunEvent) => Promise<void>): void
  /** Resolves when all that has arrived has been compared. */
  settled(): Promise<void>
}

/** Early conflicts are a courtesy: a comparison that fails is left to the proposal, which compares again. */
export function openLiveConflicts(aggregator: Aggregator, tasks: readonly Task[]): LiveConflicts {
  const owns = new Map<TaskId, Task['owns']>(tasks.map((task) => [task.id, task.owns]))
  const comparisons = new Set<Promise<void>>()
  return {
    observe({ event }, record) {
      if (event.type !== 'attempt-ended' || event.end.how !== 'completed' || event.end.changeSet === null) return
      const contribution = { changeSet: event.end.changeSet, owns: owns.get(event.task) ?? null }
      const compared = aggregator
        .add(contribution)
        .then((conflicts) => (conflicts.length === 0 ? undefined : record({ type: 'conflict-found', conflicts })))
        .catch(() => {})
        .finally(() => comparisons.delete(compared))
      comparisons.add(compared)
    },
    async settled() {
      await Promise.all(comparisons)
    },
  }
}
