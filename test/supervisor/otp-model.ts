import type { AutoShutdown, Restart } from '../../src/supervisor/tree/child-spec.ts'
import type { Strategy } from '../../src/supervisor/tree/flags.ts'

/** A child as the model is told of it: a leaf, or a supervisor with children of its own. */
export interface Role {
  readonly id: string
  readonly restart: Restart
  readonly significant: boolean
  readonly under: Troupe | null
}

/** A supervisor as the model is told of it. */
export interface Troupe {
  readonly strategy: Strategy
  readonly restarts: number
  readonly withinMs: number
  readonly autoShutdown: AutoShutdown
  readonly roles: readonly Role[]
}

/** How a child ends, in OTP's three groups. */
export type End = 'normal' | 'shutdown' | 'abnormal'

/** What all supervisors of a model share. */
export interface World {
  now: number
  readonly log: string[]
  /** How many of the next starts of a leaf fail. */
  readonly failures: Map<string, number>
  /** How often each rule was come upon. */
  readonly met: Map<string, number>
}

interface Entry {
  readonly role: Role
  pid: 'undefined' | 'running' | 'restarting'
  dead: boolean
  sub: OtpModel | null
}

/**
 * OTP's supervisor.erl written down as plainly as can be: one thing at a time, at once, in place.
 * Shares nothing with the code under test, and knows of no back-off.
 */
export class OtpModel {
  readonly path: string
  alive = true
  children: Entry[] = []
  readonly #world: World
  readonly #troupe: Troupe
  readonly #parent: OtpModel | null
  #mail: (() => void)[] = []
  #restarts: number[] = []

  constructor(world: World, troupe: Troupe, path: string, parent: OtpModel | null) {
    this.#world = world
    this.#troupe = troupe
    this.path = path
    this.#parent = parent
    this.children = troupe.roles.map((role) => ({ role, pid: 'undefined', dead: false, sub: null }))
  }

  /** All living supervisors from here down. */
  living(): OtpModel[] {
    if (!this.alive) return []
    return [this, ...this.children.flatMap(({ sub, pid }) => (sub !== null && pid === 'running' ? sub.living() : []))]
  }

  start(): boolean {
    for (const [index, entry] of this.children.entries()) {
      if (this.#start(entry)) continue
      for (const before of this.children.slice(0, index).reverse()) this.#stop(before)
      this.alive = false
      return false
    }
    return true
  }

  /** Some children end at the same moment. */
  end(ends: readonly (readonly [string, End])[]): void {
    for (const [id, end] of ends) {
      this.#entry(id).dead = true
      this.#mail.push(() => this.#exit(id, end))
    }
    this.#pump()
  }

  stop(): void {
    const order = this.#troupe.strategy === 'simple' ? this.children : this.children.toReversed()
    for (const entry of order) this.#stop(entry)
    this.alive = false
  }

  startChild(role: Role): string {
    const present = this.children.find((entry) => entry.role.id === role.id)
    if (present !== undefined) return present.pid === 'running' ? 'already-started' : 'already-present'
    const entry: Entry = { role, pid: 'undefined', dead: false, sub: null }
    if (!this.#start(entry)) return 'start-failed'
    this.children.push(entry)
    return 'ok'
  }

  terminateChild(id: string): string {
    const entry = this.children.find(({ role }) => role.id === id)
    if (entry === undefined) return 'not-found'
    this.#stop(entry)
    this.#delete(entry)
    return 'ok'
  }

  restartChild(id: string): string {
    const entry = this.children.find(({ role }) => role.id === id)
    if (entry === undefined) return 'not-found'
    if (entry.pid !== 'undefined') return entry.pid
    return this.#start(entry) ? 'ok' : 'start-failed'
  }

  deleteChild(id: string): string {
    const entry = this.children.find(({ role }) => role.id === id)
    if (entry === undefined) return 'not-found'
    if (entry.pid !== 'undefined') return entry.pid
    this.children = this.children.filter((other) => other !== entry)
    return 'ok'
  }

  #entry(id: string): Entry {
    const entry = this.children.find(({ role }) => role.id === id)
    if (entry === undefined) throw new Error(`the model has no ${id}`)
    return entry
  }

  #pump(): void {
    while (this.alive) {
      const message = this.#mail.shift()
      if (message === undefined) return
      message()
    }
    const id = this.path.split('/').at(-1) ?? ''
    this.#parent?.end([[id, 'shutdown']])
  }

  #exit(id: string, end: End): void {
    const entry = this.children.find(({ role }) => role.id === id)
    if (entry === undefined || !entry.dead) return
    entry.dead = false
    const { restart, significant } = entry.role
    this.#met(`${this.#troupe.strategy}: ${restart} ends ${end}`)
    if (restart === 'permanent' || (restart === 'transient' && end === 'abnormal')) return this.#restart(entry)
    this.#delete(entry)
    const left = this.children.some((other) => other.pid !== 'undefined' && other.role.significant)
    const { autoShutdown } = this.#troupe
    if (significant && (autoShutdown === 'any-significant' || (autoShutdown === 'all-significant' && !left))) {
      this.#met(`auto-shutdown: ${autoShutdown}`)
      this.stop()
    }
  }

  #mayRestart(): boolean {
    const { restarts, withinMs } = this.#troupe
    const known = this.#restarts.length
    this.#restarts = [...this.#restarts.filter((at) => at >= this.#world.now - withinMs), this.#world.now]
    if (this.#restarts.length <= known) this.#met('window slides')
    if (this.#restarts[0] === this.#world.now - withinMs) this.#met('window: a restart exactly at its beginning')
    if (this.#restarts.length === restarts) this.#met('intensity: reached')
    if (this.#restarts.length <= restarts) return true
    this.#met(`intensity: passed, ${this.#parent === null ? 'at the top' : 'told to the supervisor above'}`)
    return false
  }

  #restart(entry: Entry): void {
    const { strategy } = this.#troupe
    if (!this.#mayRestart()) {
      entry.pid = 'undefined'
      return this.stop()
    }
    if (strategy === 'one-for-one' || strategy === 'simple') {
      if (!this.#start(entry)) this.#tryAgain(entry)
      return
    }
    entry.pid = 'undefined'
    const from = strategy === 'rest-for-one' ? this.children.indexOf(entry) : 0
    for (const other of this.children.slice(from).reverse()) {
      this.#stop(other)
      this.#delete(other)
    }
    for (const other of this.children.slice(from)) if (!this.#start(other)) return this.#tryAgain(other)
  }

  #met(rule: string): void {
    this.#world.met.set(rule, (this.#world.met.get(rule) ?? 0) + 1)
  }

  #tryAgain(entry: Entry): void {
    this.#met(`${this.#troupe.strategy}: a restart fails`)
    entry.pid = 'restarting'
    this.#mail.push(() => entry.pid === 'restarting' && this.#restart(entry))
  }

  #start(entry: Entry): boolean {
    const { role } = entry
    this.#world.log.push(`start ${role.id}`)
    if (role.under === null) {
      const failures = this.#world.failures.get(role.id) ?? 0
      this.#world.failures.set(role.id, Math.max(0, failures - 1))
      if (failures > 0) return false
    } else {
      entry.sub = new OtpModel(this.#world, role.under, `${this.path}/${role.id}`, this)
      if (!entry.sub.start()) return false
    }
    entry.pid = 'running'
    return true
  }

  #stop(entry: Entry): void {
    if (entry.pid === 'running' && !entry.dead) {
      this.#world.log.push(`stop ${entry.role.id}`)
      entry.sub?.stop()
    }
    entry.dead = false
    entry.pid = 'undefined'
  }

  #delete(entry: Entry): void {
    entry.pid = 'undefined'
    const forgotten = entry.role.restart === 'temporary' || this.#troupe.strategy === 'simple'
    if (forgotten) this.children = this.children.filter((other) => other !== entry)
  }
}
