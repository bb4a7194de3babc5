/** Who hears the lines of an output. */
export interface LineListener {
  /** A line that is a JSON object. */
  readonly event: (value: object) => void
  /** Any other line, without its end. */
  readonly stray: (line: string) => void
}

const newline = 10
const maximumBytes = 16 * 1024 * 1024

/** An output as lines, most of which are JSON; in bounded memory, whatever comes. */
export class JsonLines {
  readonly #listener: LineListener
  #parts: Uint8Array[] = []
  #length = 0

  constructor(listener: LineListener) {
    this.#listener = listener
  }

  /** Takes what was written. */
  receive(chunk: Uint8Array): void {
    let rest = chunk
    for (let end = rest.indexOf(newline); end !== -1; end = rest.indexOf(newline)) {
      this.#keep(rest.subarray(0, end))
      this.close()
      rest = rest.subarray(end + 1)
    }
    this.#keep(rest)
  }

  /** Nothing more will come: what is there is a line. */
  close(): void {
    const isWhole = this.#length <= maximumBytes
    const line = isWhole ? Buffer.concat(this.#parts).toString().trim() : `[a line of ${this.#length} bytes]`
    this.#parts = []
    this.#length = 0
    const value = isWhole ? objectIn(line) : null
    if (value !== null) this.#listener.event(value)
    else if (line !== '') this.#listener.stray(line)
  }

  #keep(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#length += bytes.length
    if (this.#length <= maximumBytes) this.#parts.push(Buffer.from(bytes))
    else this.#parts = []
  }
}

function objectIn(line: string): object | null {
  if (!line.startsWith('{')) return null
  try {
    return JSON.parse(line) as object
  } catch {
    return null
  }
}
