import type { TaskId } from '../ids.ts'

/** Something with a task and needs. */
interface Needing {
  readonly changeSet: { readonly task: TaskId }
  readonly needs: readonly TaskId[]
}

/** The order given, but with every need before its dependants. Needs that are not in the list and circles are passed over. */
export function needOrder<One extends Needing>(list: readonly One[]): readonly One[] {
  const known = new Map(list.map((one) => [one.changeSet.task, one]))
  const ordered = new Set<One>()
  const begun = new Set<One>()
  const visit = (one: One): void => {
    if (begun.has(one)) return
    begun.add(one)
    for (const need of one.needs) {
      const needed = known.get(need)
      if (needed !== undefined) visit(needed)
    }
    ordered.add(one)
  }
  list.forEach(visit)
  return [...ordered]
}
