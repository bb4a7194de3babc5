import { Divider, roughRoot } from './divide.ts'
import type { Region, Sequence } from './sequence.ts'

/**
 * Marks what differs in a region of two texts as git's default diff does, to which its histogram diff hands on what has nothing rare in it
 * (xdl_do_diff in xdiff/xdiffi.c and xdl_optimize_ctxs in xdiff/xprepare.c): the fewest changes, or few where that takes long; lines that
 * occur often among lines that the other text lacks are changed with them.
 */
export function classic(a: Sequence, b: Sequence, whole: Region): void {
  const region = trimmed(a.ids, b.ids, whole)
  const [inA, inB] = [countsOf(a.ids, whole.aFrom, whole.aTo), countsOf(b.ids, whole.bFrom, whole.bTo)]
  const ofA = lookedAt(a, { from: region.aFrom, to: region.aTo, size: whole.aTo - whole.aFrom, others: inB })
  const ofB = lookedAt(b, { from: region.bFrom, to: region.bTo, size: whole.bTo - whole.bFrom, others: inA })
  markFewest(ofA, ofB)
}

/** Lines of a text that are compared: their numbers, and where they are. */
interface LookedAt {
  readonly text: Sequence
  readonly ids: Int32Array
  readonly places: Int32Array
}

interface Part {
  readonly whole: Region
  /** Whether the fewest changes are looked for however long that takes. */
  readonly isExact: boolean
}

function markFewest(a: LookedAt, b: LookedAt): void {
  const divider = new Divider(a.ids, b.ids)
  const open: Part[] = [{ whole: { aFrom: 0, aTo: a.ids.length, bFrom: 0, bTo: b.ids.length }, isExact: false }]
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    const region = trimmed(a.ids, b.ids, part.whole)
    const { aFrom, aTo, bFrom, bTo } = region
    if (aFrom === aTo || bFrom === bTo) {
      mark(a, aFrom, aTo)
      mark(b, bFrom, bTo)
      continue
    }
    const { aAt, bAt, isFirstExact, isSecondExact } = divider.divide(region, part.isExact)
    open.push({ whole: { aFrom, aTo: aAt, bFrom, bTo: bAt }, isExact: isFirstExact })
    open.push({ whole: { aFrom: aAt, aTo, bFrom: bAt, bTo }, isExact: isSecondExact })
  }
}

function mark({ text, places }: LookedAt, from: number, to: number): void {
  for (const place of places.subarray(from, to)) text.changed[place] = 1
}

/** Without the equal lines at both ends. */
function trimmed(a: Int32Array, b: Int32Array, region: Region): Region {
  let { aFrom, aTo, bFrom, bTo } = region
  while (aFrom < aTo && bFrom < bTo && a[aFrom] === b[bFrom]) {
    aFrom += 1
    bFrom += 1
  }
  while (aFrom < aTo && bFrom < bTo && a[aTo - 1] === b[bTo - 1]) {
    aTo -= 1
    bTo -= 1
  }
  return { aFrom, aTo, bFrom, bTo }
}

type Counts = ReadonlyMap<number, number>

function countsOf(ids: Int32Array, from: number, to: number): Counts {
  const counts = new Map<number, number>()
  for (const id of ids.subarray(from, to)) counts.set(id, (counts.get(id) ?? 0) + 1)
  return counts
}

/** How often the other text has a line. */
const [never, seldom, often] = [0, 1, 2]

/** What occurs so often in the other text counts as often in any. */
const mostOccurrences = 1024

interface Within {
  readonly from: number
  readonly to: number
  /** Of the text with its equal ends. */
  readonly size: number
  /** What the other text has. */
  readonly others: Counts
}

/** Lines that the other text lacks need not be compared, nor those that it has often where they stand among such. */
function lookedAt(text: Sequence, { from, to, size, others }: Within): LookedAt {
  const limit = Math.min(roughRoot(size), mostOccurrences)
  const frequencies = new Uint8Array(to - from)
  for (let at = 0; at < frequencies.length; at += 1) {
    const count = others.get(text.ids[from + at] ?? 0) ?? 0
    frequencies[at] = count === 0 ? never : count >= limit ? often : seldom
  }
  const places = new Int32Array(to - from)
  let kept = 0
  for (let at = 0; at < frequencies.length; at += 1) {
    const frequency = frequencies[at]
    if (frequency === seldom || (frequency === often && !isAmongLacking(frequencies, at))) {
      places[kept] = from + at
      kept += 1
    } else text.changed[from + at] = 1
  }
  const used = places.subarray(0, kept)
  return { text, places: used, ids: Int32Array.from(used, (place) => text.ids[place] ?? 0) }
}

/** So many lines on either side are looked at. */
const window = 100

/** Whether most lines around are such as the other text lacks (xdl_clean_mmatch). */
function isAmongLacking(frequencies: Uint8Array, at: number): boolean {
  const [before, behind] = [runFrom(frequencies, at, -1), runFrom(frequencies, at, 1)]
  if (before.lacking === 0 || behind.lacking === 0) return false
  const [lacking, other] = [before.lacking + behind.lacking, before.often + behind.often]
  return other * 4 < other + lacking
}

/** The lines on one side up to the first that the other text has, but not often. */
function runFrom(frequencies: Uint8Array, at: number, step: 1 | -1): { lacking: number; often: number } {
  const run = { lacking: 0, often: 1 }
  for (let away = 1; away <= window; away += 1) {
    const frequency = frequencies[at + away * step]
    if (frequency === never) run.lacking += 1
    else if (frequency === often) run.often += 1
    else break
  }
  return run
}
