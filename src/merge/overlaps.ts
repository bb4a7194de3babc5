import type { ChangeSet } from '../changes/change-set.ts'
import type { Git } from '../changes/git.ts'
import type { CommitId, TaskId } from '../ids.ts'
import { type Conflict, sortConflicts } from './conflict.ts'
import { type Footprint, footprintsOf } from './footprint.ts'
import { conflictsBetween, unresolved } from './pair.ts'

/** The change sets known so far, compared as they arrive. */
export interface Overlaps {
  /** The conflicts a change set has with those taken before; the same answer when it is taken again. */
  add(changeSet: ChangeSet): Promise<readonly Conflict[]>
  /**
   * What a task has written so far, as a snapshot, against the change sets of others and what they have written so far. It stands for
   * the task until its next snapshot, or its change set.
   */
  look(snapshot: ChangeSet): Promise<readonly Conflict[]>
}

/** Compares change sets pair by pair as they arrive, one arrival after the other. */
export function openOverlaps(git: Git): Overlaps {
  const taken = new Map<CommitId, { readonly footprint: Footprint; readonly conflicts: readonly Conflict[] }>()
  const underWay = new Map<TaskId, Footprint>()
  const world = { git, resolve: unresolved }
  let last: Promise<unknown> = Promise.resolve()

  async function take(changeSet: ChangeSet): Promise<readonly Conflict[]> {
    underWay.delete(changeSet.task)
    const known = taken.get(changeSet.commit)
    if (known !== undefined) return known.conflicts
    const [footprint] = await footprintsOf(git, [changeSet])
    if (footprint === undefined) return []
    const sealed = [...taken.values()].map((one) => one.footprint)
    const conflicts = await against(sealed, footprint)
    taken.set(changeSet.commit, { footprint, conflicts })
    return conflicts
  }

  async function see(snapshot: ChangeSet): Promise<readonly Conflict[]> {
    const [footprint] = await footprintsOf(git, [snapshot])
    if (footprint === undefined) return []
    underWay.set(snapshot.task, footprint)
    return await against([...[...taken.values()].map((one) => one.footprint), ...underWay.values()], footprint)
  }

  async function against(others: readonly Footprint[], theirs: Footprint): Promise<readonly Conflict[]> {
    const found: Conflict[] = []
    for (const ours of others) {
      if (ours.changeSet.task === theirs.changeSet.task) continue
      for (const { conflict } of await conflictsBetween(world, ours, theirs)) found.push(conflict)
    }
    return sortConflicts(found)
  }

  /** One after the other, in the order of arrival. */
  function inTurn(work: () => Promise<readonly Conflict[]>): Promise<readonly Conflict[]> {
    const answer = last.then(work)
    last = answer.catch(() => {})
    return answer
  }

  return {
    add: (changeSet) => inTurn(() => take(changeSet)),
    look: (snapshot) => inTurn(() => see(snapshot)),
  }
}
