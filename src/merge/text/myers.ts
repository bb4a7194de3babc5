import { markAll, type Region, type Sequence } from './sequence.ts'

/**
 * Marks the fewest lines that differ in a region. Myers, "An O(ND) Difference Algorithm and Its Variations", 1986, with its
 * division in the middle, so that memory stays linear.
 */
export function myers(a: Sequence, b: Sequence, whole: Region): void {
  const open = [whole]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const region = trimmed(a.ids, b.ids, next)
    const { aFrom, aTo, bFrom, bTo } = region
    if (aFrom === aTo || bFrom === bTo) {
      markAll(a, b, region)
      continue
    }
    const [aAt, bAt] = middle(a.ids, b.ids, region)
    open.push({ aFrom, aTo: aAt, bFrom, bTo: bAt }, { aFrom: aAt, aTo, bFrom: bAt, bTo })
  }
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

/** A point on a shortest path, where the search from the front meets that from the back; never a corner of the region. */
function middle(a: Int32Array, b: Int32Array, { aFrom, aTo, bFrom, bTo }: Region): readonly [number, number] {
  const size = { width: aTo - aFrom, height: bTo - bFrom }
  const front = new Search(size, (x, y) => a[aFrom + x] === b[bFrom + y])
  const back = new Search(size, (x, y) => a[aTo - 1 - x] === b[bTo - 1 - y])
  const delta = size.width - size.height
  const isOdd = delta % 2 !== 0
  for (let d = 0; ; d += 1) {
    for (let k = -d; k <= d; k += 2) {
      const x = front.advance(k, d)
      if (isOdd && Math.abs(delta - k) < d && x + back.reached(delta - k) >= size.width)
        return [aFrom + x, bFrom + x - k]
    }
    for (let k = -d; k <= d; k += 2) {
      const x = back.advance(k, d)
      if (!isOdd && Math.abs(delta - k) <= d && x + front.reached(delta - k) >= size.width)
        return [aTo - x, bTo - x + k]
    }
  }
}

/** How far paths of a number of changes come, by diagonal; from one corner of a region. */
class Search {
  readonly #reached: Int32Array
  readonly #width: number
  readonly #height: number
  readonly #isSame: (x: number, y: number) => boolean

  constructor({ width, height }: { width: number; height: number }, isSame: (x: number, y: number) => boolean) {
    this.#reached = new Int32Array(2 * (width + height) + 3)
    this.#width = width
    this.#height = height
    this.#isSame = isSame
  }

  reached(diagonal: number): number {
    return this.#reached[diagonal + this.#width + this.#height + 1] ?? 0
  }

  /** The furthest point on a diagonal with `d` changes, all with one fewer being known. */
  advance(diagonal: number, d: number): number {
    const [below, above] = [this.reached(diagonal - 1), this.reached(diagonal + 1)]
    let x = diagonal === -d || (diagonal !== d && below < above) ? above : below + 1
    for (let y = x - diagonal; x < this.#width && y < this.#height && y >= 0 && this.#isSame(x, y); y += 1) x += 1
    this.#reached[diagonal + this.#width + this.#height + 1] = x
    return x
  }
}
