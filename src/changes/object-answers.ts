/** An object of git as it is stored. */
export interface GitObject {
  readonly type: 'blob' | 'tree' | 'commit' | 'tag'
  readonly content: Buffer
}

/** Reads the answers of `git cat-file --batch`, however they are cut: `<oid> <type> <size>`, the bytes, a newline. */
export class ObjectAnswers {
  readonly #answer: (oid: string, object: GitObject | null) => void
  #chunks: Buffer[] = []
  #length = 0
  /** Bytes without which nothing more can be read. */
  #needed = 1

  /** @param answer told of each object in the order asked for; null for one that is missing */
  constructor(answer: (oid: string, object: GitObject | null) => void) {
    this.#answer = answer
  }

  take(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#length += chunk.length
    if (this.#length < this.#needed) return
    let bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks)
    for (let used = this.#readOne(bytes); used > 0; used = this.#readOne(bytes)) bytes = bytes.subarray(used)
    this.#chunks = bytes.length === 0 ? [] : [bytes]
    this.#length = bytes.length
  }

  /** How many bytes the first answer takes; 0 when it is not whole. */
  #readOne(bytes: Buffer): number {
    const end = bytes.indexOf(10)
    this.#needed = bytes.length + 1
    if (end === -1) return 0
    const [oid = '', type = '', size = '0'] = bytes.toString('latin1', 0, end).split(' ')
    if (type === 'missing') {
      this.#answer(oid, null)
      return end + 1
    }
    const whole = end + 1 + Number(size) + 1
    if (bytes.length < whole) {
      this.#needed = whole
      return 0
    }
    this.#answer(oid, { type: type as GitObject['type'], content: bytes.subarray(end + 1, whole - 1) })
    return whole
  }
}
