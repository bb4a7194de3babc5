import { type ChildProcess, fork } from 'node:child_process'
import type { EventEmitter } from 'node:events'
import type { Clock } from '../../clock.ts'
import { identityOf, type ProcessIdentity } from '../../process-identity.ts'
import { holdOpen } from '../../processes/hold-open.ts'
import { type Marker, sweepProcesses } from '../../processes/sweep.ts'
import type { PlaceEnd } from '../place.ts'
import { sibling } from '../sibling.ts'
import type { Wire } from '../wire.ts'
import { type FromChild, LeaseWire, pipeTo } from './lease-wire.ts'
import type { Reaper } from './reaper.ts'
import { StderrTail } from './stderr-tail.ts'

/** Bounds of a child process. */
export interface ChildOptions {
  /** Bound of each child's old space, in megabytes; an actor that breaks it crashes. */
  readonly maxOldSpaceMb?: number
  /** Bound of each child's space for young objects, in megabytes. */
  readonly maxYoungSpaceMb?: number
}

interface ChildParts extends ChildOptions {
  readonly clock: Clock
  /** In its environment, and so in that of all that it starts. */
  readonly marker: Marker
  readonly env: NodeJS.ProcessEnv
  readonly reaper: Reaper
}

/** One actor's time in a child. */
export interface Lease {
  readonly wire: Wire
  /** Settles when the actor has left: true when the child may serve another; false also when the child is gone. */
  readonly left: Promise<boolean>
  /** Takes the actor away by force, and the child with it; nothing when the actor has left. */
  destroy(): void
}

/** How long what a dead child has written is waited for: a grandchild in a group of its own may hold the pipe. */
const drainMs = 1000

/** A child process that serves one actor after the other. */
export class ActorChild {
  readonly identity: ProcessIdentity | null
  /** Settles when nothing of it is left; never rejects. */
  readonly gone: Promise<PlaceEnd>
  readonly #child: ChildProcess
  readonly #parts: ChildParts
  #leases = 0
  #current: { readonly wire: LeaseWire; leave(again: boolean): void } | null = null

  constructor(parts: ChildParts) {
    const child = start(parts)
    this.#child = child
    this.#parts = parts
    // without a pid the fork has failed, and 'error' tells why
    this.identity = child.pid === undefined ? null : identityOf(child.pid, child.pid)
    if (child.pid !== undefined) parts.reaper.guard(child.pid)
    child.on('message', (said: FromChild) => {
      this.#hear(said)
    })
    child.once('disconnect', () => {
      this.#current?.wire.shut()
    })
    this.gone = this.#end()
    void this.gone.then(() => this.#current?.leave(false))
  }

  /** Whether it can serve; nobody has been told yet of one that has just died. */
  get isThere(): boolean {
    return this.#child.connected && this.#child.exitCode === null && this.#child.signalCode === null
  }

  serve(): Lease {
    this.#hold(true)
    this.#leases += 1
    const left = Promise.withResolvers<boolean>()
    const wire = new LeaseWire(this.#leases, pipeTo(this.#child, this.#leases))
    const current = { wire, leave: left.resolve }
    this.#current = current
    return {
      wire,
      left: left.promise,
      destroy: () => {
        if (this.#current === current) this.kill()
      },
    }
  }

  /** Has it load the module of an actor that may come. */
  load(module: string): void {
    pipeTo(this.#child, this.#leases).send({ load: module })
  }

  /** Whoever only waits to be needed keeps no supervisor alive. */
  rest(): void {
    this.#hold(false)
  }

  /** Lets it go in good order. */
  dismiss(): void {
    this.#hold(true)
    if (this.#child.connected) this.#child.disconnect()
  }

  /** Kills it with all of its group. */
  kill(): void {
    this.#hold(true)
    killGroup(this.#child)
  }

  #hold(hold: boolean): void {
    holdOpen(this.#child, hold)
    if (hold) this.#child.channel?.ref()
    else this.#child.channel?.unref()
  }

  #hear(said: FromChild): void {
    if (!('left' in said)) {
      if (said.lease === this.#leases) this.#current?.wire.take(said.message)
      return
    }
    const current = this.#current
    if (said.left !== this.#leases || current === null) return
    this.#current = null
    current.wire.shut()
    current.leave(said.again)
  }

  async #end(): Promise<PlaceEnd> {
    const { marker, clock, reaper } = this.#parts
    const child = this.#child
    const stderr = child.stderr === null ? null : new StderrTail(child.stderr)
    // not the child's own 'close': Node never emits it once this side has closed the pipe
    const drained = Promise.all([heard(child, 'disconnect'), heard(child.stderr, 'close')])
    const { code, signal, error } = await leaving(child)
    if (error !== null) return { how: 'crashed', message: error.message, code: null, signal: null }
    killGroup(child)
    if (child.pid !== undefined) reaper.release(child.pid)
    await sweepProcesses(marker, clock) // what has left the group
    await within(drained, drainMs, clock)
    child.stderr?.destroy()
    if (code === 0) return { how: 'closed' }
    const fallback = signal === null ? `exited with code ${code}` : `killed by ${signal}`
    return { how: 'crashed', message: stderr?.lastWords() ?? fallback, code, signal }
  }
}

function start({ env, marker, ...bounds }: ChildParts): ChildProcess {
  return fork(sibling(import.meta.url, 'process-entry'), {
    // 'json' is faster for small messages but loses functions, dates, maps and bytes in silence
    serialization: 'advanced',
    // leads a group of its own: one signal takes its children too, and Ctrl-C stays the supervisor's
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: heapBounds(bounds),
    env: { ...env, ...marker },
  })
}

/** The young space is two semi-spaces and what is copied between them (V8, heap.cc). */
function heapBounds({ maxOldSpaceMb, maxYoungSpaceMb }: ChildOptions): string[] {
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
