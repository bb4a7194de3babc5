import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import type { EventEmitter } from 'node:events'
import type { Clock } from '../../clock.ts'
import type { ActorHost } from '../contract.ts'
import type { Place, PlaceEnd, PlaceSource } from '../place.ts'
import { identityOf } from '../../process-identity.ts'
import { type Marker, sweepProcesses } from '../../processes/sweep.ts'
import { sibling } from '../sibling.ts'
import { childWire } from '../wire.ts'
import { withCompileCache } from './compile-cache.ts'
import { type HostOptions, PlaceHost } from './place-host.ts'
import { Reaper } from './reaper.ts'
import { StderrTail } from './stderr-tail.ts'

/** What the process host can be told besides. */
export interface ProcessOptions {
  /** The children's whole environment; that of this process when left out. */
  readonly env?: NodeJS.ProcessEnv
  /** Bound of each child's old space, in megabytes; an actor that breaks it crashes. */
  readonly maxOldSpaceMb?: number
  /** Bound of each child's space for young objects, in megabytes. */
  readonly maxYoungSpaceMb?: number
}

/** How long what a dead child has written is waited for: a grandchild in a group of its own may hold the pipe. */
const drainMs = 1000

/**
 * Actors in child processes, each leading a process group of its own that is killed whole when the actor ends in
 * whatever way. Their standard output is not kept; of standard error the end is, for the text of a crash.
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
  #started = 0

  constructor(options: HostOptions & ProcessOptions) {
    this.#options = options
    this.#env = withCompileCache(options.env ?? process.env)
  }

  open(): Place {
    this.#started += 1
    const marker = { [this.#mark.name]: `${this.#mark.prefix}${this.#started}` }
    const child = this.#fork(marker)
    // without a pid the fork has failed, and 'error' tells why
    if (child.pid !== undefined) this.#reaper.guard(child.pid)
    return {
      wire: childWire(child),
      identity: child.pid === undefined ? null : identityOf(child.pid, child.pid),
      gone: this.#endOf(child, marker),
      destroy() {
        killGroup(child)
      },
    }
  }

  async close(): Promise<void> {
    this.#reaper.close()
  }

  #fork(marker: Marker): ChildProcess {
    return fork(sibling(import.meta.url, 'process-entry'), {
      // 'json' is faster for small messages but loses functions, dates, maps and bytes in silence
      serialization: 'advanced',
      // leads a group of its own: one signal takes its children too, and Ctrl-C stays the supervisor's
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: heapBounds(this.#options),
      env: { ...this.#env, ...marker },
    })
  }

  async #endOf(child: ChildProcess, marker: Marker): Promise<PlaceEnd> {
    const stderr = child.stderr === null ? null : new StderrTail(child.stderr)
    // not the child's own 'close': Node never emits it once this side has closed the wire
    const drained = Promise.all([heard(child, 'disconnect'), heard(child.stderr, 'close')])
    const { code, signal, error } = await leaving(child)
    if (error !== null) return { how: 'crashed', message: error.message, code: null, signal: null }
    killGroup(child)
    if (child.pid !== undefined) this.#reaper.release(child.pid)
    await sweepProcesses(marker, this.#options.clock) // what has left the group
    await within(drained, drainMs, this.#options.clock)
    child.stderr?.destroy()
    if (code === 0) return { how: 'closed' }
    const fallback = signal === null ? `exited with code ${code}` : `killed by ${signal}`
    return { how: 'crashed', message: stderr?.lastWords() ?? fallback, code, signal }
  }
}

/** The young space is two semi-spaces and what is copied between them (V8, heap.cc). */
function heapBounds({ maxOldSpaceMb, maxYoungSpaceMb }: ProcessOptions): string[] {
  return [
    ...(maxOldSpaceMb === undefined ? [] : [`--max-old-space-size=${maxOldSpaceMb}`]),
    ...(maxYoungSpaceMb === undefined ? [] : [`--max-semi-space-size=${Math.max(1, Math.floor(maxYoungSpaceMb / 3))}`]),
  ]
}

interface Leaving {
  readonly code: number | null
  readonly signal: string | null
  /** Why there never was a process. */
  readonly error: Error | null
}

async function leaving(child: ChildProcess): Promise<Leaving> {
  return await new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      resolve({ code, signal, error: null })
    })
    child.on('error', (error) => {
      if (child.pid === undefined) resolve({ code: null, signal: null, error })
    })
  })
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // the group is empty, or the system has none
    child.kill('SIGKILL')
  }
}

async function heard(emitter: EventEmitter | null, event: string): Promise<void> {
  await new Promise<void>((resolve) => {
    if (emitter === null) resolve()
    else emitter.once(event, resolve)
  })
}

async function within(event: Promise<unknown>, limitMs: number, clock: Clock): Promise<void> {
  await new Promise<void>((resolve) => {
    const cancelTimer = clock.after(limitMs, resolve)
    void event.then(() => {
      cancelTimer()
      resolve()
    })
  })
}
