import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { inflateSync } from 'node:zlib'
import type { GitObject } from './object-answers.ts'

/** What stands at a place of a pack: an object, or the difference to another that stands before it or goes by an id. */
export type PackEntry =
  | ({ readonly how: 'whole' } & GitObject)
  | { readonly how: 'delta'; readonly base: number | string; readonly delta: Buffer }

/** Larger objects are not read at once: it would take too long. */
export const mostBytes = 4 * 2 ** 20

/** One pack with its index of version 2, read in pieces as they are needed (gitformat-pack(5)). */
export class PackFile implements Disposable {
  readonly #index: number
  readonly #pack: number
  readonly #packBytes: number
  readonly #files: DisposableStack
  readonly #idBytes: number
  /** How many ids begin with a byte up to this one. */
  readonly #upTo: readonly number[]

  /**
   * @param path without its ending
   * @throws Error where the files cannot be read, RangeError for an index of another version
   */
  constructor(path: string, idBytes: number) {
    this.#idBytes = idBytes
    using opened = new DisposableStack()
    this.#index = opened.adopt(openSync(`${path}.idx`, 'r'), closeSync)
    this.#pack = opened.adopt(openSync(`${path}.pack`, 'r'), closeSync)
    this.#packBytes = fstatSync(this.#pack).size
    const head = piece(this.#index, 0, firstId)
    if (head.readUInt32BE(0) !== 0xff744f63 || head.readUInt32BE(4) !== 2) throw new RangeError('not version 2')
    this.#upTo = Array.from({ length: 256 }, (_, byte) => head.readUInt32BE(8 + 4 * byte))
    this.#files = opened.move()
  }

  /** Where an object stands in the pack; null where it does not. */
  placeOf(oid: string): number | null {
    const id = Buffer.from(oid, 'hex')
    const [byte = 0] = id
    const [from, to] = [byte === 0 ? 0 : this.#countUpTo(byte - 1), this.#countUpTo(byte)]
    const ids = piece(this.#index, firstId + from * this.#idBytes, (to - from) * this.#idBytes)
    const at = this.#search(ids, id, to - from)
    return at === null ? null : this.#placeAt(from + at)
  }

  /**
   * What stands at a place; null where it is too large.
   * @throws Error where it cannot be read
   */
  entryAt(place: number): PackEntry | null {
    const start = piece(this.#pack, place, Math.min(usually, this.#packBytes - place))
    const { kind, size, end } = readHead(start)
    if (size > mostBytes) return null
    const type = types[kind]
    if (type !== undefined) return { how: 'whole', type, content: this.#inflated(place, start, end, size) }
    if (kind === 7) {
      const base = start.toString('hex', end, end + this.#idBytes)
      return { how: 'delta', base, delta: this.#inflated(place, start, end + this.#idBytes, size) }
    }
    if (kind !== 6) throw new RangeError(`there is no object of kind ${kind}`)
    const back = readDistance(start, end)
    if (back.distance === 0) throw new RangeError('a difference to itself')
    return { how: 'delta', base: place - back.distance, delta: this.#inflated(place, start, back.end, size) }
  }

  [Symbol.dispose](): void {
    this.#files.dispose()
  }

  #countUpTo(byte: number): number {
    return this.#upTo[byte] ?? 0
  }

  #search(ids: Buffer, id: Buffer, count: number): number | null {
    let [low, high] = [0, count]
    while (low < high) {
      const middle = (low + high) >> 1
      const from = middle * this.#idBytes
      const order = id.compare(ids, from, from + this.#idBytes)
      if (order === 0) return middle
      if (order < 0) high = middle
      else low = middle + 1
    }
    return null
  }

  /** After the ids come checksums, places of 31 bits, and longer ones that these point at. */
  #placeAt(number: number): number {
    const count = this.#countUpTo(255)
    const places = firstId + count * (this.#idBytes + 4)
    const place = piece(this.#index, places + number * 4, 4).readUInt32BE(0)
    if (place < 2 ** 31) return place
    return Number(piece(this.#index, places + count * 4 + (place - 2 ** 31) * 8, 8).readBigUInt64BE(0))
  }

  #inflated(place: number, start: Buffer, from: number, size: number): Buffer {
    const most = Math.min(mostCompressed(size), this.#packBytes - place - from)
    const packed = start.length - from >= most ? start.subarray(from) : piece(this.#pack, place + from, most)
    const bytes = inflateSync(packed, { chunkSize: Math.max(64, size), maxOutputLength: Math.max(1, size) })
    if (bytes.length !== size) throw new RangeError('an object is not as long as it says')
    return bytes
  }
}

/** Where ids begin in an index. */
const firstId = 8 + 4 * 256

/** Most objects are read with one call. */
const usually = 4_096

/** What does not compress grows a little. */
const mostCompressed = (size: number): number => size + (size >> 3) + 128

const types: Readonly<Record<number, GitObject['type']>> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' }

function piece(file: number, from: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let read = 0
  while (read < length) {
    const more = readSync(file, bytes, read, length - read, from + read)
    if (more === 0) throw new RangeError('a file ends too early')
    read += more
  }
  return bytes
}

/** The kind in three bits, the size in four and then in seven a byte. */
function readHead(bytes: Buffer): { readonly kind: number; readonly size: number; readonly end: number } {
  const [first = 0] = bytes
  let [size, factor, end] = [first & 0x0f, 16, 1]
  for (let byte = first; byte >= 0x80; end += 1, factor *= 128) {
    byte = bytes[end] ?? 0
    size += (byte & 0x7f) * factor
  }
  return { kind: (first >> 4) & 7, size, end }
}

/** Seven bits a byte, the high ones first; each further byte counts one more. */
function readDistance(bytes: Buffer, at: number): { readonly distance: number; readonly end: number } {
  let [byte, end] = [bytes[at] ?? 0, at + 1]
  let distance = byte & 0x7f
  for (; byte >= 0x80; end += 1) {
    byte = bytes[end] ?? 0
    distance = (distance + 1) * 128 + (byte & 0x7f)
  }
  return { distance, end }
}
