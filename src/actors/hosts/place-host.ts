import type { Clock } from '../../clock.ts'
import { TroupeError } from '../../errors.ts'
import type { ActorHandle, ActorHost, ActorSpec, HostKind, SupervisorApi } from '../contract.ts'
import type { DeadLetters } from '../dead-letters.ts'
import { Handle } from '../handle.ts'
import type { Place, PlaceSource } from '../place.ts'

/** What every host can be told. */
export interface HostOptions {
  readonly clock: Clock
  /** How long an actor may take to load and to make itself, in milliseconds. */
  readonly startWithinMs: number
  readonly deadLetters: DeadLetters
}

/** A host over places of one kind: admits, starts, and at its own end takes away whatever still runs. */
export class PlaceHost implements ActorHost {
  readonly kind: HostKind
  readonly #places: PlaceSource
  readonly #options: HostOptions
  readonly #live = new Set<Handle<object>>()
  #disposed = false

  constructor(places: PlaceSource, options: HostOptions) {
    this.kind = places.kind
    this.#places = places
    this.#options = options
  }

  async start<Api extends object>(spec: ActorSpec, supervisor: SupervisorApi): Promise<ActorHandle<Api>> {
    const handle = new Handle<Api>({
      spec,
      kind: this.kind,
      place: this.#openPlace(spec),
      supervisor,
      clock: this.#options.clock,
      deadLetters: this.#options.deadLetters,
    })
    this.#live.add(handle)
    void handle.closed.then(() => this.#live.delete(handle))
    await handle.begin(this.#options.startWithinMs)
    return handle
  }

  prepare(count: number, module: string): void {
    if (!this.#disposed) this.#places.prepare(Math.min(count, this.#places.capacity - this.#live.size), module)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true
    await Promise.all([...this.#live].map((handle) => handle.stop('the host is closed', 0)))
    await this.#places.close()
  }

  #openPlace(spec: ActorSpec): Place {
    const refuse = (why: string): never => {
      throw new TroupeError('HOST_FAILED', `cannot start ${spec.id} (${this.kind}): ${why}`)
    }
    if (this.#disposed) return refuse('the host is closed')
    if (this.#live.size >= this.#places.capacity) return refuse(`all ${this.#places.capacity} places are taken`)
    return this.#places.open(() => {
      const late = { reason: 'late-event', kind: 'event', method: null, detail: null } as const
      this.#options.deadLetters.add({ ...late, actor: spec.id })
    })
  }
}
