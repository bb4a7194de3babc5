import type { Resolution } from '../resolvers/resolver.ts'
import { linesOf } from '../text/lines.ts'
import { type Chunk, mergeThreeWays } from '../text/three-way.ts'
import type { Excerpt } from './excerpt.ts'
import { inColumns } from './go-columns.ts'
import type { LineList } from './line-list.ts'
import type { Point } from './meeting-points.ts'
import { type Changed, isSorted, mergeElements, type MergedElements } from './merge-elements.ts'
import { mergeNames } from './merge-names.ts'
import { changedByOne, inAllVersions, type InVersions, inVersions, isInAllVersions } from './versions.ts'
import { type Written, type WrittenList, writtenList } from './written-list.ts'

/** A part of a list, from one place between its elements to another. */
export interface PartOfList {
  readonly lists: InVersions<LineList>
  readonly chunk: Chunk
  readonly start: Point
  readonly end: Point
  /** What the versions leave out. */
  readonly hidden: Excerpt['hidden']
}

/** Merges the elements of a part of a list; null where they do not go together. */
export function mergeLineLists({ lists, chunk, start, end, hidden }: PartOfList): Resolution | null {
  const written = inAllVersions((name) =>
    writtenList(lists[name], chunk[name], { from: start[name], to: end[name], hidden }),
  )
  if (written === null) return null
  const { kind } = lists.ours
  const areSorted = kind.isSortable === true && isInAllVersions((name) => isSorted(lists[name].elements))
  const merged = mergeElements({ ...inVersions((name) => written[name].elements), areSorted }, mergeBoth)
  if (merged === null) return null
  const put = linesOf(printed(merged.elements, written))
  const lines = kind.isInColumns === true ? inColumns(put, chunk) : put
  return { grade: 'likely', lines, evidence: evidenceOf(kind.elements, merged) }
}

function mergeBoth({ base, ours, theirs }: Changed<Written>): Written | null {
  const head =
    mergeNames(base?.head ?? null, ours.head, theirs.head) ??
    (base === null ? null : mergedCleanly(base.head.text, ours.head.text, theirs.head.text))
  const tail = changedByOne(base?.tail, ours.tail, theirs.tail)
  return head === null || tail === null ? null : { ...ours, head: { text: head, node: null }, tail, text: head + tail }
}

/** Where no line is in conflict. */
function mergedCleanly(base: string, ours: string, theirs: string): string | null {
  const segments = mergeThreeWays({ base: linesOf(base), ours: linesOf(ours), theirs: linesOf(theirs) })
  if (segments.some(({ kind }) => kind === 'conflict')) return null
  return segments.flatMap((segment) => (segment.kind === 'clean' ? segment.lines : [])).join('')
}

function printed(elements: readonly Written[], { base, ours, theirs }: InVersions<WrittenList>): string {
  const around = ours.elements.length > 0 ? ours : theirs.elements.length > 0 ? theirs : base
  const isEnd = [base, ours, theirs].every((list) => list.isEnd)
  const isLastSeparated = changedByOne(base.isLastSeparated, ours.isLastSeparated, theirs.isLastSeparated) ?? true
  const { between, last } = ours.separators
  const text = elements.map(({ head, tail, blankLines }, at) => {
    const isLast = isEnd && at === elements.length - 1
    const separator = isLast ? (isLastSeparated ? last : '') : between
    return around.lineEnd.repeat(at === 0 ? around.blankLinesBefore : blankLines) + head.text + separator + tail
  })
  const whole = text.join('') + around.lineEnd.repeat(around.blankLinesAfter)
  return ours.endsInLine && theirs.endsInLine ? whole.replace(/\r?\n$/, '') : whole
}

function evidenceOf(what: string, { ours, theirs, removed, together }: MergedElements<Written>): string {
  const told = [
    ours > 0 ? `${ours} added by ours` : '',
    theirs > 0 ? `${theirs} added by theirs` : '',
    removed > 0 ? `${removed} removed` : '',
    together > 0 ? `${together} changed by both` : '',
  ].filter((part) => part !== '')
  return `${what} are a set: ${told.length > 0 ? told.join(', ') : 'each changed by one side'}`
}
