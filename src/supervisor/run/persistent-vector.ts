/** A list that is never changed in place: a tree of small nodes, of which `withItem` copies those on the way to one item. */
export interface PersistentVector<Item> {
  readonly length: number
  /** Levels of nodes above those that hold items. */
  readonly height: number
  readonly root: Node<Item>
}

type Node<Item> = readonly Item[] | readonly Node<Item>[]

/** Items, or nodes, in one node. */
const width = 32

/** A vector of the items, in their order. */
export function vectorOf<Item>(items: readonly Item[]): PersistentVector<Item> {
  let level: Node<Item>[] = inNodes(items)
  let height = 0
  for (; level.length > 1; height += 1) level = inNodes(level)
  return { length: items.length, height, root: level[0] ?? [] }
}

function inNodes<Part>(parts: readonly Part[]): Part[][] {
  const nodes: Part[][] = []
  for (let from = 0; from < parts.length; from += width) nodes.push(parts.slice(from, from + width))
  return nodes
}

/** The item at `index`; an index outside is a programmer's error and throws RangeError. */
export function itemAt<Item>(vector: PersistentVector<Item>, index: number): Item {
  mustHold(vector, index)
  let node = vector.root
  for (let height = vector.height; height > 0; height -= 1) node = node[placeAt(index, height)] as Node<Item>
  return node[index % width] as Item
}

/** A vector that differs in one item. */
export function withItem<Item>(vector: PersistentVector<Item>, index: number, item: Item): PersistentVector<Item> {
  mustHold(vector, index)
  const { length, height, root } = vector
  return { length, height, root: changed(root, height, { index, item }) }
}

function changed<Item>(node: Node<Item>, height: number, change: { index: number; item: Item }): Node<Item> {
  if (height === 0) return (node as readonly Item[]).with(change.index % width, change.item)
  const place = placeAt(change.index, height)
  const nodes = node as readonly Node<Item>[]
  return nodes.with(place, changed(nodes[place] as Node<Item>, height - 1, change))
}

/** Every item in order. */
export function* itemsOf<Item>({ length, height, root }: PersistentVector<Item>): Generator<Item> {
  if (length > 0) yield* itemsUnder(root, height)
}

function* itemsUnder<Item>(node: Node<Item>, height: number): Generator<Item> {
  if (height === 0) yield* node as readonly Item[]
  else for (const part of node as readonly Node<Item>[]) yield* itemsUnder(part, height - 1)
}

/** Which of the nodes below leads to an item. */
const placeAt = (index: number, height: number): number => Math.floor(index / width ** height) % width

function mustHold({ length }: PersistentVector<unknown>, index: number): void {
  if (!(Number.isInteger(index) && index >= 0 && index < length)) throw new RangeError(`no item ${index} of ${length}`)
}
