import type { TaskId } from '../ids.ts'
import type { Graph, SoftEdge } from './graph.ts'
import type { Task } from './task.ts'

/** Two tasks that may write the same files at the same time. */
export interface Overlap extends SoftEdge {
  readonly files: readonly string[]
}

/** What must be known of the world to predict. */
export interface OverlapWorld {
  /** Paths a task will surely write; null when all that is known are its own files and globs. */
  willWrite(task: Task): readonly string[] | null
  /** Whether the task has a workspace whose changes count. */
  writes(task: Task): boolean
  matches(path: string, glob: string): boolean
  readonly filesInBase: readonly string[]
}

/** In a larger crowd on one file only neighbours are named: each still waits for the one before it. */
const crowd = 20

/** Predicted conflicts, before anything runs: pairs that no need orders, the earlier in the graph's order first. */
export function predictOverlaps(tasks: readonly Task[], graph: Graph, world: OverlapWorld): readonly Overlap[] {
  const writers = writersByFile(tasks, graph, world)
  const found = new Map<string, { readonly first: number; readonly second: number; readonly files: string[] }>()
  for (const [file, indices] of writers) {
    for (const [first, second] of pairsOf(indices)) {
      const key = `${first} ${second}`
      const known = found.get(key)
      if (known === undefined) found.set(key, { first, second, files: [file] })
      else known.files.push(file)
    }
  }
  const isOrdered = orderTest(graph)
  return [...found.values()]
    .filter(({ first, second }) => !isOrdered(first, second))
    .map(({ first, second, files }) => ({
      first: idOf(tasks, first),
      second: idOf(tasks, second),
      files: files.toSorted(),
    }))
}

function writersByFile(
  tasks: readonly Task[],
  graph: Graph,
  world: OverlapWorld,
): ReadonlyMap<string, readonly number[]> {
  const writers = new Map<string, number[]>()
  for (const index of graph.order) {
    const task = tasks[index]
    if (task === undefined || !world.writes(task)) continue
    for (const file of new Set(filesOf(task, world))) {
      const known = writers.get(file)
      if (known === undefined) writers.set(file, [index])
      else known.push(index)
    }
  }
  return writers
}

function filesOf(task: Task, world: OverlapWorld): readonly string[] {
  const sure = world.willWrite(task) ?? task.files
  if (sure.length > 0 || task.owns === null) return sure
  const { owns } = task
  return world.filesInBase.filter((file) => owns.some((glob) => world.matches(file, glob)))
}

function* pairsOf(indices: readonly number[]): Generator<readonly [number, number]> {
  const reach = indices.length > crowd ? 1 : indices.length
  for (const [place, first] of indices.entries()) {
    for (const second of indices.slice(place + 1, place + 1 + reach)) yield [first, second]
  }
}

/** Whether one task is behind another by needs; looks no further up than the earlier one stands. */
function orderTest({ order, needs, after }: Graph): (first: number, second: number) => boolean {
  const place: number[] = []
  for (const [position, index] of order.entries()) place[index] = position
  return (first, second) => {
    const floor = place[first] ?? 0
    const seen = new Set([second])
    const open = [second]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const before of [...(needs[next] ?? []), ...(after[next] ?? [])]) {
        if (before === first) return true
        if ((place[before] ?? 0) <= floor || seen.has(before)) continue
        seen.add(before)
        open.push(before)
      }
    }
    return false
  }
}

function idOf(tasks: readonly Task[], index: number): TaskId {
  const task = tasks[index]
  if (task === undefined) throw new RangeError(`no task ${index}`)
  return task.id
}
