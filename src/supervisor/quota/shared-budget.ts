import type { Clock } from '../../clock.ts'
import { type Life, lifeOf, type ProcessIdentity } from '../../process-identity.ts'
import type { SharedText } from '../../store/shared-file.ts'
import type { TakenPlace } from '../run/taken-places.ts'
import { type Budget, type BudgetEvent, type BudgetLimits, type Holder, turn } from './budget.ts'
import type { Hold } from './hold.ts'
import { budgetIn, textOf } from './read-budget.ts'
import { type HandedOut, handOut, placesOf, withWaiter } from './turns.ts'

/** A place that somebody asked for: it is there, or will not be for longer than one can wait. */
export type Taken = ({ readonly how: 'granted' } & TakenPlace) | { readonly how: 'held'; readonly hold: Hold }

interface SharedBudgetParts {
  readonly clock: Clock
  readonly random: () => number
  /** Of this supervisor. */
  readonly process: ProcessIdentity
  readonly text: SharedText
  readonly limits: BudgetLimits
  /** Told of what stands in the text whenever it was looked at. */
  readonly seen: (budget: Budget) => void
  /** The text cannot be changed: everybody goes on without it. */
  readonly failed: (error: unknown) => void
}

interface Waiting {
  readonly patienceMs: number
  readonly settle: (taken: Taken) => void
}

/** Changes of others are looked for this often, in milliseconds, should the watch miss one: seldom where only a date is waited for. */
const lookEveryMs = { held: 2_000, free: 500 }
/** A place that nobody counts. */
export const uncounted: TakenPlace = { accepted: () => {}, refused: () => {}, giveBack: () => {} }

/** One supervisor's share in a budget: those who wait for a place here, and the text that all supervisors share. */
export class SharedBudget {
  readonly #parts: SharedBudgetParts
  readonly #unwatch: () => void
  /** Of this supervisor's share. */
  readonly #name: string
  /** Places that somebody here has, or has given back while the text does not say so yet. */
  readonly #mine = new Set<string>()
  #waiting: Waiting[] = []
  #pending: BudgetEvent[] = []
  #round: Promise<void> | null = null
  #cancelLook: () => void = () => {}
  #isClosed = false
  #isBroken = false

  constructor(parts: SharedBudgetParts) {
    this.#parts = parts
    const { pid, startTime } = parts.process
    this.#name = `${pid}.${startTime}.${parts.random().toString(36).slice(2)}`
    // what others write was swept by them
    this.#unwatch = parts.text.watch(() => {
      if (!this.#isClosed && this.#hasToChange([])) void this.#change()
    })
  }

  /** @param patienceMs who would have to wait longer than this for the end of a hold is told at once; rejects when `signal` aborts */
  take(signal: AbortSignal, patienceMs: number): Promise<Taken> {
    const { promise, resolve, reject } = Promise.withResolvers<Taken>()
    const waiting = { patienceMs, settle: resolve }
    this.#waiting.push(waiting)
    const leave = (): void => {
      this.#waiting = this.#waiting.filter((other) => other !== waiting)
      reject(signal.reason)
    }
    signal.addEventListener('abort', leave, { once: true })
    if (signal.aborted) leave()
    else void this.#change()
    return promise.finally(() => {
      signal.removeEventListener('abort', leave)
    })
  }

  spend(tokens: number): void {
    if (this.#parts.limits.tokensPerMinute !== null) this.#tell({ type: 'spend', tokens })
  }

  /** Sees what others have changed or left: they may have handed out a place to somebody here, or have died. */
  look(): void {
    if (!this.#isClosed && this.#hasToChange([this.#sweep()])) void this.#change()
  }

  /** What was given back is written; nobody is given a place any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#unwatch()
    this.#cancelLook()
    do await this.#change()
    while ((this.#pending.length > 0 && !this.#isBroken) || this.#round !== null)
  }

  #tell(event: BudgetEvent): void {
    this.#pending.push(event)
    void this.#change()
  }

  /** Nearly always it changes nothing: only then is it worth a change of the text. */
  #accepted(id: string): void {
    const { limits, clock, text } = this.#parts
    const event = { type: 'accepted', id } as const
    const budget = this.#read(text.read())
    if (turn(limits, budget, event, clock.now())[0].window > budget.window) this.#tell(event)
  }

  /** One change of the text at a time; whatever comes meanwhile goes into the next. */
  #change(): Promise<void> {
    this.#round ??= this.#go().finally(() => {
      this.#round = null
      if ((this.#pending.length > 0 && !this.#isBroken) || (!this.#isClosed && this.#wantsMore)) void this.#change()
    })
    this.#wantsMore = true
    return this.#round
  }

  #wantsMore = false

  async #go(): Promise<void> {
    await Promise.resolve() // whoever asks in the same moment is in the same round
    this.#wantsMore = false
    if (this.#pending.length === 0 && !this.#hasToChange([this.#sweep()])) return
    const events = this.#pending.splice(0)
    try {
      const round = await this.#parts.text.update((text) => this.#played(text, events))
      this.#isBroken = false
      for (const event of events) if (event.type === 'answer' || event.type === 'leave') this.#mine.delete(event.id)
      this.#settle(round)
    } catch (error) {
      if (!this.#isBroken) this.#parts.failed(error)
      this.#isBroken = true
      this.#pending.unshift(...events) // a place that nobody gave back would be held as long as this process lives
      for (const { settle } of this.#waiting.splice(0)) settle({ how: 'granted', ...uncounted })
      this.#lookAgain(null, null)
    }
  }

  /** Looks before it locks: while nothing can be handed out, nothing is written, so that nobody is woken for nothing. */
  #hasToChange(events: readonly BudgetEvent[]): boolean {
    const before = this.#read(this.#parts.text.read())
    const tookOne = this.#fresh(before).length > 0
    this.#settle({ budget: before, given: 0, until: null })
    const isQueued = isIn(before, this.#name)
    if (this.#isClosed) return isQueued || this.#fresh(before).length > 0
    if (this.#waiting.length === 0 && !isQueued) return false
    const round = this.#turned(before, events)
    // two who take each other for dead, as in two containers, must not answer each other's changes for ever
    const mayAsk = tookOne || events.length > 0
    if (round.given > 0 || (mayAsk && isQueued !== isIn(round.budget, this.#name))) return true
    this.#lookAgain(round.budget.hold, round.until)
    return false
  }

  #played(text: string | null, events: readonly BudgetEvent[]) {
    const result = this.#turned(this.#read(text), [this.#sweep(), ...events])
    return { content: textOf(result.budget), result }
  }

  #turned(before: Budget, events: readonly BudgetEvent[]): HandedOut {
    const { limits, process, clock } = this.#parts
    const now = clock.now()
    const leaving = this.#isClosed ? this.#fresh(before).map(({ id }) => ({ type: 'leave', id }) as const) : []
    let budget = before
    for (const event of [...events, ...leaving]) budget = turn(limits, budget, event, now)[0]
    const count = this.#isClosed ? 0 : Math.max(0, this.#waiting.length - this.#fresh(budget).length)
    return handOut(limits, withWaiter(budget, { name: this.#name, process, count }), now)
  }

  /** Each process is looked at once; who stands still would keep a place from all others without calling, and asks anew when it goes on. */
  #sweep(): BudgetEvent {
    const lives = new Map<string, Life>()
    const lifeIn = (process: ProcessIdentity): Life => {
      const name = `${process.pid}.${process.startTime}`
      const life = lives.get(name) ?? lifeOf(process)
      lives.set(name, life)
      return life
    }
    return {
      type: 'sweep',
      isAlive: (process) => lifeIn(process) !== 'over',
      canTake: (process) => lifeIn(process) === 'runs',
    }
  }

  /** Handed out to this supervisor, and not yet taken by anybody here. */
  #fresh(budget: Budget): readonly Holder[] {
    return placesOf(budget, this.#name).filter(({ id }) => !this.#mine.has(id))
  }

  #settle({ budget, until }: HandedOut): void {
    if (!this.#isClosed) for (const { id } of this.#fresh(budget)) this.#grant(id)
    this.#parts.seen(budget)
    if (budget.hold !== null) this.#turnAway(budget.hold)
    this.#lookAgain(budget.hold, until)
  }

  #turnAway(hold: Hold): void {
    const leftMs = hold.until - this.#parts.clock.now()
    const impatient = this.#waiting.filter(({ patienceMs }) => leftMs > patienceMs)
    this.#waiting = this.#waiting.filter((waiting) => !impatient.includes(waiting))
    for (const { settle } of impatient) settle({ how: 'held', hold })
  }

  /** At the date that is waited for, or after a while. */
  #lookAgain(hold: Hold | null, until: number | null): void {
    const { clock } = this.#parts
    this.#cancelLook()
    if (this.#isClosed || (this.#waiting.length === 0 && this.#pending.length === 0 && hold === null)) return
    const dates = [until, hold?.until ?? null].filter((date) => date !== null && date > clock.now())
    const due = Math.min(clock.now() + (hold === null ? lookEveryMs.free : lookEveryMs.held), ...(dates as number[]))
    this.#cancelLook = clock.after(Math.max(1, due - clock.now()), () => {
      this.look()
    })
  }

  /** To whoever waits longest; who has left meanwhile gives it back unused. */
  #grant(id: string): void {
    this.#mine.add(id)
    const waiting = this.#waiting.shift()
    if (waiting === undefined) return this.#tell({ type: 'leave', id })
    const { random } = this.#parts
    let isHeld = true
    waiting.settle({
      how: 'granted',
      accepted: () => {
        if (isHeld) this.#accepted(id)
      },
      refused: (answer) => {
        if (isHeld) this.#tell({ type: 'refused', id, answer, chance: random() })
      },
      giveBack: (answer) => {
        if (isHeld) this.#tell({ type: 'answer', id, answer, chance: random() })
        isHeld = false
      },
    })
  }

  #read(text: string | null): Budget {
    return budgetIn(text, this.#parts.limits, this.#parts.clock.now())
  }
}

const isIn = ({ queue }: Budget, supervisor: string): boolean => queue.some(({ name }) => name === supervisor)
