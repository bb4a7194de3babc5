import type { ChangeSet } from '../../changes/change-set.ts'
import type { TaskId } from '../../ids.ts'
import type { Conflict } from '../../merge/conflict.ts'
import type { ConflictPolicy, Task } from '../../plan/task.ts'
import type { Aggregator } from './aggregator.ts'
import type { EarlyChecks } from './early-checks.ts'
import type { Recorded, RunEvent } from './events.ts'
import { type Waiting, waitingFor } from './pausing.ts'
import type { RunRules } from './rules.ts'
import type { RunState } from './state.ts'
import { conflictKey, type Standing, standingAfter } from './standing-conflicts.ts'

/** Gives every change set to the aggregator as it arrives and records what it is in conflict with, and what is as of now. */
export interface LiveConflicts {
  /** What an earlier supervisor recorded: its change sets are given anew, its conflicts are not recorded twice. */
  restore(records: readonly Recorded[]): void
  /** @param state after the event; without it nobody waits */
  observe(recorded: Recorded, state?: RunState): void
  /** Compares what a task under way has written so far. */
  look(snapshot: ChangeSet): void
  /** Resolves when all that has arrived has been compared; nothing is checked early any more. */
  settled(): Promise<void>
}

interface LiveConflictsParts {
  readonly aggregator: Pick<Aggregator, 'add' | 'look'>
  /** In the order of the manifest. */
  readonly tasks: readonly Task[]
  readonly rules: RunRules
  readonly policy: ConflictPolicy
  /** Told of all that is completed or under way whenever it has changed. */
  readonly early: EarlyChecks
  readonly record: (event: RunEvent) => Promise<void>
}

/** Early conflicts are a courtesy: a comparison that fails is left to the proposal, which compares again. */
export function openLiveConflicts(parts: LiveConflictsParts): LiveConflicts {
  return new Watcher(parts)
}

class Watcher implements LiveConflicts {
  readonly #parts: LiveConflictsParts
  readonly #owns: ReadonlyMap<TaskId, Task['owns']>
  /** Conflicts of change sets that have been told. */
  readonly #known = new Set<string>()
  readonly #comparisons = new Set<Promise<void>>()
  /** The attempt under way of each task. */
  readonly #attempts = new Map<TaskId, number>()
  /** What has been completed, by task. */
  readonly #sealed = new Map<TaskId, ChangeSet>()
  /** What each has written so far. */
  readonly #underWay = new Map<TaskId, ChangeSet>()
  /** What does not go together as of now, as it was told. */
  #standing: ReadonlyMap<string, Conflict> = new Map()
  /** Paused attempts whose wait is over, and who are to be told how it goes on. */
  #waiting: Waiting[] = []
  #isLooking = false
  /** Whether something has come since the look under way began: many snapshots are compared in one look. */
  #isStale = false

  constructor(parts: LiveConflictsParts) {
    this.#parts = parts
    this.#owns = new Map(parts.tasks.flatMap(({ id, owns }) => (owns === null ? [] : [[id, owns]])))
  }

  restore(records: readonly Recorded[]): void {
    let standing: Standing = new Map()
    for (const recorded of records) {
      const { event } = recorded
      if (event.type === 'conflict-found' && !event.asOfNow) {
        for (const conflict of event.conflicts) this.#known.add(JSON.stringify(conflict))
      }
      standing = standingAfter(standing, recorded)
    }
    this.#standing = standing
    this.#parts.early.restore(records)
    for (const recorded of records) this.observe(recorded)
  }

  observe({ event }: Recorded, state?: RunState): void {
    if (event.type === 'attempt-started') this.#attempts.set(event.task, event.attempt)
    if (event.type !== 'attempt-ended') return
    this.#attempts.delete(event.task)
    this.#underWay.delete(event.task)
    const waiting = state === undefined ? [] : waitingFor(this.#parts.rules, state, event.task)
    this.#waiting.push(...waiting)
    if (event.end.how === 'completed' && event.end.changeSet !== null) this.#add(event.end.changeSet)
    if (this.#standing.size > 0 || waiting.length > 0) this.#refresh()
  }

  look(snapshot: ChangeSet): void {
    if (this.#attempts.get(snapshot.task) !== snapshot.attempt) return
    this.#underWay.set(snapshot.task, snapshot)
    this.#tellEarly()
    if (this.#parts.policy !== 'ignore') this.#refresh()
  }

  /** In the order of the manifest, whoever wrote last. */
  #tellEarly(): void {
    const known = ({ id }: Task): readonly ChangeSet[] => {
      const one = this.#underWay.get(id) ?? this.#sealed.get(id)
      return one === undefined ? [] : [one]
    }
    this.#parts.early.changed(this.#parts.tasks.flatMap(known))
  }

  async settled(): Promise<void> {
    await this.#parts.early.stop()
    while (this.#comparisons.size > 0) await Promise.all(this.#comparisons)
  }

  #add(changeSet: ChangeSet): void {
    this.#sealed.set(changeSet.task, changeSet)
    if (this.#attempts.size > 0) this.#tellEarly()
    const contribution = { changeSet, owns: this.#owns.get(changeSet.task) ?? null }
    this.#compare(async () => {
      const found = await this.#parts.aggregator.add(contribution)
      const conflicts = found.filter((conflict) => !this.#known.has(JSON.stringify(conflict)))
      if (conflicts.length === 0) return
      const told = new Set(conflicts.map(conflictKey))
      this.#standing = new Map([...this.#standing].filter(([key]) => !told.has(key)))
      await this.#parts.record({ type: 'conflict-found', conflicts })
    })
  }

  #refresh(): void {
    this.#isStale = true
    if (this.#isLooking) return
    this.#isLooking = true
    this.#compare(async () => {
      try {
        while (this.#isStale) await this.#lookOnce()
      } finally {
        this.#isLooking = false
        await this.#release(this.#waiting.splice(0), []) // whatever went wrong, nobody waits for ever
      }
    })
  }

  async #lookOnce(): Promise<void> {
    this.#isStale = false
    const waiting = this.#waiting.splice(0)
    const underWay = this.#parts.tasks.flatMap(({ id }) => this.#underWay.get(id) ?? [])
    const conflicts = await this.#parts.aggregator.look(underWay).catch((error: unknown) => {
      this.#waiting.push(...waiting)
      throw error
    })
    const found = new Map(conflicts.map((one) => [conflictKey(one), one]))
    const before = this.#standing
    this.#standing = found
    await Promise.all(changesBetween(before, found).map((event) => this.#parts.record(event)))
    await this.#release(waiting, conflicts)
  }

  async #release(waiting: readonly Waiting[], conflicts: readonly Conflict[]): Promise<void> {
    for (const one of waiting) {
      if (this.#attempts.get(one.task) !== one.attempt) continue
      const isRival = conflicts.some((conflict) => isBetween(conflict, one))
      await this.#parts.record({ type: 'pause-over', ...one, outcome: isRival ? 'rebase' : 'continue' })
    }
  }

  #compare(work: () => Promise<void>): void {
    const compared = work()
      .catch(() => {})
      .finally(() => this.#comparisons.delete(compared))
    this.#comparisons.add(compared)
  }
}

const isBetween = ({ ours, theirs }: Conflict, { task, by }: Waiting): boolean =>
  (ours === task && theirs === by) || (ours === by && theirs === task)

function changesBetween(
  before: ReadonlyMap<string, Conflict>,
  now: ReadonlyMap<string, Conflict>,
): readonly RunEvent[] {
  const gone = [...before].flatMap(([key, one]) => (now.has(key) ? [] : [one]))
  const fresh = [...now].flatMap(([key, one]) => (before.has(key) ? [] : [one]))
  const moved = [...now].flatMap(([key, one]) => (isMoved(before.get(key), one) ? [one] : []))
  return [
    ...(gone.length > 0 ? [{ type: 'conflict-gone', conflicts: gone } as const] : []),
    ...(fresh.length > 0 ? [{ type: 'conflict-found', conflicts: fresh, asOfNow: true } as const] : []),
    ...(moved.length > 0 ? [{ type: 'conflict-moved', conflicts: moved } as const] : []),
  ]
}

const isMoved = (before: Conflict | undefined, now: Conflict): boolean =>
  before !== undefined && JSON.stringify(before.places) !== JSON.stringify(now.places)
