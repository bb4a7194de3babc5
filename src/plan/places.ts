import { type Document, isMap, isNode, isPair, isScalar, isSeq, type LineCounter, type Node } from 'yaml'
import type { Mistake } from './task.ts'

export type Path = readonly PropertyKey[]

/** Knows where each value of a YAML document stands. */
export class Places {
  readonly #document: Document.Parsed
  readonly #lines: LineCounter

  constructor(document: Document.Parsed, lines: LineCounter) {
    this.#document = document
    this.#lines = lines
  }

  /** A mistake at the value of `path`, or at its nearest ancestor when it is missing. */
  atValue(path: Path, message: string): Mistake {
    return this.#mistake(this.#find(path).value, path, message)
  }

  /** A mistake at the key of `path`. */
  atKey(path: Path, message: string): Mistake {
    return this.#mistake(this.#find(path).key, path, message)
  }

  /** A mistake at an offset of the text. */
  atOffset(offset: number, message: string): Mistake {
    return this.#mistake(offset, [], message)
  }

  #mistake(offset: number, path: Path, message: string): Mistake {
    const { line, col } = this.#lines.linePos(offset)
    return { line, column: col, path: path.map(String).join('.'), message }
  }

  #find(path: Path): { readonly key: number; readonly value: number } {
    let node: unknown = this.#document.contents
    let found = { key: offsetOf(node, 0), value: offsetOf(node, 0) }
    for (const step of path) {
      const next = stepInto(node, step)
      if (next === null) return found
      const key = offsetOf(next.key, found.value)
      // a mapping is shown at its name, not at its first key
      found = { key, value: next.key !== null && isMap(next.value) ? key : offsetOf(next.value, key) }
      node = next.value
    }
    return found
  }
}

interface Step {
  readonly key: Node | null
  readonly value: unknown
}

function stepInto(node: unknown, step: PropertyKey): Step | null {
  if (isMap(node)) {
    const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === step)
    return pair === undefined ? null : { key: pair.key as Node, value: pair.value }
  }
  if (isSeq(node) && typeof step === 'number' && step in node.items) return { key: null, value: node.items[step] }
  return null
}

const offsetOf = (node: unknown, otherwise: number): number =>
  isNode(node) && node.range !== null && node.range !== undefined ? node.range[0] : otherwise
