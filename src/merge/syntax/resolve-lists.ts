import type { Resolution } from '../resolvers/resolver.ts'
import type { Chunk, Segment, Versions } from '../text/three-way.ts'
import type { Excerpt } from './excerpt.ts'
import { type LineList, ListReader } from './line-list.ts'
import { mergeLineLists } from './merge-line-lists.ts'
import { chunkBetween, type Parts, partsOf, type Point } from './meeting-points.ts'
import type { Trees } from './trees.ts'
import { inAllVersions, type InVersions, inVersions, isInAllVersions } from './versions.ts'

/** What lists decided: the merge with the places they are about as one conflict each, and what each comes to. */
export interface DecidedByLists {
  readonly segments: readonly Segment[]
  readonly resolutions: ReadonlyMap<Chunk, Resolution>
}

interface Merge extends Versions {
  readonly segments: readonly Segment[]
  readonly hidden?: Excerpt['hidden']
}

/** The name of what lists decide, among the resolvers. */
export const listsName = 'syntax-lists'

/**
 * Reads the lists of a source text (declarations, members, keys, names that are brought in) in which conflicts lie, and merges each
 * element by element. A conflict is widened until it holds nothing but whole elements of the smallest list that holds it in all three
 * versions.
 * @param isDecided conflicts that are decided otherwise
 */
export function resolveLists(merge: Merge, trees: Trees, isDecided: (chunk: Chunk) => boolean): DecidedByLists {
  const cut = partsOf(merge.segments)
  let readers: InVersions<ListReader> | null = null
  const resolutions = new Map<Chunk, Resolution>()
  const segments: Segment[] = []
  let kept = 0
  for (const [at, part] of cut.parts.entries()) {
    if (part.kind === 'clean' || at < kept || isDecided(part.chunk)) continue
    readers ??= inVersions((name) => new ListReader(merge[name], trees))
    const found = windowAround(at, kept, { merge, cut, readers })
    if (found === null) continue
    for (const before of cut.parts.slice(kept, found.from)) segments.push(before)
    segments.push({ kind: 'conflict', chunk: found.chunk })
    resolutions.set(found.chunk, found.resolution)
    kept = found.to
  }
  return { segments: [...segments, ...cut.parts.slice(kept)], resolutions }
}

interface Around {
  readonly merge: Merge
  readonly cut: Parts
  readonly readers: InVersions<ListReader>
}

interface Window {
  readonly from: number
  readonly to: number
  readonly chunk: Chunk
  readonly resolution: Resolution
}

/** The smallest list around a part that can be merged. */
function windowAround(at: number, first: number, around: Around): Window | null {
  for (const lists of listsAroundPart(at, around)) {
    const window = windowIn(lists, { at, first, around })
    if (window !== null) return window
  }
  return null
}

/** The lists that hold a part in all three versions, the smallest first. */
function* listsAroundPart(at: number, { cut, readers }: Around): Generator<InVersions<LineList>> {
  const [from, to] = [cut.points[at], cut.points[at + 1]]
  if (from === undefined || to === undefined) return
  const nodes = inVersions((name) => readers[name].around({ from: from[name], to: to[name] }))
  for (const path of [...nodes.base.keys()].toReversed()) {
    const lists = inAllVersions((name) => {
      const node = nodes[name].get(path)
      return node === undefined ? null : readers[name].list(node)
    })
    if (lists !== null) yield lists
  }
}

interface Start {
  readonly at: number
  readonly first: number
  readonly around: Around
}

function windowIn(lists: InVersions<LineList>, { at, first, around: { merge, cut } }: Start): Window | null {
  const range = widened(at, first, cut, lists)
  const [start, end] = range === null ? [] : [cut.points[range.from], cut.points[range.to]]
  if (range === null || start === undefined || end === undefined) return null
  const chunk = chunkBetween(merge, start, end)
  const resolution = mergeLineLists({ lists, chunk, start, end, hidden: merge.hidden ?? nothing })
  return resolution && { ...range, chunk, resolution }
}

/** The parts from one point between elements, in all versions, to another. */
function widened(
  at: number,
  first: number,
  { points }: Parts,
  lists: InVersions<LineList>,
): { from: number; to: number } | null {
  let [from, to] = [at, at + 1]
  while (from >= first && !isBetween(points[from], lists)) from -= 1
  while (to < points.length && !isBetween(points[to], lists)) to += 1
  return from >= first && to < points.length ? { from, to } : null
}

const nothing: Excerpt['hidden'] = new Map()

const isBetween = (point: Point | undefined, lists: InVersions<LineList>): boolean =>
  point !== undefined &&
  isInAllVersions((name) => {
    const [line, list] = [point[name], lists[name]]
    return line >= list.from && line <= list.to && !list.elements.some(({ from, to }) => from < line && line < to)
  })
