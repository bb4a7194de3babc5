import type { Profiler } from 'node:inspector'

/** Where a processor's time went: a function, called from the one above it. */
export interface Flame {
  readonly name: string
  /** Its own and that of what it called. */
  readonly ms: number
  readonly children: readonly Flame[]
}

/** Parts of less than this share of the whole are left out. */
const leastShare = 0.002

/** A profile of V8 as one tree; calls of the same function from the same place are one. */
export function flameOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Flame {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const own = new Map<number, number>()
  for (const [at, id] of samples.entries()) own.set(id, (own.get(id) ?? 0) + (timeDeltas[at] ?? 0) / 1_000)
  const grow = (node: Profiler.ProfileNode): Flame => {
    const children = (node.children ?? []).flatMap((id) => byId.get(id) ?? []).map(grow)
    const ms = (own.get(node.id) ?? 0) + children.reduce((sum, child) => sum + child.ms, 0)
    return { name: nameOf(node.callFrame), ms, children }
  }
  const [root] = nodes
  const whole = root === undefined ? { name: 'nothing', ms: 0, children: [] } : grow(root)
  return pruned(whole, whole.ms * leastShare)
}

const pruned = ({ name, ms, children }: Flame, leastMs: number): Flame => ({
  name,
  ms,
  children: children.filter((child) => child.ms >= leastMs).map((child) => pruned(child, leastMs)),
})

/** A function and where it stands: `decide, supervisor/run/decide.ts`. */
function nameOf({ functionName, url }: Profiler.ProfileNode['callFrame']): string {
  const [, own] = /\/(?:src|dist)\/(?!.*node_modules)(.+)$/.exec(url) ?? []
  const [, dependency] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? []
  const name = functionName === '' ? 'a function' : functionName
  const place = dependency ?? own ?? (url.startsWith('node:') ? url : '')
  return place === '' ? name : `${name}, ${place}`
}

/** Milliseconds by the part of the program that spent them: the file or package nearest to where the time was spent. */
export function placesOf(flame: Flame): ReadonlyMap<string, number> {
  const places = new Map<string, number>()
  const visit = ({ name, ms, children }: Flame, outer: string): void => {
    const own = placeIn(name) ?? outer
    const left = children.reduce((rest, child) => rest - child.ms, ms)
    places.set(own, (places.get(own) ?? 0) + left)
    for (const child of children) visit(child, own)
  }
  visit(flame, 'Node itself')
  return new Map([...places].toSorted(([, a], [, b]) => b - a))
}

/** null for what Node does for somebody else. */
function placeIn(name: string): string | null {
  if (name === '(garbage collector)') return 'garbage collection'
  if (name === '(idle)') return 'waiting, for the disk or for others'
  const [, place] = /, ([^,]+)$/.exec(name) ?? []
  return place === undefined || place.startsWith('node:') ? null : place
}
