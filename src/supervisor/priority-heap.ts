/** Something that can lie in a heap: it knows its place, so that it can be taken out of the middle. */
export interface HeapItem {
  /** Index within the heap, or -1. Only the heap writes it. */
  position: number
}

/** A binary heap: the best item is at hand, adding and removing any item cost O(log n). */
export class PriorityHeap<Item extends HeapItem> {
  readonly #items: Item[] = []
  readonly #isBefore: (one: Item, other: Item) => boolean

  /** @param isBefore a strict order; items of which neither is before the other come in any order */
  constructor(isBefore: (one: Item, other: Item) => boolean) {
    this.#isBefore = isBefore
  }

  get size(): number {
    return this.#items.length
  }

  /** The best item, if there is one; it stays. */
  get first(): Item | undefined {
    return this.#items[0]
  }

  push(item: Item): void {
    this.#rise(item, this.#items.length)
  }

  /** Takes the best item out, if there is one. */
  pop(): Item | undefined {
    const [best] = this.#items
    if (best !== undefined) this.remove(best)
    return best
  }

  /** Takes an item out, wherever it lies; false when it does not lie here. */
  remove(item: Item): boolean {
    const { position } = item
    if (this.#items[position] !== item) return false
    item.position = -1
    const last = this.#items.pop()
    if (last === undefined || last === item) return true
    this.#rise(last, position)
    this.#sink(last, last.position)
    return true
  }

  #rise(item: Item, from: number): void {
    let position = from
    while (position > 0) {
      const above = (position - 1) >> 1
      const parent = this.#items[above]
      if (parent === undefined || !this.#isBefore(item, parent)) break
      this.#put(parent, position)
      position = above
    }
    this.#put(item, position)
  }

  #sink(item: Item, from: number): void {
    let position = from
    for (;;) {
      const below = this.#betterChild(position)
      if (below === undefined || !this.#isBefore(below, item)) break
      const next = below.position
      this.#put(below, position)
      position = next
    }
    this.#put(item, position)
  }

  #betterChild(position: number): Item | undefined {
    const left = this.#items[2 * position + 1]
    const right = this.#items[2 * position + 2]
    if (left === undefined || right === undefined) return left
    return this.#isBefore(right, left) ? right : left
  }

  #put(item: Item, position: number): void {
    this.#items[position] = item
    item.position = position
  }
}
