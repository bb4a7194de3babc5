import * as Comlink from 'comlink'
import { unreachable } from '../errors.ts'
import type { ActorContext, ActorFactory, ActorSpec } from './contract.ts'
import { EventLane } from './event-lane.ts'
import { Mux } from './mux.ts'
import { type ActorEndpoint, type Answer, channels, type Request } from './protocol.ts'
import { StopSignal } from './stop-signal.ts'
import { toThrown } from './thrown.ts'
import type { Wire } from './wire.ts'

/** Loads a module by its file: URL. */
export type LoadModule = (url: string) => Promise<object>

/** Loads each module once: Node resolves and checks anew at each import(), and short actors come by the thousand. */
export function openLoader(): LoadModule {
  const modules = new Map<string, Promise<object>>()
  return (url) => {
    const known = modules.get(url)
    if (known !== undefined) return known
    const loading = import(url) as Promise<object>
    modules.set(url, loading)
    loading.catch(() => modules.delete(url))
    return loading
  }
}

/**
 * What runs inside every host: serves one actor on the wire. Resolves when the wire closes, never rejects.
 * Whatever the actor still does after that is no longer heard; `lost` is told of what it still emits.
 */
export async function serveActor(
  wire: Wire,
  load: LoadModule,
  lost: (event: unknown) => void = () => {},
): Promise<void> {
  const mux = new Mux(wire)
  const served = new ServedActor(mux, load, new EventLane(mux, lost))
  await new Promise<void>((resolve) => {
    wire.onClose(resolve)
  })
  served.leave()
}

class ServedActor {
  readonly #mux: Mux
  readonly #load: LoadModule
  readonly #events: EventLane
  readonly #stop = new StopSignal()
  #actor: object = {}

  constructor(mux: Mux, load: LoadModule, events: EventLane) {
    this.#mux = mux
    this.#load = load
    this.#events = events
    const endpoint: ActorEndpoint = (request) => answer(() => this.#carryOut(request))
    Comlink.expose(endpoint, mux.endpoint(channels.actor))
  }

  /** Nobody listens any more. */
  leave(): void {
    this.#mux.close()
    this.#stop.request('the supervisor has closed the actor')
  }

  #carryOut(request: Request): unknown {
    switch (request.ask) {
      case 'start':
        return this.#start(request.spec)
      case 'call':
        return methodOf(this.#actor, request.name)(...request.args)
      case 'cancel':
        return this.#stop.request(request.reason)
      default:
        return unreachable(request)
    }
  }

  async #start(spec: ActorSpec): Promise<void> {
    const factory = factoryIn(await this.#load(spec.module), spec)
    const actor: unknown = await factory(this.#contextOf(spec))
    if (typeof actor !== 'object' || actor === null) throw new TypeError(`${spec.export} made no actor`)
    this.#actor = actor
  }

  #contextOf({ id, input }: ActorSpec): ActorContext {
    const stop = this.#stop
    return {
      id,
      input,
      get signal() {
        return stop.signal
      },
      emit: (event) => {
        this.#events.emit(event)
      },
      room: () => this.#events.room(),
      finish: () => {
        this.#mux.post(channels.life, 'finished')
      },
    }
  }
}

function factoryIn(module: object, spec: ActorSpec): ActorFactory {
  const factory = (module as Record<string, unknown>)[spec.export]
  if (typeof factory !== 'function') throw new TypeError(`${spec.module} exports no function ${spec.export}`)
  return factory as ActorFactory
}

function methodOf(actor: object, name: string): (...args: readonly unknown[]) => unknown {
  const method = name in Object.prototype ? undefined : (actor as Record<string, unknown>)[name]
  if (typeof method !== 'function') throw new TypeError(`the actor has no method ${name}`)
  return method.bind(actor) as (...args: readonly unknown[]) => unknown
}

async function answer(work: () => unknown): Promise<Answer> {
  try {
    return { ok: true, value: await work() }
  } catch (thrown) {
    return { ok: false, error: toThrown(thrown) }
  }
}
