import { TroupeError } from '../errors.ts'
import type { Mux } from './mux.ts'
import { channels, eventWindow } from './protocol.ts'

/**
 * The actor's end of the lane for events. One-way messages cost a tenth of calls but nothing holds the sender back, so
 * the supervisor tells how many it has taken and the lane never lets it fall more than a window behind.
 */
export class EventLane {
  readonly #mux: Mux
  readonly #lost: (event: unknown) => void
  #ahead = 0
  #waiting: (() => void)[] = []

  /** @param lost told of what is emitted when nobody hears it any more */
  constructor(mux: Mux, lost: (event: unknown) => void) {
    this.#mux = mux
    this.#lost = lost
    mux.on(channels.taken, (count) => {
      this.#ahead -= Number(count)
      if (this.#hasRoom()) for (const resume of this.#waiting.splice(0)) resume()
    })
  }

  /** Sends one event; throws MAILBOX_FULL when the window is used up, a DataCloneError when it cannot be cloned. */
  emit(event: unknown): void {
    if (!this.#mux.open) return this.#lost(event)
    if (this.#ahead >= eventWindow) {
      throw new TroupeError('MAILBOX_FULL', `the supervisor has not yet taken the last ${eventWindow} events`)
    }
    this.#mux.post(channels.events, event)
    this.#ahead += 1
  }

  /** Resolves when less than half of the window is under way. */
  async room(): Promise<void> {
    if (this.#hasRoom()) return
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  #hasRoom(): boolean {
    return this.#ahead < eventWindow / 2
  }
}
