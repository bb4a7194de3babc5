import type { ChangeSet } from '../changes/change-set.ts'
import type { TaskId } from '../ids.ts'

/** A change set that asks to land. */
export interface Candidate {
  readonly changeSet: ChangeSet
  readonly owns: readonly string[] | null
  readonly needs: readonly TaskId[]
  /** Greater is worth more than any number of lower ones. */
  readonly priority?: number
  /** Why it must not land; absent when it may. */
  readonly barred?: string
  /** Of the commit it becomes. */
  readonly message: string
}
