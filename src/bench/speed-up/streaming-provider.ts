import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import type { Clock } from '../../clock.ts'
import { closingEvents, eventOf, type ModelCall, streamHead } from '../streamed-answer.ts'

/** How a model answers: after a time, then piece by piece. */
export interface Pace {
  readonly firstMs: number
  readonly pieces: number
  /** From one piece to the next. */
  readonly everyMs: number
  /** Calls that each task makes before it is done. */
  readonly callsEach: number
}

/** Of one call, in milliseconds. */
export const callMs = ({ firstMs, pieces, everyMs }: Pace): number => firstMs + pieces * everyMs

/** Speaks OpenAI's protocol, has room for everybody, and streams its answers as a model does that thinks aloud. */
export class StreamingProvider implements AsyncDisposable {
  readonly #clock: Clock
  readonly #pace: Pace
  readonly #server = createServer((request, response) => void this.#asked(request, response))

  constructor(clock: Clock, pace: Pace) {
    this.#clock = clock
    this.#pace = pace
  }

  /** The address that agents are given. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #asked(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { firstMs, pieces, everyMs, callsEach } = this.#pace
    const began = this.#clock.monotonic()
    const call = (await json(request)) as ModelCall
    response.writeHead(200, streamHead)
    // each by the time of the first, so that a late one does not delay all after it
    for (let piece = 0; piece < pieces; piece += 1) {
      await this.#until(began + firstMs + piece * everyMs)
      response.write(eventOf({ content: 'and so on ' }))
    }
    await this.#until(began + callMs(this.#pace))
    response.end(closingEvents(call, callsEach))
  }

  #until(at: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(Math.max(0, at - this.#clock.monotonic()), resolve)
    })
  }
}
