import { type Budget, type BudgetLimits, type Holder, turn, type Waiter } from './budget.ts'

/** What came of handing out; `until` is null where only somebody's return helps. */
export interface HandedOut {
  readonly budget: Budget
  /** How many places. */
  readonly given: number
  readonly until: number | null
}

/** Tells how many wait at one supervisor; whoever waits already keeps its turn. */
export function withWaiter(budget: Budget, waiter: Waiter): Budget {
  const isKnown = budget.queue.some(({ name }) => name === waiter.name)
  const queue = isKnown
    ? budget.queue.map((one) => (one.name === waiter.name ? waiter : one))
    : [...budget.queue, waiter]
  return { ...budget, queue: queue.filter(({ count }) => count > 0) }
}

/**
 * Gives as many places as there are to those who wait, whoever they are: a place goes from one supervisor to the other in the change
 * that gives it back. Next is who has the fewest, and of those who has had none for the longest time.
 */
export function handOut(limits: BudgetLimits, before: Budget, now: number): HandedOut {
  let [budget, given] = [before, 0]
  for (let next = nextOf(budget); next !== undefined; next = nextOf(budget)) {
    const ask = { type: 'ask', id: `${next.name}/${now}-${budget.handedOut}`, process: next.process } as const
    const [granted, verdict] = turn(limits, budget, ask, now)
    if (verdict.how === 'wait') return { budget: granted, given, until: verdict.until }
    given += 1
    budget = { ...granted, handedOut: budget.handedOut + 1, queue: afterTurn(budget.queue, next) }
  }
  return { budget, given, until: null }
}

/** The places that were handed out to one supervisor. */
export const placesOf = ({ holders }: Pick<Budget, 'holders'>, name: string): readonly Holder[] =>
  holders.filter(({ id }) => id.startsWith(`${name}/`))

function nextOf(budget: Budget): Waiter | undefined {
  const count = ({ name }: Waiter): number => placesOf(budget, name).length
  return budget.queue.toSorted((a, b) => count(a) - count(b))[0]
}

function afterTurn(queue: readonly Waiter[], waiter: Waiter): readonly Waiter[] {
  const others = queue.filter((one) => one !== waiter)
  return waiter.count > 1 ? [...others, { ...waiter, count: waiter.count - 1 }] : others
}
