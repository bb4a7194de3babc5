import type { ChangeSet } from '../../changes/change-set.ts'
import type { TaskId } from '../../ids.ts'
import type { Conflict } from '../../merge/conflict.ts'
import type { Task } from '../../plan/task.ts'
import type { Aggregator } from './aggregator.ts'
import type { Recorded, RunEvent } from './events.ts'

/** Gives every change set to the aggregator as it arrives and records what it is in conflict with. */
export interface LiveConflicts {
  /** What an earlier supervisor recorded: its change sets are given anew, its conflicts are not recorded twice. */
  restore(records: readonly Recorded[]): void
  observe(recorded: Recorded): void
  /** Compares what a task under way has written so far. */
  look(snapshot: ChangeSet): void
  /** Resolves when all that has arrived has been compared. */
  settled(): Promise<void>
}

interface LiveConflictsParts {
  readonly aggregator: Pick<Aggregator, 'add' | 'look'>
  /** In the order of the manifest. */
  readonly tasks: readonly Task[]
  readonly record: (event: RunEvent) => Promise<void>
}

/** Early conflicts are a courtesy: a comparison that fails is left to the proposal, which compares again. */
export function openLiveConflicts({ aggregator, tasks, record }: LiveConflictsParts): LiveConflicts {
  const owns = new Map<TaskId, Task['owns']>(tasks.map((task) => [task.id, task.owns]))
  const known = new Set<string>()
  const comparisons = new Set<Promise<void>>()

  async function tell(found: readonly Conflict[]): Promise<void> {
    const conflicts = found.filter((conflict) => !known.has(JSON.stringify(conflict)))
    if (conflicts.length > 0) await record({ type: 'conflict-found', conflicts })
  }

  function observe({ event }: Recorded): void {
    if (event.type !== 'attempt-ended' || event.end.how !== 'completed' || event.end.changeSet === null) return
    const contribution = { changeSet: event.end.changeSet, owns: owns.get(event.task) ?? null }
    const compared = aggregator
      .add(contribution)
      .then(tell)
      .catch(() => {})
      .finally(() => comparisons.delete(compared))
    comparisons.add(compared)
  }

  /** Each pair of tasks is told of each file once, whatever they still do to it. */
  async function tellOverlaps(found: readonly Conflict[]): Promise<void> {
    const conflicts = found.filter((conflict) => !known.has(overlapKey(conflict)))
    for (const conflict of conflicts) known.add(overlapKey(conflict))
    if (conflicts.length > 0) await record({ type: 'conflict-found', conflicts, asOfNow: true })
  }

  function look(snapshot: ChangeSet): void {
    const compared = aggregator
      .look(snapshot)
      .then(tellOverlaps)
      .catch(() => {})
      .finally(() => comparisons.delete(compared))
    comparisons.add(compared)
  }

  return {
    look,
    restore(records) {
      for (const { event } of records) {
        if (event.type !== 'conflict-found') continue
        const keyOf = event.asOfNow ? overlapKey : JSON.stringify
        for (const conflict of event.conflicts) known.add(keyOf(conflict))
      }
      for (const recorded of records) observe(recorded)
    },
    observe,
    async settled() {
      await Promise.all(comparisons)
    },
  }
}

const overlapKey = ({ kind, file, ours, theirs }: Conflict): string =>
  JSON.stringify([kind, file, [ours ?? '', theirs].toSorted((a, b) => (a < b ? -1 : 1))])
