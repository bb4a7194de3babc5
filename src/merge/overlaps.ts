import type { ChangeSet } from '../changes/change-set.ts'
import type { Git } from '../changes/git.ts'
import type { CommitId } from '../ids.ts'
import { type Conflict, sortConflicts } from './conflict.ts'
import { type Footprint, footprintsOf } from './footprint.ts'
import { conflictsBetween, unresolved } from './pair.ts'

/** The change sets known so far, compared as they arrive. */
export interface Overlaps {
  /** The conflicts a change set has with those taken before; the same answer when it is taken again. */
  add(changeSet: ChangeSet): Promise<readonly Conflict[]>
}

/** Compares change sets pair by pair as they arrive, one arrival after the other. */
export function openOverlaps(git: Git): Overlaps {
  const taken = new Map<CommitId, { readonly footprint: Footprint; readonly conflicts: readonly Conflict[] }>()
  let last: Promise<unknown> = Promise.resolve()

  async function take(changeSet: ChangeSet): Promise<readonly Conflict[]> {
    const known = taken.get(changeSet.commit)
    if (known !== undefined) return known.conflicts
    const [footprint] = await footprintsOf(git, [changeSet])
    if (footprint === undefined) return []
    const found: Conflict[] = []
    for (const { footprint: before } of taken.values()) {
      if (before.changeSet.task === changeSet.task) continue
      for (const { conflict } of await conflictsBetween({ git, resolve: unresolved }, before, footprint))
        found.push(conflict)
    }
    const conflicts = sortConflicts(found)
    taken.set(changeSet.commit, { footprint, conflicts })
    return conflicts
  }

  return {
    add(changeSet) {
      const answer = last.then(() => take(changeSet))
      last = answer.catch(() => {})
      return answer
    },
  }
}
