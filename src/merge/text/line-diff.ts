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
 */
export const diffLines = (old: readonly string[], now: readonly string[]): readonly LineHunk[] =>
  compareLines(old, now).hunks

/** A text whose lines have numbers, for comparing several others with it. */
export interface NumberedLines {
  readonly lines: readonly string[]
  readonly ids: Int32Array
  readonly numbers: ReadonlyMap<string, number>
}

/** Numbers the lines of a text, equal lines alike. */
export function numbered(lines: readonly string[]): NumberedLines {
  const numbers = new Map<string, number>()
  return { lines, ids: idsOf(lines, new Map(), numbers), numbers }
}

/** The same, and whether git is sure to see no others: not where there is little but lines that occur very often. */
export function compareLines(
  old: readonly string[],
  now: readonly string[],
  known: NumberedLines | null = null,
): { readonly hunks: readonly LineHunk[]; readonly isAsGit: boolean } {
  const { ids, numbers } = known ?? numbered(old)
  const a = { ids, changed: new Uint8Array(old.length) }
  const b = { ids: idsOf(now, numbers, new Map()), changed: new Uint8Array(now.length) }
  const isAsGit = histogram(a, b)
  compact(a, b)
  compact(b, a)
  return { hunks: hunksOf(a, b), isAsGit }
}

/** @param more takes the numbers of lines that have none yet */
function idsOf(lines: readonly string[], known: ReadonlyMap<string, number>, more: Map<string, number>): Int32Array {
  const ids = new Int32Array(lines.length)
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? ''
    const id = known.get(line) ?? more.get(line) ?? known.size + more.size
    if (id === known.size + more.size) more.set(line, id)
    ids[at] = id
  }
  return ids
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
