/** A priority queue that is never changed in place (Crane's leftist tree; Okasaki, Purely Functional Data Structures, 3.1). */
export type LeftistHeap = null | {
  readonly key: number
  /** Length of the right spine, which the tree keeps logarithmic. */
  readonly distance: number
  readonly left: LeftistHeap
  readonly right: LeftistHeap
}

/** The heap with one key more; O(log n). */
export const pushed = (heap: LeftistHeap, key: number): LeftistHeap =>
  merged(heap, { key, distance: 1, left: null, right: null })

/** The heap of keys that ascend: of them each lies above the next. */
export const heapOf = (ascending: readonly number[]): LeftistHeap =>
  ascending.reduceRight<LeftistHeap>((rest, key) => ({ key, distance: 1, left: rest, right: null }), null)

/** The heap without its smallest key; O(log n). */
export const popped = (heap: LeftistHeap): LeftistHeap => (heap === null ? null : merged(heap.left, heap.right))

function merged(a: LeftistHeap, b: LeftistHeap): LeftistHeap {
  if (a === null) return b
  if (b === null) return a
  return a.key <= b.key ? above(a, merged(a.right, b)) : above(b, merged(b.right, a))
}

/** The longer spine stands to the left. */
function above({ key, left }: NonNullable<LeftistHeap>, other: LeftistHeap): LeftistHeap {
  const near = distanceOf(left)
  const far = distanceOf(other)
  return near >= far
    ? { key, distance: far + 1, left, right: other }
    : { key, distance: near + 1, left: other, right: left }
}

const distanceOf = (heap: LeftistHeap): number => heap?.distance ?? 0
