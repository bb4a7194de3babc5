import { type Budget, type BudgetLimits, freshBudget, type Holder, type Waiter } from './budget.ts'
import type { Hold } from './hold.ts'
import { isLimit } from './pauses.ts'
import type { ProcessIdentity } from '../../process-identity.ts'

const schema = 'troupe/quota/1'
/** A century, as with what providers tell: nobody is held for longer. */
const longestMs = 100 * 365 * 86_400_000

/** What stands in a text; what another version or a broken disk has left there is as good as nothing. */
export function budgetIn(text: string | null, limits: BudgetLimits, now: number): Budget {
  const fresh = freshBudget(limits)
  try {
    const read = JSON.parse(text ?? 'null') as (Budget & { readonly schema: string }) | null
    if (read?.schema !== schema) return fresh
    const { schema: _schema, ...known } = read
    const budget = { ...fresh, ...known }
    return isSound(budget, now + longestMs) ? budget : fresh
  } catch {
    return fresh
  }
}

/** A budget as a text. */
export const textOf = (budget: Budget): string => `${JSON.stringify({ schema, ...budget })}\n`

/** Whether each field holds what it may; a date that is none, or too far away, would hold everybody for ever. */
function isSound(budget: Unknown<Budget>, last: number): boolean {
  const { window, ceiling, steady, patience, halvedAt, hold, holders, queue, handedOut, calls, tokens } = budget
  return (
    [window, patience, ceiling ?? 1].every((count) => isCount(count) && count >= 1) &&
    [steady, handedOut].every(isCount) &&
    isNumber(halvedAt) &&
    (hold === null || isHold(hold, last)) &&
    isList(holders, (one: Unknown<Holder>) => isHolder(one, last)) &&
    isList(queue, isWaiter) &&
    isList(calls, (at: unknown) => isDate(at, last)) &&
    isList(tokens, ({ at, count }: Unknown<Budget['tokens'][number]>) => isDate(at, last) && isNumber(count))
  )
}

type Unknown<Known> = { readonly [Key in keyof Known]: unknown }

const isNumber = (value: unknown): value is number => Number.isFinite(value)

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

const isDate = (value: unknown, last: number): boolean => isNumber(value) && value >= 0 && value <= last

/** Throws for an element that is null, as for a text that is no JSON. */
const isList = <Element>(value: unknown, fits: (element: Element) => boolean): boolean =>
  Array.isArray(value) && value.every((element: Element) => fits(element))

function isHold(value: unknown, last: number): boolean {
  const { class: kind, until, date = until, since, refusals } = value as Unknown<Hold>
  return isLimit(String(kind)) && [until, date, since].every((at) => isDate(at, last)) && isCount(refusals)
}

const isHolder = ({ id, process, since, among, isProbe }: Unknown<Holder>, last: number): boolean =>
  typeof id === 'string' && isProcess(process) && isDate(since, last) && isCount(among) && typeof isProbe === 'boolean'

const isWaiter = ({ name, process, count }: Unknown<Waiter>): boolean =>
  typeof name === 'string' && isProcess(process) && isCount(count)

function isProcess(value: unknown): boolean {
  const { pid, startTime } = value as Unknown<ProcessIdentity>
  return isCount(pid) && (startTime === null || isNumber(startTime))
}
