import type { Region } from './sequence.ts'

/** Where a region is divided, and whether each part is looked through to the last or may be divided by a guess again. */
export interface Division {
  readonly aAt: number
  readonly bAt: number
  readonly isFirstExact: boolean
  readonly isSecondExact: boolean
}

/** Diagonals of two texts that no path has reached yet. */
const [notYet, notYetBack] = [-1, 0x7fffffff]
/** So many equal lines in a row are a path worth following. */
const longRun = 20
/** From so many changes on a long run is followed, ... */
const manyChanges = 256
/** ... where the path has come so many times as far. */
const worthFollowing = 4

/**
 * Divides regions of two texts where a path from the front meets one from the back (xdl_split in xdiff/xdiffi.c of git): Myers, "An O(ND)
 * Difference Algorithm and Its Variations", 1986, but where that takes long, at the end of a path that looks good.
 */
export class Divider {
  readonly #a: Int32Array
  readonly #b: Int32Array
  readonly #front: Int32Array
  readonly #back: Int32Array
  readonly #mostChanges: number

  constructor(a: Int32Array, b: Int32Array) {
    const diagonals = a.length + b.length + 3
    this.#a = a
    this.#b = b
    this.#front = new Int32Array(diagonals + 1)
    this.#back = new Int32Array(diagonals + 1)
    this.#mostChanges = Math.max(256, roughRoot(diagonals))
  }

  /** @param isExact whether the fewest changes are looked for however long that takes */
  divide(region: Region, isExact: boolean): Division {
    const texts = { a: this.#a, b: this.#b, region, shift: this.#b.length + 1 }
    const [front, back] = [new Front(texts, this.#front), new Back(texts, this.#back)]
    const isOdd = (front.middle - back.middle) % 2 !== 0
    for (let changes = 1; ; changes += 1) {
      const met = front.advance(isOdd ? back : null) ?? back.advance(isOdd ? null : front)
      if (met !== null) return { ...met, isFirstExact: true, isSecondExact: true }
      if (isExact) continue
      const guess = this.#guess(front, back, changes)
      if (guess !== null) return guess
    }
  }

  #guess(front: Front, back: Back, changes: number): Division | null {
    if ((front.hasLongRun || back.hasLongRun) && changes > manyChanges) {
      const before = front.promising(changes)
      if (before !== null) return { ...before, isFirstExact: true, isSecondExact: false }
      const behind = back.promising(changes)
      if (behind !== null) return { ...behind, isFirstExact: false, isSecondExact: true }
    }
    if (changes < this.#mostChanges) return null
    const [first, last] = [front.furthest(), back.furthest()]
    return first.distance > last.distance
      ? { aAt: first.aAt, bAt: first.bAt, isFirstExact: true, isSecondExact: false }
      : { aAt: last.aAt, bAt: last.bAt, isFirstExact: false, isSecondExact: true }
  }
}

/** A power of two near the square root (xdl_bogosqrt). */
export function roughRoot(number: number): number {
  let root = 1
  for (let left = number; left > 0; left >>= 2) root <<= 1
  return root
}

interface Texts {
  readonly a: Int32Array
  readonly b: Int32Array
  readonly region: Region
  /** What makes a place in an array of a diagonal. */
  readonly shift: number
}

interface Place {
  readonly aAt: number
  readonly bAt: number
}

/** How far paths come from one corner of a region, by diagonal. */
abstract class Paths {
  readonly texts: Texts
  readonly reached: Int32Array
  readonly middle: number
  from: number
  to: number
  hasLongRun = false

  constructor(texts: Texts, reached: Int32Array, [aAt, bAt]: readonly [number, number]) {
    this.texts = texts
    this.reached = reached
    this.middle = aAt - bAt
    this.from = this.middle
    this.to = this.middle
    this.reached[this.middle + texts.shift] = aAt
  }

  /** One change more: of the diagonals on either side every other one. */
  widen(unreached: number): void {
    const { region, shift } = this.texts
    this.hasLongRun = false
    if (this.from > region.aFrom - region.bTo) this.reached[--this.from - 1 + shift] = unreached
    else this.from += 1
    if (this.to < region.aTo - region.bFrom) this.reached[++this.to + 1 + shift] = unreached
    else this.to -= 1
  }

  has(diagonal: number): boolean {
    return this.from <= diagonal && diagonal <= this.to
  }

  at(diagonal: number): number {
    return this.reached[diagonal + this.texts.shift] ?? 0
  }

  /** The end of a path that has come far without straying and ends in a long run; null where there is none. */
  promising(changes: number): Place | null {
    let best: Place | null = null
    let most = worthFollowing * changes
    for (let diagonal = this.to; diagonal >= this.from; diagonal -= 2) {
      const aAt = this.at(diagonal)
      const worth = this.distance(aAt, aAt - diagonal) - Math.abs(diagonal - this.middle)
      if (worth <= most || !this.endsInLongRun(aAt, aAt - diagonal)) continue
      most = worth
      best = { aAt, bAt: aAt - diagonal }
    }
    return best
  }

  /** The end of the path that has come furthest, within the region. */
  furthest(): Place & { readonly distance: number } {
    let best = { aAt: 0, bAt: 0, distance: -1 }
    for (let diagonal = this.to; diagonal >= this.from; diagonal -= 2) {
      const aAt = this.within(diagonal)
      const distance = this.distance(aAt, aAt - diagonal)
      if (distance > best.distance) best = { aAt, bAt: aAt - diagonal, distance }
    }
    return best
  }

  abstract distance(aAt: number, bAt: number): number
  abstract within(diagonal: number): number
  abstract endsInLongRun(aAt: number, bAt: number): boolean
}

class Front extends Paths {
  constructor(texts: Texts, reached: Int32Array) {
    super(texts, reached, [texts.region.aFrom, texts.region.bFrom])
  }

  /** Where one meets those from the back; null where none does. */
  advance(back: Back | null): Place | null {
    this.widen(notYet)
    const { a, b, region, shift } = this.texts
    const { reached } = this
    for (let diagonal = this.to; diagonal >= this.from; diagonal -= 2) {
      const [below = 0, above = 0] = [reached[diagonal - 1 + shift], reached[diagonal + 1 + shift]]
      const start = below >= above ? below + 1 : above
      let aAt = start
      while (aAt < region.aTo && aAt - diagonal < region.bTo && a[aAt] === b[aAt - diagonal]) aAt += 1
      if (aAt - start > longRun) this.hasLongRun = true
      reached[diagonal + shift] = aAt
      if (back?.has(diagonal) === true && back.at(diagonal) <= aAt) return { aAt, bAt: aAt - diagonal }
    }
    return null
  }

  override distance(aAt: number, bAt: number): number {
    return aAt - this.texts.region.aFrom + bAt - this.texts.region.bFrom
  }

  override within(diagonal: number): number {
    const { aTo, bTo } = this.texts.region
    const aAt = Math.min(this.at(diagonal), aTo)
    return bTo < aAt - diagonal ? bTo + diagonal : aAt
  }

  override endsInLongRun(aAt: number, bAt: number): boolean {
    const { a, b, region } = this.texts
    if (aAt < region.aFrom + longRun || aAt >= region.aTo) return false
    if (bAt < region.bFrom + longRun || bAt >= region.bTo) return false
    for (let back = 1; back <= longRun; back += 1) if (a[aAt - back] !== b[bAt - back]) return false
    return true
  }
}

class Back extends Paths {
  constructor(texts: Texts, reached: Int32Array) {
    super(texts, reached, [texts.region.aTo, texts.region.bTo])
  }

  /** Where one meets those from the front; null where none does. */
  advance(front: Front | null): Place | null {
    this.widen(notYetBack)
    const { a, b, region, shift } = this.texts
    const { reached } = this
    for (let diagonal = this.to; diagonal >= this.from; diagonal -= 2) {
      const [below = 0, above = 0] = [reached[diagonal - 1 + shift], reached[diagonal + 1 + shift]]
      const start = below < above ? below : above - 1
      let aAt = start
      while (aAt > region.aFrom && aAt - diagonal > region.bFrom && a[aAt - 1] === b[aAt - diagonal - 1]) aAt -= 1
      if (start - aAt > longRun) this.hasLongRun = true
      reached[diagonal + shift] = aAt
      if (front?.has(diagonal) === true && aAt <= front.at(diagonal)) return { aAt, bAt: aAt - diagonal }
    }
    return null
  }

  override distance(aAt: number, bAt: number): number {
    return this.texts.region.aTo - aAt + this.texts.region.bTo - bAt
  }

  override within(diagonal: number): number {
    const { aFrom, bFrom } = this.texts.region
    const aAt = Math.max(aFrom, this.at(diagonal))
    return aAt - diagonal < bFrom ? bFrom + diagonal : aAt
  }

  override endsInLongRun(aAt: number, bAt: number): boolean {
    const { a, b, region } = this.texts
    if (aAt <= region.aFrom || aAt > region.aTo - longRun) return false
    if (bAt <= region.bFrom || bAt > region.bTo - longRun) return false
    for (let on = 0; on < longRun; on += 1) if (a[aAt + on] !== b[bAt + on]) return false
    return true
  }
}
