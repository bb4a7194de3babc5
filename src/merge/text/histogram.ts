import { classic } from './classic.ts'
import { markAll, type Region, type Sequence } from './sequence.ts'

/**
 * Marks what differs between two sequences (xdiff/xhistogram.c of git): splits at the longest run of the rarest lines. Where only lines
 * are common that occur too often, what git's default diff finds.
 */
export function histogram(a: Sequence, b: Sequence): void {
  const places = new Places(a.ids)
  const open: Region[] = [{ aFrom: 0, aTo: a.ids.length, bFrom: 0, bTo: b.ids.length }]
  for (let region = open.pop(); region !== undefined; region = open.pop()) {
    const { aFrom, aTo, bFrom, bTo } = region
    if (aFrom === aTo || bFrom === bTo) {
      markAll(a, b, region)
      continue
    }
    const common = new RunSearch(a.ids, b.ids, region, places).find()
    if (common === 'too common') classic(a, b, region)
    else if (common === null) markAll(a, b, region)
    else {
      open.push({ aFrom, aTo: common.aFrom, bFrom, bTo: common.bFrom })
      open.push({ aFrom: common.aTo, aTo, bFrom: common.bTo, bTo })
    }
  }
}

/** Lines that occur more often than this are nothing to hold on to. */
const mostOccurrences = 64

/** Where each line occurs in a region of one text, by its number; one region at a time. */
class Places {
  readonly #ids: Int32Array
  /** By a line's number, where it first occurs, or -1; by place, where it occurs next. */
  readonly #first: Int32Array
  readonly #next: Int32Array
  readonly #counts: Int32Array

  constructor(ids: Int32Array) {
    const most = ids.reduce((highest, id) => Math.max(highest, id), -1) + 1
    this.#ids = ids
    this.#first = new Int32Array(most).fill(-1)
    this.#next = new Int32Array(ids.length)
    this.#counts = new Int32Array(most)
  }

  /** Counts from the end, so that what comes first is the first. */
  enter({ aFrom, aTo }: Region): void {
    for (let at = aTo - 1; at >= aFrom; at -= 1) {
      const id = this.#ids[at] ?? 0
      this.#next[at] = this.#first[id] ?? -1
      this.#first[id] = at
      this.#counts[id] = (this.#counts[id] ?? 0) + 1
    }
  }

  leave({ aFrom, aTo }: Region): void {
    for (let at = aFrom; at < aTo; at += 1) {
      const id = this.#ids[at] ?? 0
      this.#first[id] = -1
      this.#counts[id] = 0
    }
  }

  /** How often a line occurs; 0 for one that is not there. */
  count(id: number): number {
    return this.#counts[id] ?? 0
  }

  /** The first place of a line that does occur. */
  first(id: number): number {
    return this.#first[id] ?? -1
  }

  /** The next place of the same line, or -1. */
  after(at: number): number {
    return this.#next[at] ?? -1
  }
}

/** Looks for the run of equal lines at which a region is split. */
class RunSearch {
  readonly #a: Int32Array
  readonly #b: Int32Array
  readonly #region: Region
  readonly #places: Places
  #best: Region | null = null
  #rarest = mostOccurrences + 1

  constructor(a: Int32Array, b: Int32Array, region: Region, places: Places) {
    this.#a = a
    this.#b = b
    this.#region = region
    this.#places = places
  }

  /** null when nothing is common, `too common` when only lines are that occur too often. */
  find(): Region | 'too common' | null {
    const { bFrom, bTo } = this.#region
    let hasCommon = false
    this.#places.enter(this.#region)
    for (let at = bFrom; at < bTo;) {
      const count = this.#places.count(this.#b[at] ?? 0)
      hasCommon ||= count > 0
      at = count === 0 || count > this.#rarest ? at + 1 : this.#tryAll(at)
    }
    this.#places.leave(this.#region)
    return hasCommon && this.#rarest > mostOccurrences ? 'too common' : this.#best
  }

  /** Grows a run from each place in `a`; answers with the first line of `b` behind all of them. */
  #tryAll(bAt: number): number {
    let after = bAt + 1
    let covered = -1
    for (let aAt = this.#places.first(this.#b[bAt] ?? 0); aAt !== -1; aAt = this.#places.after(aAt)) {
      if (aAt < covered) continue
      const run = this.#grow(aAt, bAt)
      const rarity = this.#rarityOf(run)
      const isLonger = this.#best === null || this.#best.aTo - this.#best.aFrom < run.aTo - run.aFrom
      if (isLonger || rarity < this.#rarest) [this.#best, this.#rarest] = [run, rarity]
      after = Math.max(after, run.bTo)
      covered = run.aTo
    }
    return after
  }

  /** The whole run of equal lines around one. */
  #grow(aAt: number, bAt: number): Region {
    const [a, b, region] = [this.#a, this.#b, this.#region]
    let before = 0
    while (aAt - before > region.aFrom && bAt - before > region.bFrom && a[aAt - before - 1] === b[bAt - before - 1])
      before += 1
    let length = 1
    while (aAt + length < region.aTo && bAt + length < region.bTo && a[aAt + length] === b[bAt + length]) length += 1
    return { aFrom: aAt - before, aTo: aAt + length, bFrom: bAt - before, bTo: bAt + length }
  }

  /** How often the rarest of its lines occurs. */
  #rarityOf({ aFrom, aTo }: Region): number {
    let rarity = mostOccurrences + 1
    for (let at = aFrom; at < aTo; at += 1) rarity = Math.min(rarity, this.#places.count(this.#a[at] ?? 0))
    return rarity
  }
}
