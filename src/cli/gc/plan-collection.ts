import type { LeftWorktree, RunRemains } from './run-remains.ts'

/** What may be taken away. */
export interface CollectionRules {
  /** Runs that were last heard of longer ago than this many milliseconds go as a whole; null for none. */
  readonly olderThanMs: number | null
  /** Also what belongs to runs that have not ended; their work is sealed first. */
  readonly unfinished: boolean
  /** Also runs whose proposal no branch has. */
  readonly unapplied: boolean
}

/** What is to be done with the remains of one run. */
export interface Collection {
  readonly processes: RunRemains['processes']
  readonly proxies: RunRemains['proxies']
  /** Worktrees whose work is made a change set before they go. */
  readonly seal: readonly LeftWorktree[]
  readonly remove: readonly LeftWorktree[]
  /** Worktrees that stay. */
  readonly leave: readonly LeftWorktree[]
  /** The run's folder and refs go as well. */
  readonly whole: boolean
}

/** Long enough for a supervisor that begins just now to write its manifest. */
const beginningMs = 60_000

/** Decides what of a run's remains goes. Work that is sealed nowhere never does. */
export function planCollection(remains: RunRemains, rules: CollectionRules, nowMs: number): Collection {
  const { standing, worktrees, processes, proxies, refs } = remains
  if (standing === 'gone' && worktrees.length + refs.length + processes.length + proxies.length === 0) return nothing
  if (standing === 'at-work' || standing === 'unreadable') return { ...nothing, leave: worktrees }
  const isSealed = (one: LeftWorktree): boolean => one.holds === 'unsealed' && rules.unfinished
  const seal = worktrees.filter(isSealed)
  const remove = worktrees.filter(({ holds }) => holds === 'rest')
  const leave = worktrees.filter((one) => one.holds !== 'rest' && !isSealed(one))
  return {
    processes,
    proxies,
    seal,
    remove,
    leave,
    whole: leave.length === 0 && goesAsAWhole(remains, { ...rules, seal }, nowMs),
  }
}

/** Whether there is anything to do. */
export const isEmpty = ({ processes, proxies, seal, remove, whole }: Collection): boolean =>
  !whole && [processes, proxies, seal, remove].every(({ length }) => length === 0)

const nothing: Collection = { processes: [], proxies: [], seal: [], remove: [], leave: [], whole: false }

function goesAsAWhole(
  { standing, lastSignAt, applied }: RunRemains,
  { olderThanMs, unfinished, unapplied, seal }: CollectionRules & Pick<Collection, 'seal'>,
  nowMs: number,
): boolean {
  const ageMs = nowMs - lastSignAt
  if (standing === 'never-begun') return ageMs >= beginningMs
  if (olderThanMs === null || ageMs < olderThanMs) return false
  const isOver = standing === 'ended' || standing === 'gone' || unfinished
  // what is sealed only now no branch has
  return isOver && (unapplied || (applied && seal.length === 0))
}
