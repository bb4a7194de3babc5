import type { Endpoint } from 'comlink'
import type { Wire } from './wire.ts'

type Listener = (message: unknown) => void

/** Several named channels over one wire: comlink endpoints for calls, one-way lanes for everything else. */
export class Mux {
  readonly #wire: Wire
  readonly #listeners = new Map<string, Listener[]>()
  #open = true

  constructor(wire: Wire) {
    this.#wire = wire
    wire.onMessage((message) => {
      if (isEnvelope(message)) for (const listener of this.#listeners.get(message[0]) ?? []) listener(message[1])
    })
  }

  /** Whether anything is still sent and heard. */
  get open(): boolean {
    return this.#open
  }

  /** Sends one way; nothing comes back. Throws a DataCloneError when the message cannot be cloned. */
  post(channel: string, message: unknown): void {
    if (this.#open) this.#wire.post([channel, message] satisfies Envelope)
  }

  /** Hears what the far side posts on the channel. */
  on(channel: string, listener: Listener): void {
    const listeners = this.#listeners.get(channel)
    if (listeners === undefined) this.#listeners.set(channel, [listener])
    else listeners.push(listener)
  }

  /** The channel as comlink wants it. */
  endpoint(channel: string): Endpoint {
    return {
      postMessage: (message: unknown, transfer: readonly unknown[] = []) => {
        if (transfer.length > 0) throw new TypeError('callbacks and ports cannot cross to an actor: send plain data')
        this.post(channel, message)
      },
      addEventListener: (_type: string, listener: (event: { readonly data: unknown }) => void) => {
        this.on(channel, (data) => {
          listener({ data })
        })
      },
      // comlink listens for as long as the endpoint lives; close() drops everything
      removeEventListener: () => {},
    }
  }

  /** Closes the wire and forgets every listener, so that nothing late is heard. */
  close(): void {
    this.#open = false
    this.#listeners.clear()
    this.#wire.close()
  }
}

/** Channel and message. */
type Envelope = readonly [string, unknown]

const isEnvelope = (message: unknown): message is Envelope =>
  Array.isArray(message) && message.length === 2 && typeof message[0] === 'string'
