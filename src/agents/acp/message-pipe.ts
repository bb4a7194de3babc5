import type { AnyMessage, Stream } from '@agentclientprotocol/sdk'

/** What a pipe of messages is made of. */
export interface PipeEnds {
  /** Writes to the other side. */
  readonly send: (bytes: Uint8Array) => void
  /** A line that is no message, without its end. */
  readonly stray: (line: string) => void
  /** The longest line that is read. */
  readonly maximumBytes: number
}

/** The other side said more at once than anybody should have to hold. */
export class MessageTooLarge extends Error {
  override readonly name = 'MessageTooLarge'
}

const newline = 10

/**
 * Messages as lines of JSON over standard streams. What is no message, or answers nothing that was asked, is set apart as stray:
 * programs print banners and warnings where only the protocol should be.
 */
export class MessagePipe {
  readonly stream: Stream
  readonly #ends: PipeEnds
  /** Ids of what was asked and is not answered. */
  readonly #asked = new Set<unknown>()
  #incoming: ReadableStreamDefaultController<AnyMessage> | null = null
  #parts: Uint8Array[] = []
  #length = 0

  constructor(ends: PipeEnds) {
    this.#ends = ends
    this.stream = {
      readable: new ReadableStream<AnyMessage>({
        start: (controller) => {
          this.#incoming = controller
        },
        cancel: () => {
          this.#incoming = null
        },
      }),
      writable: new WritableStream<AnyMessage>({
        write: (message) => {
          if ('method' in message && 'id' in message) this.#asked.add(message.id)
          ends.send(Buffer.from(`${JSON.stringify(message)}\n`))
        },
      }),
    }
  }

  /** Takes what the other side has written. */
  receive(chunk: Uint8Array): void {
    let rest = chunk
    for (let end = rest.indexOf(newline); end !== -1; end = rest.indexOf(newline)) {
      this.#keep(rest.subarray(0, end))
      this.#line()
      rest = rest.subarray(end + 1)
    }
    this.#keep(rest)
  }

  /** Nothing more will come. */
  close(): void {
    if (this.#length > 0) this.#line()
    this.#incoming?.close()
    this.#incoming = null
  }

  #keep(bytes: Uint8Array): void {
    if (this.#incoming === null || bytes.length === 0) return
    this.#length += bytes.length
    if (this.#length <= this.#ends.maximumBytes) {
      this.#parts.push(Buffer.from(bytes))
      return
    }
    this.#parts = []
    this.#length = 0
    this.#incoming.error(new MessageTooLarge(`a message was longer than ${this.#ends.maximumBytes} bytes`))
    this.#incoming = null
  }

  #line(): void {
    const line = Buffer.concat(this.#parts).toString().trim()
    this.#parts = []
    this.#length = 0
    if (line === '' || this.#incoming === null) return
    const message = messageIn(line)
    if (message === null || !this.#isExpected(message)) this.#ends.stray(line)
    else this.#incoming.enqueue(message)
  }

  #isExpected(message: AnyMessage): boolean {
    return 'method' in message || ('id' in message && this.#asked.delete(message.id))
  }
}

function messageIn(line: string): AnyMessage | null {
  if (!line.startsWith('{')) return null
  try {
    const value = JSON.parse(line) as Readonly<Record<string, unknown>>
    const isCall = typeof value['method'] === 'string'
    return isCall || 'result' in value || isError(value['error']) ? (value as unknown as AnyMessage) : null
  } catch {
    return null
  }
}

const isError = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && typeof (value as Record<string, unknown>)['code'] === 'number'
