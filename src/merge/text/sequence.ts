/** A text as numbers, equal lines having equal numbers, and which of its lines the other text lacks. */
export interface Sequence {
  readonly ids: Int32Array
  /** 1 for each line that is changed. */
  readonly changed: Uint8Array
}

/** A half-open range of two sequences. */
export interface Region {
  readonly aFrom: number
  readonly aTo: number
  readonly bFrom: number
  readonly bTo: number
}

/** Marks everything in a region as changed. */
export function markAll(a: Sequence, b: Sequence, { aFrom, aTo, bFrom, bTo }: Region): void {
  a.changed.fill(1, aFrom, aTo)
  b.changed.fill(1, bFrom, bTo)
}
