import { compact } from './compact.ts'
import { histogram } from './histogram.ts'
import type { Sequence } from './sequence.ts'

/** One change between two texts: half-open ranges of lines, from 0. */
export interface LineHunk {
  readonly oldFrom: number
  readonly oldTo: number
  readonly newFrom: number
  readonly newTo: number
}

/**
 * The changes between two lists of lines, the very ones that git's merge sees: histogram diff, groups moved as far down as
 * they go (xdiff/xhistogram.c and xdl_change_compact of git, without the indent heuristic: merge-ort.c, `merge_start`).
 * @param known the old lines, when they have been numbered already
 */
export function diffLines(
  old: readonly string[],
  now: readonly string[],
  known: NumberedLines | null = null,
): readonly LineHunk[] {
  const base = known ?? numbered(old)
  const a = { ids: base.ids, changed: new Uint8Array(old.length) }
  const b = { ids: idsAfter(base, now), changed: new Uint8Array(now.length) }
  histogram(a, b)
  compact(a, b)
  compact(b, a)
  return hunksOf(a, b)
}

/** A text whose lines have numbers, for comparing several others with it. */
export interface NumberedLines {
  readonly lines: readonly string[]
  readonly ids: Int32Array
  readonly numbers: ReadonlyMap<string, number>
}

/** Numbers the lines of a text, equal lines alike. */
export function numbered(lines: readonly string[]): NumberedLines {
  const numbers = new Map<string, number>()
  const ids = new Int32Array(lines.length)
  fillIds(ids, lines, { from: 0, to: lines.length, known: new Map(), more: numbers })
  return { lines, ids, numbers }
}

/** The numbers of another text's lines; where both begin and end alike no line need be looked up. */
function idsAfter({ lines, ids, numbers }: NumberedLines, now: readonly string[]): Int32Array {
  const after = new Int32Array(now.length)
  let [from, oldTo, to] = [0, lines.length, now.length]
  while (from < oldTo && from < to && lines[from] === now[from]) from += 1
  while (oldTo > from && to > from && lines[oldTo - 1] === now[to - 1]) [oldTo, to] = [oldTo - 1, to - 1]
  after.set(ids.subarray(0, from))
  after.set(ids.subarray(oldTo), to)
  fillIds(after, now, { from, to, known: numbers, more: new Map() })
  return after
}

interface Numbering {
  readonly from: number
  readonly to: number
  readonly known: ReadonlyMap<string, number>
  /** Takes the numbers of lines that have none yet. */
  readonly more: Map<string, number>
}

function fillIds(ids: Int32Array, lines: readonly string[], { from, to, known, more }: Numbering): void {
  let next = known.size
  for (let at = from; at < to; at += 1) {
    const line = lines[at] ?? ''
    let id = known.get(line) ?? more.get(line)
    if (id === undefined) {
      id = next
      next += 1
      more.set(line, id)
    }
    ids[at] = id
  }
}

function hunksOf(a: Sequence, b: Sequence): readonly LineHunk[] {
  const hunks: LineHunk[] = []
  for (let [i, j] = [0, 0]; i < a.ids.length || j < b.ids.length; i += 1, j += 1) {
    const [oldFrom, newFrom] = [i, j]
    while (a.changed[i] === 1) i += 1
    while (b.changed[j] === 1) j += 1
    if (i > oldFrom || j > newFrom) hunks.push({ oldFrom, oldTo: i, newFrom, newTo: j })
  }
  return hunks
}
