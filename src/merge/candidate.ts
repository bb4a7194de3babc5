import type { ChangeSet } from '../changes/change-set.ts'
import type { CommitId, TaskId } from '../ids.ts'

/** A change set that asks to land. */
export interface Candidate {
  readonly changeSet: ChangeSet
  readonly owns: readonly string[] | null
  /** Tasks without which it must not land: those that it needs, and those whose work it began from. */
  readonly needs: readonly TaskId[]
  /** What its work began from, where its change set holds that as well. */
  readonly startedFrom?: CommitId
  /** Greater is worth more than any number of lower ones. */
  readonly priority?: number
  /** Why it must not land; absent when it may. */
  readonly barred?: string
  /** Of the commit it becomes. */
  readonly message: string
}

/** What somebody was left out for. */
interface LeftOut {
  readonly dropped: TaskId | null
  readonly reason: string
}

/** The same candidates, of whom these must not land. */
export function barring(candidates: readonly Candidate[], leftOut: readonly LeftOut[]): readonly Candidate[] {
  const reasons = new Map(leftOut.map(({ dropped, reason }) => [dropped, reason]))
  return candidates.map((candidate) => {
    const barred = reasons.get(candidate.changeSet.task)
    return barred === undefined ? candidate : { ...candidate, barred }
  })
}
