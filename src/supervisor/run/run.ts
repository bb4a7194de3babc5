import type { AgentEvent } from '../../actors/agent-api.ts'
import type { HostKind } from '../../actors/contract.ts'
import type { Clock } from '../../clock.ts'
import { must, TroupeError, unreachable } from '../../errors.ts'
import type { TaskId } from '../../ids.ts'
import type { Log } from '../../log.ts'
import { hideNothing, type Redactor } from '../../redaction.ts'
import { Mailbox } from '../mailbox.ts'
import type { AttemptResult } from './attempt.ts'
import { decide } from './decide.ts'
import type { Recorded, RunEvent, StopHow } from './events.ts'
import { hiddenEvent } from './hidden-event.ts'
import type { LiveBoard, LiveLine } from './live.ts'
import { PauseSwitch } from './pause-switch.ts'
import type { RunRules } from './rules.ts'
import type { Command } from './schedule.ts'
import type { SalvagedAttempt } from './salvage.ts'
import { initialState, type RunState } from './state.ts'

/** A journal as the run needs it. */
export interface EventJournal {
  /** Appends; `durable` settles when the record is on disk. */
  append(event: RunEvent): { readonly at: number; readonly durable: Promise<void> }
}

/** One attempt to be carried out. */
export interface AttemptOrder {
  readonly task: TaskId
  readonly attempt: number
  readonly polite: AbortSignal
  readonly force: AbortSignal
  readonly pauses: PauseSwitch
  readonly tell: (event: AgentEvent) => void
}

/** What a run needs of the world. */
export interface RunWorld {
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  readonly journal: EventJournal
  readonly live: LiveBoard
  hostOf(task: TaskId): HostKind
  /** Carries one attempt out; never rejects. */
  attempt(order: AttemptOrder, state: RunState): Promise<AttemptResult>
  /** Told that a task under way has said something: the live board has it. */
  spoke(task: TaskId, state: RunState): void
  /** Told of every event after it was decided on, in order. */
  observe(recorded: Recorded, state: RunState): void
  /** What of an event may be known; all of it by default. */
  readonly hide?: Redactor
}

/** How the tasks of a run came to their ends. */
export interface Settlement {
  readonly state: RunState
  readonly interrupted: boolean
}

interface UnderWay {
  readonly attempt: number
  readonly polite: AbortController
  readonly force: AbortController
  readonly pauses: PauseSwitch
}

/** The shell of the one loop: journals each event, lets `decide` answer, and carries the answer out once the event is on disk. */
export class Run {
  readonly #world: RunWorld
  readonly #rules: RunRules
  readonly #mailbox: Mailbox<{ readonly task: TaskId; readonly attempt: number }, void>
  readonly #underWay = new Map<TaskId, UnderWay>()
  readonly #wakes = new Map<TaskId, () => void>()
  /** Releases of workspaces that go on behind the attempts. */
  readonly #releases = new Set<Promise<void>>()
  readonly #settled = Promise.withResolvers<void>()
  #state: RunState

  /** @param state where an earlier supervisor's journal leaves off; the beginning by default */
  constructor(rules: RunRules, world: RunWorld, state: RunState = initialState(rules)) {
    this.#rules = rules
    this.#world = world
    this.#state = state
    const bound = rules.concurrency + rules.mailbox
    this.#mailbox = new Mailbox((letter) => this.#carryOut(letter), { concurrency: rules.concurrency, bound })
  }

  get state(): RunState {
    return this.#state
  }

  /** Runs every task to its end. Rejects only when the journal fails: then nothing can be promised any more. */
  settle(started: Extract<RunEvent, { readonly type: 'run-started' }>): Promise<Settlement> {
    // whoever awaits holds on to what it was given, and this event has the whole manifest in it
    return this.record(started).then(() => this.#settlement())
  }

  /** Goes on where an earlier supervisor left off: what it had under way is lost, and runs again where the rules say so. */
  async resume(
    resumed: Extract<RunEvent, { readonly type: 'run-resumed' }>,
    lost: readonly SalvagedAttempt[],
  ): Promise<Settlement> {
    await this.record(resumed)
    await Promise.all(lost.filter(({ candidateOf }) => candidateOf === undefined).map((attempt) => this.#bury(attempt)))
    // their ends are those of the tasks that they tried
    for (const { candidateOf, release } of lost)
      if (candidateOf !== undefined && release !== null) this.#releaseLater(release())
    return await this.#settlement()
  }

  async #bury({ task, attempt, resolves, end, release }: SalvagedAttempt): Promise<void> {
    await this.record(
      resolves === undefined
        ? { type: 'attempt-ended', task: task.id, attempt, end, chance: this.#world.random() }
        : { type: 'resolution-ended', task: resolves, attempt, end, outcome: 'lost', reason: end.reason, answers: [] },
    )
    if (release !== null) this.#releaseLater(release())
  }

  async #settlement(): Promise<Settlement> {
    await this.#settled.promise
    await this.#mailbox.drained()
    await Promise.all(this.#releases)
    const { phase } = this.#state
    return { state: this.#state, interrupted: phase.name === 'settled' && phase.interrupted }
  }

  /** Asks the run to stop; what is under way ends first, politely or by force. */
  stop(how: StopHow, reason: string): Promise<void> {
    return this.record({ type: 'stop-requested', how, reason })
  }

  /** Journals an event, decides, and carries the decision out once the event is on disk. */
  record(told: RunEvent): Promise<void> {
    return this.#enter(told).done
  }

  #enter(told: RunEvent): { readonly commands: readonly Command[]; readonly done: Promise<void> } {
    const event = hiddenEvent(told, this.#world.hide ?? hideNothing)
    const { at, durable } = this.#world.journal.append(event)
    const recorded = { at, event }
    const [next, commands] = decide(this.#rules, this.#state, recorded)
    this.#state = next
    this.#world.observe(recorded, next)
    const done = durable.then(
      () => {
        for (const command of commands) this.#obey(command)
      },
      (error: unknown) => {
        this.#breakOff(error)
        throw error
      },
    )
    return { commands, done }
  }

  #obey(command: Command): void {
    switch (command.type) {
      case 'dispatch':
        this.#dispatch(command)
        return
      case 'wake': {
        const { task, attempt, delayMs } = command
        const due = (): void => this.#note({ type: 'backoff-elapsed', task, attempt })
        this.#wakes.set(task, this.#world.clock.after(delayMs, due))
        return
      }
      case 'cancel': {
        const under = this.#underWay.get(command.task)
        if (under?.attempt !== command.attempt) return
        const reason = new TroupeError('INTERNAL', command.reason)
        if (command.how === 'hard') under.force.abort(reason)
        under.polite.abort(reason)
        return
      }
      case 'pause':
      case 'continue':
      case 'rebase':
        this.#obeyPause(command)
        return
      case 'settle':
        for (const cancelWake of this.#wakes.values()) cancelWake()
        this.#settled.resolve()
        return
      default:
        unreachable(command)
    }
  }

  #obeyPause(command: Extract<Command, { readonly type: 'pause' | 'continue' | 'rebase' }>): void {
    const { task, attempt } = command
    const under = this.#underWay.get(task)
    if (under?.attempt !== attempt) return
    if (command.type === 'continue') return under.pauses.goOn()
    const { by } = command
    if (command.type === 'pause') {
      this.#note({ type: 'attempt-paused', task, attempt, by, processes: under.pauses.pause() })
      return
    }
    const reason = new TroupeError('INTERNAL', `what it wrote does not go together with the work of ${by}`)
    under.pauses.rebase(by)
    under.force.abort(reason)
    under.polite.abort(reason)
  }

  #dispatch({ task, attempt, rank }: Extract<Command, { readonly type: 'dispatch' }>): void {
    const under = { attempt, polite: new AbortController(), force: new AbortController(), pauses: new PauseSwitch() }
    this.#underWay.set(task, under)
    const { signal } = under.polite // force never comes without it
    this.#mailbox.send({ task, attempt }, { lane: 'work', rank, signal }).catch((error: unknown) => {
      if (!signal.aborted) this.#breakOff(error)
    })
  }

  async #carryOut({ task, attempt }: { readonly task: TaskId; readonly attempt: number }): Promise<void> {
    const { polite, force, pauses } = must(this.#underWay, task)
    // not waited for: that this attempt may have begun follows from the durable event that dispatched it
    this.#note({ type: 'attempt-started', task, attempt, host: this.#world.hostOf(task) })
    const signals = { polite: polite.signal, force: force.signal, pauses }
    const order = { task, attempt, ...signals, tell: this.#listener(task, attempt) }
    const { end, workspace } = await this.#world.attempt(order, this.#state)
    this.#underWay.delete(task)
    const { commands, done } = this.#enter({ type: 'attempt-ended', task, attempt, end, chance: this.#world.random() })
    this.#releaseLater(done.then(() => this.#forget(task, workspace), noop))
    // its place is free at once for whoever was dispatched by what is on disk, and follows this end in the journal; but not before those
    // that this end lets come, if they go first
    if (this.#goesFirst(commands)) await done.catch(noop)
  }

  /** Whether a task is to be dispatched that goes before those that wait. */
  #goesFirst(commands: readonly Command[]): boolean {
    const waiting = this.#mailbox.nextRank
    return waiting !== null && commands.some((command) => command.type === 'dispatch' && command.rank < waiting)
  }

  async #forget(task: TaskId, workspace: AttemptResult['workspace']): Promise<void> {
    this.#world.live.forget(task)
    await workspace?.release()
  }

  #listener(task: TaskId, attempt: number): (event: AgentEvent) => void {
    return (event) => {
      this.#world.live.update(task, liveChange(event))
      if (event.type === 'process') this.#note({ type: 'process-started', task, attempt, process: event.process })
      else this.#world.spoke(task, this.#state)
    }
  }

  /** Records an event whose failure is already dealt with by `#breakOff`. */
  #note(event: RunEvent): void {
    this.record(event).catch(() => {})
  }

  #releaseLater(release: Promise<void>): void {
    const done = release
      .catch((error: unknown) => {
        this.#world.log.warn({ err: error }, 'a workspace could not be removed')
      })
      .finally(() => this.#releases.delete(done))
    this.#releases.add(done)
  }

  /** The journal failed: what runs is taken away, and whoever waits for the run is told. */
  #breakOff(error: unknown): void {
    this.#settled.reject(error)
    for (const { polite, force } of this.#underWay.values()) {
      force.abort(error)
      polite.abort(error)
    }
  }
}

/** `#breakOff` has dealt with it. */
const noop = (): void => {}

/** What the live board learns of what an attempt says. */
export function liveChange(event: AgentEvent): Partial<LiveLine> {
  switch (event.type) {
    case 'output':
      return { lastOutput: event.line }
    case 'progress':
      return { progress: event.line }
    case 'process':
      return { pid: event.process.pid }
    case 'usage':
    case 'question':
    case 'accepted':
    case 'refused':
    case 'released':
      return {}
    default:
      return unreachable(event)
  }
}
