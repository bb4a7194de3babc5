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

/**
 * Predicted conflicts, before anything runs: pairs that no need orders. The earlier in the graph's order is the first,
 * so that waiting for it can make no cycle. A folder among the files of a task stands for all that lies in it.
 */
export function predictOverlaps(tasks: readonly Task[], graph: Graph, world: OverlapWorld): readonly Overlap[] {
  const places = placesIn(graph)
  const found = new Map<string, { readonly first: number; readonly second: number; readonly files: string[] }>()
  for (const [file, indices] of writersByFile(tasks, places, world)) {
    for (const [first, second] of pairsOf(indices)) {
      const key = `${first} ${second}`
      const known = found.get(key)
      if (known === undefined) found.set(key, { first, second, files: [file] })
      else known.files.push(file)
    }
  }
  return [...found.values()]
    .filter(({ first, second }) => !isBehind(second, first, { graph, places }))
    .toSorted((a, b) => at(places, a.first) - at(places, b.first) || at(places, a.second) - at(places, b.second))
    .map(({ first, second, files }) => ({
      first: idOf(tasks, first),
      second: idOf(tasks, second),
      files: files.toSorted(),
    }))
}

/** Each task's place in the graph's order. */
function placesIn({ order }: Graph): readonly number[] {
  const places: number[] = order.map(() => 0)
  for (const [place, index] of order.entries()) places[index] = place
  return places
}

const at = (numbers: readonly number[], index: number): number => numbers[index] ?? 0

/** Who may write a file, in the graph's order, for every file that is named by a task. */
function* writersByFile(
  tasks: readonly Task[],
  places: readonly number[],
  world: OverlapWorld,
): Generator<readonly [string, readonly number[]]> {
  const named = new Map<string, number[]>()
  const filesOf = filesByTask(world)
  for (const [index, task] of tasks.entries()) {
    if (!world.writes(task)) continue
    for (const file of new Set(filesOf(task))) {
      const known = named.get(file)
      if (known === undefined) named.set(file, [index])
      else known.push(index)
    }
  }
  for (const [file, own] of named) {
    const above = foldersAbove(file).flatMap((folder) => named.get(folder) ?? [])
    yield [file, [...new Set([...own, ...above])].toSorted((a, b) => at(places, a) - at(places, b))]
  }
}

/** The folders in which a path lies, the root `.` last. */
function foldersAbove(path: string): readonly string[] {
  if (path === '.') return []
  const folders: string[] = []
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) folders.push(path.slice(0, end))
  return [...folders, '.']
}

function filesByTask({ willWrite, matches, filesInBase }: OverlapWorld): (task: Task) => readonly string[] {
  const known = new Map<string, readonly string[]>()
  const filesOf = (glob: string): readonly string[] => {
    const start = /^[^*?[{(!\\@+]*/.exec(glob.replace(/^\.\//, ''))?.[0] ?? ''
    // most files are ruled out by how they begin, which costs little
    const files = known.get(glob) ?? filesInBase.filter((file) => file.startsWith(start) && matches(file, glob))
    known.set(glob, files)
    return files
  }
  return (task) => {
    const sure = willWrite(task)
    if (sure !== null) return sure
    return task.files.length > 0 || task.owns === null ? task.files : task.owns.flatMap(filesOf)
  }
}

function* pairsOf(indices: readonly number[]): Generator<readonly [number, number]> {
  const reach = indices.length > crowd ? 1 : indices.length
  for (const [place, first] of indices.entries()) {
    for (const second of indices.slice(place + 1, place + 1 + reach)) yield [first, second]
  }
}

interface OrderedGraph {
  readonly graph: Graph
  readonly places: readonly number[]
}

/** Whether a task waits for an earlier one; looks no further up than that one stands. */
function isBehind(later: number, earlier: number, { graph, places }: OrderedGraph): boolean {
  const floor = at(places, earlier)
  const seen = new Set([later])
  const open = [later]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const before of [...(graph.needs[next] ?? []), ...(graph.after[next] ?? [])]) {
      if (before === earlier) return true
      if (at(places, before) <= floor || seen.has(before)) continue
      seen.add(before)
      open.push(before)
    }
  }
  return false
}

function idOf(tasks: readonly Task[], index: number): TaskId {
  const task = tasks[index]
  if (task === undefined) throw new RangeError(`no task ${index}`)
  return task.id
}
