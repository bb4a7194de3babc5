import type { TaskId } from '../ids.ts'
import type { Task } from './task.ts'

/** One task waits for the end of another, whether or not it succeeds, and starts from what it changed. */
export interface SoftEdge {
  readonly first: TaskId
  readonly second: TaskId
}

/** The tasks of a manifest as a graph; everything is by the task's index in the manifest. */
export interface Graph {
  /** Needs before dependants: the manifest from its top, each task right after what it needs and has no place yet. */
  readonly order: readonly number[]
  readonly needs: readonly (readonly number[])[]
  readonly after: readonly (readonly number[])[]
  readonly dependants: readonly (readonly { readonly index: number; readonly hard: boolean }[])[]
  /** The longest path from a task to an end, itself included: in tasks, or in milliseconds where anybody estimates. */
  readonly remaining: readonly number[]
  /** Place among ready tasks: longest remaining path first, then greater priority, then manifest order. */
  readonly rank: readonly number[]
  readonly byRank: readonly number[]
  /** The longest chain, which no concurrency can shorten. */
  readonly criticalPath: readonly number[]
  /** Tasks by how many others must have ended before them: what runs side by side without limits. */
  readonly waves: readonly (readonly number[])[]
}

/**
 * Builds the graph of checked tasks; linear but for sorting, and without recursion.
 * Throws RangeError when they wait for each other, which a manifest that was read cannot cause.
 */
export function buildGraph(tasks: readonly Task[], softEdges: readonly SoftEdge[] = []): Graph {
  const indexOf = new Map(tasks.map(({ id }, index) => [id, index]))
  const indices = (ids: readonly TaskId[]): readonly number[] =>
    ids.length === 0 ? none : ids.flatMap((id) => indexOf.get(id) ?? [])
  const needs = tasks.map((task) => indices(task.needs))
  const after = softAfter(tasks.length, softEdges, indices)
  const before = tasks.map((_, index) => both(needs[index], after[index]))
  const order = topologicalOrder(before)
  const dependants = dependantsOf(needs, after)
  const lengths = lengthsOf(tasks)
  const remaining = remainingOf(order, dependants, lengths)
  const byRank = tasks
    .map((_, index) => index)
    .toSorted((a, b) => at(remaining, b) - at(remaining, a) || priority(tasks, b) - priority(tasks, a) || a - b)
  const rank = invert(byRank)
  return {
    order,
    needs,
    after,
    dependants,
    remaining,
    rank,
    byRank,
    criticalPath: criticalPathOf(byRank, dependants, { remaining, lengths }),
    waves: wavesOf(order, before),
  }
}

/** Of a hundred thousand tasks most wait for nobody. */
const none: readonly never[] = []

function both(needs: readonly number[] = none, after: readonly number[] = none): readonly number[] {
  return after.length === 0 ? needs : [...needs, ...after]
}

const at = (numbers: readonly number[], index: number): number => numbers[index] ?? 0
const priority = (tasks: readonly Task[], index: number): number => tasks[index]?.priority ?? 0

function softAfter(
  size: number,
  edges: readonly SoftEdge[],
  indices: (ids: readonly TaskId[]) => readonly number[],
): readonly (readonly number[])[] {
  const after: (number[] | undefined)[] = Array.from({ length: size })
  for (const { first, second } of edges) {
    const [earlier, later] = indices([first, second])
    if (earlier !== undefined && later !== undefined) (after[later] ??= []).push(earlier)
  }
  return after.map((indices) => indices ?? none)
}

type Visit = 'untouched' | 'entered' | 'placed'

/** A walk from the top of the manifest that goes up to what is needed before it goes on. */
function topologicalOrder(before: readonly (readonly number[])[]): readonly number[] {
  const order: number[] = []
  const visits: Visit[] = before.map(() => 'untouched')
  const trail = [...before.keys()].toReversed()
  for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
    if (visits[top] === 'untouched') {
      visits[top] = 'entered'
      for (const need of openNeeds(before[top] ?? [], visits)) trail.push(need)
      continue
    }
    trail.pop()
    if (visits[top] === 'placed') continue
    visits[top] = 'placed'
    order.push(top)
  }
  return order
}

/** What is still to be placed first, the last in the manifest first, as a stack wants it. */
function openNeeds(needs: readonly number[], visits: readonly Visit[]): readonly number[] {
  if (needs.some((need) => visits[need] === 'entered')) throw new RangeError('the tasks wait for each other')
  return needs.filter((need) => visits[need] === 'untouched').toReversed()
}

function dependantsOf(
  needs: readonly (readonly number[])[],
  after: readonly (readonly number[])[],
): Graph['dependants'] {
  const dependants: ({ readonly index: number; readonly hard: boolean }[] | undefined)[] = needs.map(() => undefined)
  for (const index of needs.keys()) {
    for (const need of needs[index] ?? none) (dependants[need] ??= []).push({ index, hard: true })
    for (const earlier of after[index] ?? none) (dependants[earlier] ??= []).push({ index, hard: false })
  }
  return dependants.map((list) => list ?? none)
}

/** Whole numbers, so that sums of them can be compared; who has no estimate is taken for an average one. */
function lengthsOf(tasks: readonly Task[]): readonly number[] {
  const given = tasks.flatMap(({ estimateMs }) => estimateMs ?? [])
  const average = given.length === 0 ? 1 : Math.round(given.reduce((sum, one) => sum + one, 0) / given.length)
  return tasks.map(({ estimateMs }) => estimateMs ?? average)
}

function remainingOf(
  order: readonly number[],
  dependants: Graph['dependants'],
  lengths: readonly number[],
): readonly number[] {
  const remaining: number[] = [...lengths]
  for (const index of order.toReversed()) {
    for (const dependant of dependants[index] ?? []) {
      remaining[index] = Math.max(at(remaining, index), at(remaining, dependant.index) + at(lengths, index))
    }
  }
  return remaining
}

function invert(byRank: readonly number[]): readonly number[] {
  const rank: number[] = byRank.map(() => 0)
  for (const [place, index] of byRank.entries()) rank[index] = place
  return rank
}

function criticalPathOf(
  byRank: readonly number[],
  dependants: Graph['dependants'],
  { remaining, lengths }: { readonly remaining: readonly number[]; readonly lengths: readonly number[] },
): readonly number[] {
  const path: number[] = []
  for (let next = byRank[0]; next !== undefined;) {
    path.push(next)
    const left = at(remaining, next) - at(lengths, next)
    next = dependants[next]?.find(({ index }) => at(remaining, index) === left)?.index
  }
  return path
}

function wavesOf(order: readonly number[], before: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const wave: number[] = order.map(() => 0)
  const waves: number[][] = []
  for (const index of order) {
    for (const need of before[index] ?? []) wave[index] = Math.max(at(wave, index), at(wave, need) + 1)
    ;(waves[at(wave, index)] ??= []).push(index)
  }
  return waves.map((tasks) => tasks.toSorted((a, b) => a - b))
}
