import { reportedUsage } from '../../agents/reported-usage.ts'
import type { Usage } from '../../agents/usage.ts'
import type { Clock } from '../../clock.ts'
import { TroupeError } from '../../errors.ts'
import type { TaskId } from '../../ids.ts'
import { printDuration } from '../../plan/duration.ts'
import type { Budget, Task } from '../../plan/task.ts'
import { type AttemptEnd, detailsOf, type Recorded } from './events.ts'

/** Watches what tasks and the run use, against what they may. */
export interface Budgets {
  /** Counts what earlier supervisors of the run have recorded. */
  restore(records: readonly Recorded[]): void
  /** The time of the run begins; `exceeded` is told once, when the run has used all that it may. */
  begin(exceeded: (reason: string) => void): void
  /** Opens the account of one attempt. */
  open(task: Pick<Task, 'id' | 'budget'>): Account
  /** Time is over. */
  close(): void
}

/** What one attempt uses. */
export interface Account {
  /** Aborts when the task has used all that it may; its reason says what that is. */
  readonly spent: AbortSignal
  /** The agent has used something more. */
  use(usage: Usage): void
  /** The attempt has ended; what its agent only told at its end counts as well. */
  close(end: AttemptEnd): void
}

/** Opens the budgets of a run. */
export function openBudgets(clock: Clock, budget: Budget): Budgets {
  const run = new Purse()
  const tasks = new Map<TaskId, Purse>()
  let exceeded: (reason: string) => void = () => {}
  let cancelTime = (): void => {}
  const purseOf = (id: TaskId): Purse => {
    const purse = tasks.get(id) ?? new Purse()
    tasks.set(id, purse)
    return purse
  }
  const look = (): void => {
    const reason = run.excess(budget)
    if (reason === null) return
    exceeded(`the run has used ${reason}`)
    exceeded = () => {}
  }
  return {
    restore(records) {
      run.add({ timeMs: timeOfLives(records) })
      for (const { task, usage, timeMs } of attemptsIn(records)) {
        run.add(usage)
        if (task !== null) purseOf(task).add({ ...usage, timeMs })
      }
    },
    begin(told) {
      exceeded = told
      cancelTime = run.whenTimeIsUp(clock, budget, look)
      look()
    },
    open({ id, budget: own }) {
      // what a task without limits has used counts for the run alone
      const purse = isLimited(own) ? purseOf(id) : new Purse()
      return openAccount(clock, { budget: own, purse, run, look })
    },
    close() {
      cancelTime()
      exceeded = () => {}
    },
  }
}

const isLimited = ({ tokens, costUsd, timeMs }: Budget): boolean =>
  [tokens, costUsd, timeMs].some((limit) => limit !== null)

interface AccountParts {
  /** Of the task. */
  readonly budget: Budget
  readonly purse: Purse
  readonly run: Purse
  /** Looks whether the run has used all that it may. */
  readonly look: () => void
}

function openAccount(clock: Clock, { budget, purse, run, look }: AccountParts): Account {
  const over = new AbortController()
  const beganMs = clock.monotonic()
  let told: Spending = nothing
  const check = (): void => {
    const reason = purse.excess(budget)
    if (reason !== null) over.abort(new TroupeError('INTERNAL', `it has used ${reason}`))
    look()
  }
  const add = (amounts: Spending): void => {
    told = sum(told, amounts)
    for (const one of [purse, run]) one.add(amounts)
    check()
  }
  const cancelTime = purse.whenTimeIsUp(clock, budget, check)
  check()
  return {
    spent: over.signal,
    use: (usage) => {
      add(spendingOf(usage))
    },
    close(end) {
      cancelTime()
      purse.add({ timeMs: clock.monotonic() - beganMs })
      add(moreThan(told, spendingOf(usageOf(end))))
    },
  }
}

interface Spending {
  readonly tokens: number
  readonly costUsd: number
  readonly timeMs: number
}

const nothing: Spending = { tokens: 0, costUsd: 0, timeMs: 0 }

/** What a task or the run has used. */
class Purse {
  #spent = nothing

  add(amounts: Partial<Spending>): void {
    this.#spent = sum(this.#spent, { ...nothing, ...amounts })
  }

  /** What is used up, and how much of it there was; null when nothing is. */
  excess({ tokens, costUsd, timeMs }: Budget): string | null {
    const spent = this.#spent
    if (tokens !== null && spent.tokens >= tokens) return `${spent.tokens} of the ${tokens} tokens that it may`
    if (costUsd !== null && spent.costUsd >= costUsd) return `$${rounded(spent.costUsd)} of the $${costUsd} that it may`
    return timeMs !== null && spent.timeMs >= timeMs ? `all of the ${printDuration(timeMs)} that it may` : null
  }

  /** Returns what cancels it. */
  whenTimeIsUp(clock: Clock, { timeMs }: Budget, due: () => void): () => void {
    if (timeMs === null) return () => {}
    const leftMs = Math.max(0, timeMs - this.#spent.timeMs)
    return clock.after(leftMs, () => {
      this.#spent = { ...this.#spent, timeMs: Math.max(this.#spent.timeMs, timeMs) }
      due()
    })
  }
}

const rounded = (costUsd: number): number => Number(costUsd.toPrecision(4))

const sum = (a: Spending, b: Spending): Spending => ({
  tokens: a.tokens + b.tokens,
  costUsd: a.costUsd + b.costUsd,
  timeMs: a.timeMs + b.timeMs,
})

/** What was not told before. */
const moreThan = (told: Spending, all: Spending): Spending => ({
  tokens: Math.max(0, all.tokens - told.tokens),
  costUsd: Math.max(0, all.costUsd - told.costUsd),
  timeMs: 0,
})

const spendingOf = (usage: Usage | null): Spending => ({
  tokens: (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0),
  costUsd: usage?.costUsd ?? 0,
  timeMs: 0,
})

const usageOf = (end: AttemptEnd): Usage | null => reportedUsage(detailsOf(end))

/** How long supervisors have worked on the run: whatever passes between two of them is nobody's time. */
function timeOfLives(records: readonly Recorded[]): number {
  let total = 0
  let [began, last] = [0, 0]
  for (const { at, event } of records) {
    if (event.type === 'run-started' || event.type === 'run-resumed') {
      total += last - began
      began = at
    }
    last = Math.max(at, began)
  }
  return total + last - began
}

interface PastAttempt {
  /** null for one at a conflict: it counts for the run alone. */
  readonly task: TaskId | null
  readonly usage: Spending
  readonly timeMs: number
}

function attemptsIn(records: readonly Recorded[]): readonly PastAttempt[] {
  const startedAt = new Map<TaskId, number>()
  return records.flatMap(({ at, event }): readonly PastAttempt[] => {
    if (event.type === 'attempt-started') startedAt.set(event.task, at)
    if (event.type === 'resolution-ended') return [{ task: null, usage: spendingOf(usageOf(event.end)), timeMs: 0 }]
    if (event.type !== 'attempt-ended') return []
    const { task, end } = event
    // nobody knows how long one that was lost has lived
    const timeMs = end.how === 'lost' ? 0 : Math.max(0, at - (startedAt.get(task) ?? at))
    return [{ task, usage: spendingOf(usageOf(end)), timeMs }]
  })
}
