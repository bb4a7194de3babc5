import { availableParallelism } from 'node:os'
import { type Clock, systemClock } from '../../clock.ts'
import { TroupeError } from '../../errors.ts'
import type { ActorHandle, ActorHost, ActorSpec, HostKind, SupervisorApi } from '../contract.ts'
import { DeadLetters } from '../dead-letters.ts'
import { openAsyncHost } from './async-host.ts'
import type { ProcessOptions } from './process-host.ts'
import type { ThreadOptions } from './thread-host.ts'

/** How the hosts of one supervisor are set up. */
export interface HostsOptions {
  /** The machine's own by default. */
  readonly clock?: Clock
  /** How long an actor may take to start, in milliseconds; a minute by default. */
  readonly startWithinMs?: number
  /** Where messages go that reach nobody; an office of its own by default. */
  readonly deadLetters?: DeadLetters
  /** By default as many threads as there are processors. */
  readonly thread?: ThreadOptions
  readonly process?: ProcessOptions
}

/** One host of each kind, made at its first use. */
export interface Hosts extends AsyncDisposable {
  readonly deadLetters: DeadLetters
  get(kind: HostKind): ActorHost
}

/** The places for actors of one supervisor; piscina and the code that forks are loaded when first needed. */
export function openHosts(options: HostsOptions = {}): Hosts {
  const { clock = systemClock, startWithinMs = 60_000, deadLetters = new DeadLetters({ clock }) } = options
  const common = { clock, startWithinMs, deadLetters }
  const thread = options.thread ?? { maxThreads: availableParallelism() }
  const hosts: Readonly<Record<HostKind, ActorHost>> = {
    async: openAsyncHost(common),
    thread: new LazyHost('thread', async () => {
      const { openThreadHost } = await import('./thread-host.ts')
      return openThreadHost({ ...common, ...thread })
    }),
    process: new LazyHost('process', async () => {
      const { openProcessHost } = await import('./process-host.ts')
      return openProcessHost({ ...common, ...options.process })
    }),
  }
  return {
    deadLetters,
    get: (kind) => hosts[kind],
    async [Symbol.asyncDispose]() {
      await Promise.all(Object.values(hosts).map((host) => host[Symbol.asyncDispose]()))
    },
  }
}

class LazyHost implements ActorHost {
  readonly kind: HostKind
  readonly #open: () => Promise<ActorHost>
  #host: Promise<ActorHost> | null = null
  #closed = false

  constructor(kind: HostKind, open: () => Promise<ActorHost>) {
    this.kind = kind
    this.#open = open
  }

  async start<Api extends object>(spec: ActorSpec, supervisor: SupervisorApi): Promise<ActorHandle<Api>> {
    if (this.#closed) throw new TroupeError('HOST_FAILED', `cannot start ${spec.id} (${this.kind}): the host is closed`)
    const host = await this.#opened()
    return await host.start<Api>(spec, supervisor)
  }

  prepare(count: number, module: string): void {
    if (this.#closed) return
    this.#opened().then(
      (host) => {
        host.prepare(count, module)
      },
      () => {}, // who starts an actor is told
    )
  }

  #opened(): Promise<ActorHost> {
    return (this.#host ??= this.#open())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    if (this.#host !== null) await (await this.#host)[Symbol.asyncDispose]()
  }
}
