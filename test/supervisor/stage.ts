import type { Exit } from '../../src/actors/contract.ts'
import type { Child, ChildSpec } from '../../src/supervisor/tree/child-spec.ts'
import type { SupervisorEvent } from '../../src/supervisor/tree/results.ts'
import { Supervisor, type SupervisorOptions } from '../../src/supervisor/tree/supervisor.ts'
import { ManualClock } from '../manual-clock.ts'

/** An abnormal end, a normal one, an asked-for one and a forced one. */
export const crash: Exit = { how: 'crashed', message: 'boom', code: null, signal: null }
export const normal: Exit = { how: 'normal' }
export const shutdown: Exit = { how: 'shutdown', reason: 'itself' }
export const killed: Exit = { how: 'killed', reason: 'out of memory' }

/** Lets everything happen that is due now. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A child in memory that ends when a test says so, or obeys a stop. */
export class Player implements Child {
  readonly closed: Promise<Exit>
  readonly end: (exit: Exit) => void
  readonly #stage: Stage
  readonly #id: string
  #ended = false

  constructor(stage: Stage, id: string) {
    const ending = Promise.withResolvers<Exit>()
    this.closed = ending.promise
    this.#stage = stage
    this.#id = id
    this.end = (exit) => {
      this.#ended = true
      if (stage.playing.get(id) === this) stage.playing.delete(id)
      ending.resolve(exit)
    }
  }

  stop(reason: string, graceMs: number): Promise<Exit> {
    if (this.#ended) return this.closed
    this.#stage.log.push(`stop ${this.#id}`)
    this.#stage.graces.push(graceMs)
    if (graceMs === 0) this.end({ how: 'killed', reason })
    else if (!this.#stage.stubborn.has(this.#id)) this.end({ how: 'shutdown', reason })
    return this.closed
  }
}

/** Where children play: what is started and stopped is logged, what shall fail or wait is said before. */
export class Stage {
  readonly clock = new ManualClock()
  /** `start a`, `stop a`, in order. */
  readonly log: string[] = []
  readonly graces: number[] = []
  readonly events: SupervisorEvent[] = []
  readonly playing = new Map<string, Player>()
  /** How many of the next starts of a child fail. */
  readonly failures = new Map<string, number>()
  /** Starts of these children wait until they are let go. */
  readonly held = new Map<string, PromiseWithResolvers<void>>()
  /** These children do not end when asked to. */
  readonly stubborn = new Set<string>()
  /** Set when one child is started while it lives. */
  doubled = false

  /** A permanent worker unless said otherwise. */
  spec(id: string, fields: Partial<ChildSpec> = {}): ChildSpec {
    return { id, start: () => this.#start(id), ...fields }
  }

  /** A supervisor on this stage, one-for-one with plenty of restarts unless said otherwise. */
  supervisor(options: Partial<SupervisorOptions> = {}): Supervisor {
    return new Supervisor(this.options(options))
  }

  /** The options of `supervisor`. */
  options(options: Partial<SupervisorOptions> = {}): SupervisorOptions {
    return {
      strategy: 'one-for-one',
      intensity: { restarts: 100, withinMs: 1000 },
      clock: this.clock,
      random: () => 0.5,
      onEvent: (event) => this.events.push(event),
      ...options,
    }
  }

  /** Ends a playing child and lets everything happen that follows. */
  async end(id: string, exit: Exit): Promise<void> {
    this.player(id).end(exit)
    await settled()
  }

  /** The living child of that name. */
  player(id: string): Player {
    const player = this.playing.get(id)
    if (player === undefined) throw new Error(`${id} is not on stage`)
    return player
  }

  /** Makes the starts of a child wait; the returned function lets them go. */
  hold(id: string): () => Promise<void> {
    const gate = Promise.withResolvers<void>()
    this.held.set(id, gate)
    return () => {
      this.held.delete(id)
      gate.resolve()
      return settled()
    }
  }

  /** The log since the last time it was asked for. */
  taken(): string[] {
    return this.log.splice(0)
  }

  async #start(id: string): Promise<Child> {
    this.log.push(`start ${id}`)
    await this.held.get(id)?.promise
    const failures = this.failures.get(id) ?? 0
    if (failures > 0) {
      this.failures.set(id, failures - 1)
      throw new Error(`no ${id} today`)
    }
    if (this.playing.has(id)) this.doubled = true
    const player = new Player(this, id)
    this.playing.set(id, player)
    return player
  }
}
