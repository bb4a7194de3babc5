import type { Exit } from '../../actors/contract.ts'
import { DeadLetters } from '../../actors/dead-letters.ts'
import { systemClock } from '../../clock.ts'
import { TroupeError } from '../../errors.ts'
import { checkChildSpec, type Child, type ChildPolicy, type ChildSpec } from './child-spec.ts'
import { defaultFlags, flagsFault, type Flags } from './flags.ts'
import { type ActorPath, namedActor, type NamedActor } from './named-actor.ts'
import type {
  ChildCounts,
  ChildInfo,
  DeleteChildResult,
  Down,
  RestartChildResult,
  StartChildResult,
  StartResult,
  TerminateChildResult,
} from './results.ts'
import { Shell, type Surroundings } from './shell.ts'
import { find, initialState } from './transition-state.ts'

/** How to supervise; flags left out are as in OTP (`defaultFlags`), clock and chance the machine's own. */
export type SupervisorOptions = Pick<Flags, 'strategy'> &
  Partial<Flags> &
  Partial<Surroundings> & {
    /** Where messages to children go that reach nobody; an office of its own by default. */
    readonly deadLetters?: DeadLetters
    /** Started in this order, stopped in the reverse; a `simple` supervisor has none. */
    readonly children?: readonly ChildSpec[]
  }

/**
 * A supervisor as in OTP. It is itself a `Child`, so supervisors stand under supervisors (`startUnder`).
 *
 * Past its intensity it stops all children and ends with `shutdown`, exactly as OTP's: its parent restarts it if it is
 * a permanent child, and takes that for a normal end if it is a transient one.
 * Not as in OTP: independent children start and stop side by side; children may have a back-off; with a back-off the
 * others of a group are stopped at once and started when the wait is over.
 * No method throws or rejects; what a child throws becomes an exit, a failed start, or an event.
 */
export class Supervisor implements Child {
  readonly closed: Promise<Exit>
  /** Messages by `actor` that reached nobody. */
  readonly deadLetters: DeadLetters
  readonly #flags: Flags
  readonly #fault: string | null
  readonly #shell: Shell

  constructor(options: SupervisorOptions) {
    const { children = [], clock = systemClock, random = Math.random } = options
    this.deadLetters = options.deadLetters ?? new DeadLetters({ clock })
    this.#flags = flagsOf(options)
    const { starts, fault } = check(this.#flags, children)
    this.#fault = fault
    this.#shell = new Shell(initialState(this.#flags, [...starts.keys()]), { ...options, clock, random })
    this.closed = this.#shell.closed
    for (const [policy, start] of starts) this.#shell.keep(policy, start)
  }

  /** Starts the children in order; when one fails, those before it are stopped in reverse order and the supervisor ends. */
  start(): Promise<StartResult> {
    if (this.#fault === null) return this.#shell.ask((call) => ({ type: 'start', call }))
    this.#shell.stop(this.#fault, Infinity)
    return Promise.resolve({ ok: false, reason: 'bad-spec', message: this.#fault })
  }

  /**
   * Stops the children, the last started first, each within its own `shutdown`.
   * @param graceMs after which all that is left is taken away at once; the exit is then `killed`
   */
  stop(reason: string, graceMs = Infinity): Promise<Exit> {
    this.#shell.stop(reason, graceMs)
    return this.closed
  }

  /** Adds a child and starts it; when the start fails, its spec is forgotten. */
  startChild(spec: ChildSpec): Promise<StartChildResult> {
    const checked = checkChildSpec(spec, this.#flags.autoShutdown)
    if (!checked.ok) return Promise.resolve({ ok: false, reason: 'bad-spec', message: checked.message })
    const { policy } = checked
    this.#shell.keep(policy, spec.start)
    return this.#shell.ask((call) => ({ type: 'start-child', call, id: spec.id, policy }))
  }

  /** Stops a child, or calls off its restart; its spec stays, unless the child is temporary or dynamic. */
  terminateChild(id: string): Promise<TerminateChildResult> {
    return this.#shell.ask((call) => ({ type: 'terminate-child', call, id }))
  }

  /** Starts a child that is stopped. */
  restartChild(id: string): Promise<RestartChildResult> {
    return this.#shell.ask((call) => ({ type: 'restart-child', call, id }))
  }

  /** Forgets the spec of a child that is stopped. */
  deleteChild(id: string): Promise<DeleteChildResult> {
    return this.#shell.ask((call) => ({ type: 'delete-child', call, id }))
  }

  /** The children in start order. */
  whichChildren(): readonly ChildInfo[] {
    return this.#shell.state.children.map(({ policy: { id, kind }, status }) => ({
      id,
      kind,
      status: status.status === 'start-failed' ? 'stopped' : status.status,
      child: status.status === 'stopped' ? null : this.#shell.child(status.incarnation),
    }))
  }

  /** How many specs there are, how many of them run, and of which kind they are. */
  countChildren(): ChildCounts {
    const { children } = this.#shell.state
    const supervisors = children.filter(({ policy }) => policy.kind === 'supervisor').length
    const active = children.filter(({ status }) => status.status === 'running' || status.status === 'stopping').length
    return { specs: children.length, active, supervisors, workers: children.length - supervisors }
  }

  /**
   * The child's actor by name, whichever incarnation lives: ask it, or cast to it. For a child further down give the ids on
   * the way, as in `['inner', 'counter']`. That it exists is asked at each message only.
   */
  actor<Api extends object>(path: ActorPath): NamedActor<Api> {
    const [id = '', ...below] = typeof path === 'string' ? [path] : path
    return namedActor(path, () => this.#find(id, below), this.deadLetters)
  }

  /**
   * Has `listener` told once of the end of the child as it lives now, or at once (after the current turn) with `noproc`.
   * @returns how to call it off
   */
  monitor(id: string, listener: (down: Down) => void): () => void {
    const watched = this.#shell.watch(id, (exit) => listener({ id, exit }))
    if (watched !== null) return watched
    let wanted = true
    queueMicrotask(() => {
      if (wanted) this.#shell.guard(() => listener({ id, exit: { how: 'noproc' } }))
    })
    return () => {
      wanted = false
    }
  }

  #find(id: string, below: readonly string[]): Child | null {
    const status = find(this.#shell.state, id)?.status ?? null
    const child = status === null || status.status === 'stopped' ? null : this.#shell.child(status.incarnation)
    const [next, ...rest] = below
    if (next === undefined) return child
    return child instanceof Supervisor ? child.#find(next, rest) : null
  }
}

/**
 * For `ChildSpec.start`: a supervisor under a supervisor, made anew for every start.
 * The returned function rejects with TroupeError START_FAILED when the supervisor cannot start.
 */
export function startUnder(options: SupervisorOptions): () => Promise<Supervisor> {
  return async () => {
    const supervisor = new Supervisor(options)
    const result = await supervisor.start()
    if (result.ok) return supervisor
    const message = 'message' in result ? result.message : result.reason
    throw new TroupeError('START_FAILED', message, 'cause' in result ? { cause: result.cause } : {})
  }
}

function flagsOf({ strategy, intensity, autoShutdown, maxChildren }: SupervisorOptions): Flags {
  return {
    strategy,
    intensity: intensity ?? defaultFlags.intensity,
    autoShutdown: autoShutdown ?? defaultFlags.autoShutdown,
    maxChildren: maxChildren ?? defaultFlags.maxChildren,
  }
}

interface Checked {
  readonly starts: ReadonlyMap<ChildPolicy, ChildSpec['start']>
  readonly fault: string | null
}

function check(flags: Flags, specs: readonly ChildSpec[]): Checked {
  const starts = new Map<ChildPolicy, ChildSpec['start']>()
  const ids = new Set<string>()
  const fail = (fault: string): Checked => ({ starts: new Map(), fault })
  const fault = flagsFault(flags)
  if (fault !== null) return fail(fault)
  if (specs.length > 0 && flags.strategy === 'simple') return fail('a simple supervisor has only dynamic children')
  for (const spec of specs) {
    const checked = checkChildSpec(spec, flags.autoShutdown)
    if (!checked.ok) return fail(checked.message)
    if (ids.has(spec.id)) return fail(`two children have the id ${JSON.stringify(spec.id)}`)
    ids.add(spec.id)
    starts.set(checked.policy, spec.start)
  }
  return { starts, fault: null }
}
