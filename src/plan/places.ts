import { type Document, isMap, isNode, isPair, isScalar, isSeq, type Node, type Scalar } from 'yaml'
import { type LinePlace, linePlaces } from './line-places.ts'
import type { Mistake } from './task.ts'

export type Path = readonly PropertyKey[]

/** Puts mistakes in their places. */
export interface PlaceFinder {
  /** A mistake at the value of `path`, or at its nearest ancestor when it is missing. */
  atValue(path: Path, message: string): Mistake
  /** A mistake at the key of `path`. */
  atKey(path: Path, message: string): Mistake
}

/** Knows where each value of a YAML document stands. */
export class Places implements PlaceFinder {
  readonly #document: Document.Parsed
  readonly #placeOf: (offset: number) => LinePlace

  constructor(document: Document.Parsed, text: string) {
    this.#document = document
    this.#placeOf = linePlaces(text)
  }

  atValue(path: Path, message: string): Mistake {
    return this.#mistake(this.#find(path).value, path, message)
  }

  atKey(path: Path, message: string): Mistake {
    return this.#mistake(this.#find(path).key, path, message)
  }

  /** A mistake at an offset of the text, in UTF-16 code units. */
  atOffset(offset: number, message: string, path: Path = []): Mistake {
    return this.#mistake(offset, path, message)
  }

  #mistake(offset: number, path: Path, message: string): Mistake {
    return { ...this.#placeOf(offset), path: path.map(String).join('.'), message }
  }

  #find(path: Path): { readonly key: number; readonly value: number } {
    let node: unknown = this.#document.contents
    let found = { key: offsetOf(node, 0), value: offsetOf(node, 0) }
    for (const step of path) {
      const next = stepInto(node, step)
      if (next === null) return found
      const value = offsetOf(next.value, offsetOf(next.key, found.value))
      const key = offsetOf(next.key, value)
      // a mapping is shown at its name, not at its first key
      found = { key, value: next.key !== null && isMap(next.value) ? key : value }
      node = next.value
    }
    return found
  }
}

/** A key as it stands in what is read: nothing at all is an empty text there. */
export function keyText({ value }: Scalar): string {
  const text = String(value)
  return value === null ? '' : text
}

interface Step {
  readonly key: Node | null
  readonly value: unknown
}

function stepInto(node: unknown, step: PropertyKey): Step | null {
  if (isMap(node)) {
    // of a key that is there twice the last counts
    const pair = node.items.findLast((item) => isPair(item) && isScalar(item.key) && keyText(item.key) === step)
    return pair === undefined ? null : { key: pair.key as Node, value: pair.value }
  }
  if (isSeq(node) && typeof step === 'number' && step in node.items) return { key: null, value: node.items[step] }
  return null
}

const offsetOf = (node: unknown, otherwise: number): number =>
  isNode(node) && node.range !== null && node.range !== undefined ? node.range[0] : otherwise
