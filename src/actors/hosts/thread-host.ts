import { availableParallelism } from 'node:os'
import { MessageChannel, type ResourceLimits, type Worker } from 'node:worker_threads'
import { Piscina } from 'piscina'
import { openSlots } from '../../changes/slots.ts'
import type { ActorHost } from '../contract.ts'
import type { Place, PlaceEnd, PlaceSource } from '../place.ts'
import { sibling } from '../sibling.ts'
import { portWire } from '../wire.ts'
import { withCompileCache } from './compile-cache.ts'
import { type HostOptions, PlaceHost } from './place-host.ts'
import type { ThreadGreeting, ThreadTask } from './thread-entry.ts'

/** What the thread host can be told besides. */
export interface ThreadOptions {
  /**
   * How many actors there may be at once. One more is refused with HOST_FAILED: a queue here would hide from the
   * supervisor what waits.
   */
  readonly maxThreads: number
  /** Bounds of each thread's heap; an actor that breaks them crashes alone. */
  readonly resourceLimits?: ResourceLimits
}

/** Actors in worker threads, one at a time in each; threads are reused while actors end politely. */
export function openThreadHost(options: HostOptions & ThreadOptions): ActorHost {
  return new PlaceHost(new ThreadPlaces(options), options)
}

class ThreadPlaces implements PlaceSource {
  readonly kind = 'thread'
  readonly capacity: number
  readonly #pool: Piscina<ThreadTask, void>
  readonly #beginnings = openSlots(availableParallelism())
  readonly #exitCodes = new WeakMap<Worker, Promise<number>>()
  /** Settles when the threads are ready that were asked for. */
  #ready: Promise<unknown> = Promise.resolve()

  constructor(options: ThreadOptions) {
    this.capacity = options.maxThreads
    this.#pool = openPool(options)
  }

  open(): Place {
    const { port1, port2 } = new MessageChannel()
    const killer = new AbortController()
    const greeted = Promise.withResolvers<void>()
    let thread: Worker | undefined
    port1.on('message', (message) => {
      if (!isGreeting(message)) return
      thread = this.#find(message.threadId)
      greeted.resolve()
    })
    const life = this.#whenOthersHaveBegun(greeted.promise, () =>
      this.#pool.run({ port: port2 }, { transferList: [port2], signal: killer.signal }),
    )
    return {
      wire: portWire(port1),
      identity: null,
      gone: life.then(
        (): PlaceEnd => ({ how: 'closed' }),
        (error: unknown) => this.#endOf(error, thread),
      ),
      destroy() {
        killer.abort()
      },
    }
  }

  /** All at once, so that each gets a thread of its own; piscina refuses what comes before the first is there, unless it has a signal. */
  prepare(count: number, module: string): void {
    const { signal } = new AbortController()
    const preparing = Array.from({ length: count }, () => this.#pool.run({ module }, { signal }).catch(() => {}))
    this.#ready = Promise.all([this.#ready, ...preparing])
  }

  /** Threads that all begin at once take turns until the last is ready; what they are told meanwhile waits in their wires. */
  async #whenOthersHaveBegun(greeted: Promise<void>, run: () => Promise<void>): Promise<void> {
    let life = Promise.resolve()
    await this.#ready // they have threads that no other may have
    await this.#beginnings.use(async () => {
      life = run()
      await Promise.race([greeted, life.catch(() => {})])
    })
    await life
  }

  async close(): Promise<void> {
    await this.#pool.destroy()
  }

  #find(threadId: number): Worker | undefined {
    const thread = this.#pool.threads.find((candidate) => candidate.threadId === threadId)
    if (thread !== undefined && !this.#exitCodes.has(thread)) this.#exitCodes.set(thread, exitCodeOf(thread))
    return thread
  }

  /**
   * The pool tells of an end before the thread is gone: inside a native call it lives on until that returns. Of one whose greeting
   * was not heard before its exit the pool alone knows the code.
   */
  async #endOf(error: unknown, thread: Worker | undefined): Promise<PlaceEnd> {
    const leaving = thread !== undefined && !this.#pool.threads.includes(thread)
    const { name, message, code } = toFailure(error)
    const [exited, told] = /^worker exited with code: (\d+)/.exec(message) ?? []
    const exitCode = leaving ? await this.#exitCodes.get(thread) : told === undefined ? undefined : Number(told)
    if (exitCode === 0) return { how: 'closed' }
    return {
      how: 'crashed',
      message: exited === undefined ? `${name}: ${message}` : `exited with code ${exitCode}`,
      code: code ?? exitCode ?? null,
      signal: null,
    }
  }
}

function openPool({ maxThreads, resourceLimits }: ThreadOptions): Piscina<ThreadTask, void> {
  const pool = new Piscina<ThreadTask, void>({
    filename: sibling(import.meta.url, 'thread-entry').href,
    name: 'live',
    minThreads: 0,
    maxThreads,
    idleTimeout: 1000,
    maxQueue: 0,
    // an idle thread must not sleep in Atomics.wait: that would stop timers and logs of the actor that was there before
    atomics: 'disabled',
    recordTiming: false,
    // loader hooks of a test runner would slow every thread
    execArgv: [],
    closeTimeout: 2000,
    env: withCompileCache(process.env),
    ...(resourceLimits === undefined ? {} : { resourceLimits }),
  })
  // an idle thread that dies is no actor's end; without a listener it would be the supervisor's
  pool.on('error', () => {})
  return pool
}

/** One listener for a thread's whole life, however many actors it serves. */
async function exitCodeOf(thread: Worker): Promise<number> {
  return await new Promise((resolve) => {
    thread.once('exit', resolve)
  })
}

const isGreeting = (message: unknown): message is ThreadGreeting =>
  typeof message === 'object' && message !== null && 'threadId' in message

function toFailure(error: unknown): { name: string; message: string; code: string | null } {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), code: null }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null
  return { name: error.name, message: error.message, code }
}
