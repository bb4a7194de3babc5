import type { Sequence } from './sequence.ts'

/**
 * Moves each group of changed lines as far down as it goes, joining those it meets, or to where the other text has a change as
 * well (xdl_change_compact in xdiff/xdiffi.c of git).
 */
export function compact(own: Sequence, other: Sequence): void {
  const group = new Group(own)
  const opposite = new Group(other)
  do {
    if (!group.isEmpty) settle(group, opposite)
  } while (group.toNext() && opposite.toNext())
}

function settle(group: Group, opposite: Group): void {
  let size: number
  let earliestEnd: number
  let matchingEnd: number | null
  do {
    size = group.end - group.start
    matchingEnd = null
    while (group.slideUp()) opposite.toPrevious()
    earliestEnd = group.end
    if (!opposite.isEmpty) matchingEnd = group.end
    while (group.slideDown()) {
      opposite.toNext()
      if (!opposite.isEmpty) matchingEnd = group.end
    }
  } while (size !== group.end - group.start)
  if (group.end === earliestEnd || matchingEnd === null) return
  while (opposite.isEmpty && group.slideUp()) opposite.toPrevious()
}

/** A run of changed lines, possibly empty, between two unchanged ones. */
class Group {
  start = 0
  end = 0
  readonly #ids: Int32Array
  readonly #changed: Uint8Array

  constructor({ ids, changed }: Sequence) {
    this.#ids = ids
    this.#changed = changed
    while (this.#changed[this.end] === 1) this.end += 1
  }

  get isEmpty(): boolean {
    return this.start === this.end
  }

  toNext(): boolean {
    if (this.end === this.#ids.length) return false
    this.start = this.end + 1
    this.end = this.start
    while (this.#changed[this.end] === 1) this.end += 1
    return true
  }

  toPrevious(): void {
    if (this.start === 0) return
    this.end = this.start - 1
    this.start = this.end
    while (this.#changed[this.start - 1] === 1) this.start -= 1
  }

  slideUp(): boolean {
    if (this.start === 0 || this.#ids[this.start - 1] !== this.#ids[this.end - 1]) return false
    this.start -= 1
    this.#changed[this.start] = 1
    this.end -= 1
    this.#changed[this.end] = 0
    while (this.#changed[this.start - 1] === 1) this.start -= 1
    return true
  }

  slideDown(): boolean {
    if (this.end === this.#ids.length || this.#ids[this.start] !== this.#ids[this.end]) return false
    this.#changed[this.start] = 0
    this.start += 1
    this.#changed[this.end] = 1
    this.end += 1
    while (this.#changed[this.end] === 1) this.end += 1
    return true
  }
}
