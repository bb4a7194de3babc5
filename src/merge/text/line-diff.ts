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

/** The same, and whether git is sure to see no others: not where there is little but lines that occur very often. */
export function compareLines(
  old: readonly string[],
  now: readonly string[],
): { readonly hunks: readonly LineHunk[]; readonly isAsGit: boolean } {
  const numbers = new Map<string, number>()
  const [a, b] = [sequence(old, numbers), sequence(now, numbers)]
  const isAsGit = histogram(a, b)
  compact(a, b)
  compact(b, a)
  return { hunks: hunksOf(a, b), isAsGit }
}

function sequence(lines: readonly string[], numbers: Map<string, number>): Sequence {
  const ids = new Int32Array(lines.length)
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? ''
    const known = numbers.get(line) ?? numbers.size
    if (known === numbers.size) numbers.set(line, known)
    ids[at] = known
  }
  return { ids, changed: new Uint8Array(lines.length) }
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
