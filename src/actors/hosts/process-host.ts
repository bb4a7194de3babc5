import { randomUUID } from 'node:crypto'
import type { ActorHost } from '../contract.ts'
import type { Place, PlaceEnd, PlaceSource } from '../place.ts'
import { ActorChild, type ChildOptions } from './actor-child.ts'
import { withCompileCache } from './compile-cache.ts'
import { type HostOptions, PlaceHost } from './place-host.ts'
import { Reaper } from './reaper.ts'

/** What the process host can be told besides. */
export interface ProcessOptions extends ChildOptions {
  /** The children's whole environment; that of this process when left out. */
  readonly env?: NodeJS.ProcessEnv
}

/** How long a child that serves nobody waits for the next actor. */
const idleMs = 1000

/**
 * Actors in child processes, one at a time in each. Each child leads a process group of its own that is killed whole when its actor
 * ends by force or dies; one whose actor ended politely and left nothing behind serves the next. Their standard output is not
 * kept; of standard error the end is, for the text of a crash.
 */
export function openProcessHost(options: HostOptions & ProcessOptions): ActorHost {
  return new PlaceHost(new ProcessPlaces(options), options)
}

class ProcessPlaces implements PlaceSource {
  readonly kind = 'process'
  readonly capacity = Number.POSITIVE_INFINITY
  readonly #options: HostOptions & ProcessOptions
  readonly #env: NodeJS.ProcessEnv
  /** Nobody else's, be it of an earlier process with the same number. */
  readonly #mark = { name: 'TROUPE_ACTOR', prefix: `${randomUUID()}.` }
  readonly #reaper = new Reaper(this.#mark)
  readonly #all = new Set<ActorChild>()
  /** Those that serve nobody, with what calls off that they are given up. */
  readonly #idle = new Map<ActorChild, () => void>()
  #started = 0
  #closed = false

  constructor(options: HostOptions & ProcessOptions) {
    this.#options = options
    this.#env = withCompileCache(options.env ?? process.env)
  }

  open(): Place {
    const child = this.#idleChild() ?? this.#newChild()
    const lease = child.serve()
    return {
      wire: lease.wire,
      identity: child.identity,
      gone: this.#endOf(child, lease.left),
      destroy() {
        lease.destroy()
      },
    }
  }

  prepare(count: number, module: string): void {
    for (let made = 0; made < count; made += 1) {
      const child = this.#newChild()
      child.load(module)
      this.#rest(child)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const child of this.#all) child.kill()
    await Promise.all([...this.#all].map((child) => child.gone))
    this.#reaper.close()
  }

  /** The one that has served last: those that are not needed grow old. */
  #idleChild(): ActorChild | null {
    const child = [...this.#idle.keys()].findLast(({ isThere }) => isThere) ?? null
    if (child !== null) this.#wake(child)
    return child
  }

  #newChild(): ActorChild {
    this.#started += 1
    const marker = { [this.#mark.name]: `${this.#mark.prefix}${this.#started}` }
    const child = new ActorChild({ ...this.#options, marker, env: this.#env, reaper: this.#reaper })
    this.#all.add(child)
    void child.gone.then(() => {
      this.#all.delete(child)
      this.#wake(child)
    })
    return child
  }

  #wake(child: ActorChild): void {
    this.#idle.get(child)?.()
    this.#idle.delete(child)
  }

  async #endOf(child: ActorChild, left: Promise<boolean>): Promise<PlaceEnd> {
    const again = await left
    if (!again || this.#closed) {
      child.dismiss()
      return await child.gone
    }
    this.#rest(child)
    return { how: 'closed' }
  }

  #rest(child: ActorChild): void {
    child.rest()
    const giveUp = (): void => {
      this.#idle.delete(child)
      child.dismiss()
    }
    this.#idle.set(child, this.#options.clock.after(idleMs, giveUp))
  }
}
