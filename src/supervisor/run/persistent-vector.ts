/** A list that is never changed in place: `withItem` copies one chunk and the list of chunks. */
export interface PersistentVector<Item> {
  readonly length: number
  readonly chunks: readonly (readonly Item[])[]
}

const chunkSize = 128

/** A vector of the items, in their order. */
export function vectorOf<Item>(items: readonly Item[]): PersistentVector<Item> {
  const chunks: Item[][] = []
  for (let from = 0; from < items.length; from += chunkSize) chunks.push(items.slice(from, from + chunkSize))
  return { length: items.length, chunks }
}

/** The item at `index`; an index outside is a programmer's error and throws RangeError. */
export function itemAt<Item>(vector: PersistentVector<Item>, index: number): Item {
  const chunk = vector.chunks[Math.floor(index / chunkSize)]
  if (chunk === undefined || !(index >= 0 && index < vector.length))
    throw new RangeError(`no item ${index} of ${vector.length}`)
  return chunk[index % chunkSize] as Item
}

/** A vector that differs in one item. */
export function withItem<Item>(vector: PersistentVector<Item>, index: number, item: Item): PersistentVector<Item> {
  const which = Math.floor(index / chunkSize)
  const chunk = vector.chunks[which]
  if (chunk === undefined || !(index >= 0 && index < vector.length))
    throw new RangeError(`no item ${index} of ${vector.length}`)
  return { length: vector.length, chunks: vector.chunks.with(which, chunk.with(index % chunkSize, item)) }
}

/** Every item in order. */
export function* itemsOf<Item>(vector: PersistentVector<Item>): Generator<Item> {
  for (const chunk of vector.chunks) yield* chunk
}
