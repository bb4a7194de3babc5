import type { Clock } from '../../clock.ts'
import { isAlive, type ProcessIdentity } from '../../process-identity.ts'
import type { SharedText } from '../../store/shared-file.ts'
import type { TakenPlace } from '../run/conversation.ts'
import { type Budget, type BudgetEvent, type BudgetLimits, freshBudget, type Hold, turn } from './budget.ts'

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
  readonly id: string
  readonly signal: AbortSignal
  readonly patienceMs: number
  readonly settle: (taken: Taken) => void
}

interface Round {
  readonly budget: Budget
  readonly granted: readonly string[]
  readonly until: number | null
}

/** Changes of others are looked for this often, in milliseconds, should the watch miss one. */
const lookEveryMs = 2_000
const schema = 'troupe/quota/1'

/** One supervisor's share in a budget: those who wait for a place here, and the text that all supervisors share. */
export class SharedBudget {
  readonly #parts: SharedBudgetParts
  readonly #unwatch: () => void
  #waiting: Waiting[] = []
  #pending: BudgetEvent[] = []
  #round: Promise<void> | null = null
  #cancelLook: () => void = () => {}
  #last = 0
  #isClosed = false
  #isBroken = false

  constructor(parts: SharedBudgetParts) {
    this.#parts = parts
    this.#unwatch = parts.text.watch(() => {
      this.look()
    })
  }

  /** @param patienceMs who would have to wait longer than this for the end of a hold is told at once; rejects when `signal` aborts */
  take(signal: AbortSignal, patienceMs: number): Promise<Taken> {
    const { promise, resolve, reject } = Promise.withResolvers<Taken>()
    this.#last += 1
    const { pid, startTime } = this.#parts.process
    const waiting = { id: `${pid}.${startTime}.${this.#last}`, signal, patienceMs, settle: resolve }
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

  /** Sees what others have changed, and asks again where that may help. */
  look(): void {
    if (this.#isClosed) return
    this.#settle({ budget: this.#read(this.#parts.text.read()), granted: [], until: null })
    if (this.#waiting.length > 0) void this.#change()
  }

  /** What was given back is written; nobody is given a place any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#unwatch()
    this.#cancelLook()
    while (this.#pending.length > 0 || this.#round !== null) {
      await (this.#round ?? this.#change())
    }
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
      if (this.#pending.length > 0 || (!this.#isClosed && this.#wantsMore)) void this.#change()
    })
    this.#wantsMore = true
    return this.#round
  }

  #wantsMore = false

  async #go(): Promise<void> {
    await Promise.resolve() // whoever asks in the same moment is in the same round
    this.#wantsMore = false
    if (this.#pending.length === 0 && !this.#mayGrant()) return
    const events = this.#pending.splice(0)
    const asking = this.#isClosed ? [] : [...this.#waiting]
    try {
      const round = await this.#parts.text.update((text) => this.#played(text, events, asking))
      this.#isBroken = false
      this.#settle(round)
    } catch (error) {
      if (!this.#isBroken) this.#parts.failed(error)
      this.#isBroken = true
      for (const { id } of asking) this.#grant(id)
    }
  }

  /** Looks before it locks: while nothing can be had, nothing is written, so that nobody is woken for nothing. */
  #mayGrant(): boolean {
    if (this.#waiting.length === 0) return false
    const { budget, granted, until } = this.#turned(this.#read(this.#parts.text.read()), [], this.#waiting.slice(0, 1))
    if (granted.length > 0) return true
    this.#settle({ budget, granted, until })
    return false
  }

  #played(text: string | null, events: readonly BudgetEvent[], asking: readonly Waiting[]) {
    const result = this.#turned(this.#read(text), events, asking)
    return { content: `${JSON.stringify({ schema, ...result.budget })}\n`, result }
  }

  #turned(before: Budget, events: readonly BudgetEvent[], asking: readonly Waiting[]): Round {
    const { limits, process, clock } = this.#parts
    const now = clock.now()
    let budget = before
    for (const event of [{ type: 'sweep', isAlive } as const, ...events]) budget = turn(limits, budget, event, now)[0]
    const granted: string[] = []
    for (const { id } of asking) {
      const [next, verdict] = turn(limits, budget, { type: 'ask', id, process }, now)
      budget = next
      if (verdict.how === 'wait') return { budget, granted, until: verdict.until }
      granted.push(id)
    }
    return { budget, granted, until: null }
  }

  #settle({ budget, granted, until }: Round): void {
    for (const id of granted) this.#grant(id)
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
    if (this.#isClosed || (this.#waiting.length === 0 && hold === null)) return
    const dates = [until, hold?.until ?? null].filter((date) => date !== null && date > clock.now())
    const due = Math.min(clock.now() + lookEveryMs, ...(dates as number[]))
    this.#cancelLook = clock.after(Math.max(1, due - clock.now()), () => {
      this.look()
    })
  }

  /** Who has left meanwhile gives the place back unused. */
  #grant(id: string): void {
    const waiting = this.#waiting.find((one) => one.id === id)
    if (waiting === undefined) return this.#tell({ type: 'leave', id })
    this.#waiting = this.#waiting.filter((one) => one !== waiting)
    let isHeld = true
    waiting.settle({
      how: 'granted',
      accepted: () => {
        if (isHeld) this.#accepted(id)
      },
      refused: (answer) => {
        if (isHeld) this.#tell({ type: 'refused', id, answer, chance: this.#parts.random() })
      },
      giveBack: (answer) => {
        if (isHeld) this.#tell({ type: 'answer', id, answer, chance: this.#parts.random() })
        isHeld = false
      },
    })
  }

  /** What another version or a broken disk has left is as good as nothing. */
  #read(text: string | null): Budget {
    try {
      const read = JSON.parse(text ?? 'null') as (Budget & { readonly schema: string }) | null
      if (read?.schema === schema) {
        const { schema: _schema, ...budget } = read
        return budget
      }
    } catch {
      // fall through
    }
    return freshBudget(this.#parts.limits)
  }
}
