import { openLoader, serveActor } from '../actor-side.ts'
import type { ActorHost } from '../contract.ts'
import { PostOffice } from '../memory-wire.ts'
import type { Place, PlaceEnd, PlaceSource } from '../place.ts'
import { type HostOptions, PlaceHost } from './place-host.ts'

/**
 * Actors in the supervisor's own event loop: the same messages as elsewhere, no isolation. For thousands of actors that
 * mostly wait. An uncaught error takes the supervisor along, and an actor that ignores its signal can only be abandoned:
 * what it still emits is dropped.
 */
export function openAsyncHost(options: HostOptions): ActorHost {
  return new PlaceHost(new AsyncPlaces(), options)
}

class AsyncPlaces implements PlaceSource {
  readonly kind = 'async'
  readonly capacity = Number.POSITIVE_INFINITY
  readonly #office = new PostOffice()
  readonly #load = openLoader()

  open(lost: (event: unknown) => void): Place {
    const [wire, far] = this.#office.openWire()
    let end: PlaceEnd = { how: 'closed' }
    return {
      wire,
      identity: null,
      gone: serveActor(far, this.#load, lost).then(() => end),
      destroy() {
        end = { how: 'abandoned' }
        wire.close()
      },
    }
  }

  prepare(_count: number, module: string): void {
    void this.#load(module).catch(() => {})
  }

  async close(): Promise<void> {}
}
