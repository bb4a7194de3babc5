import type { PlaceAnswer, RefusedAnswer } from '../../agents/failure.ts'
import type { ProcessIdentity } from '../../process-identity.ts'
import { dateIn, type Hold, ofThisClock } from './hold.ts'
import { isLimit, pauseMs } from './pauses.ts'
import { type Minute, ofLastMinute, type RateLimits, rateUntil } from './rates.ts'

/** What a provider may be asked for by everybody together, as far as it is known beforehand. */
export interface BudgetLimits extends RateLimits {
  /** Calls at once to begin with. */
  readonly start: number
  /** Calls at once at most. */
  readonly most: number
}

/** One who makes a call, or a program that makes its calls. */
export interface Holder {
  readonly id: string
  /** Of the supervisor: what a dead one held is free. */
  readonly process: ProcessIdentity
  readonly since: number
  /** How many made calls when this one began, itself included. */
  readonly among: number
  /** Sent out to see whether a hold is over. */
  readonly isProbe: boolean
  /** Told to have been let in by the provider; others may never tell. */
  readonly isIn?: true
}

/** A supervisor some of whose agents wait for a place. */
export interface Waiter {
  readonly name: string
  readonly process: ProcessIdentity
  /** How many wait. */
  readonly count: number
}

/** What is known of one provider, account and model; shared by all supervisors of the machine. All times are since the epoch. */
export interface Budget extends Minute {
  /** Calls at once, as of now. */
  readonly window: number
  /** The least number of calls at once that was ever refused; null while that is unknown. */
  readonly ceiling: number | null
  /** Successes since the window last changed. */
  readonly steady: number
  /** Successes just below the ceiling before it is tried again, of every two places squared; four times as many each time that it holds. */
  readonly patience: number
  /** A refusal of a call that began before is of the same moment, and halves nothing again. */
  readonly halvedAt: number
  readonly hold: Hold | null
  readonly holders: readonly Holder[]
  /** Who waits, by turns. */
  readonly queue: readonly Waiter[]
  /** How many places were handed out to those who waited. */
  readonly handedOut: number
}

/** What may be told of a budget. */
export type BudgetEvent =
  | { readonly type: 'ask'; readonly id: string; readonly process: ProcessIdentity }
  /** The provider has let a call in, and will answer it. */
  | { readonly type: 'accepted'; readonly id: string }
  /** `chance`, from 0 to 1, is drawn by the shell. */
  | { readonly type: 'answer'; readonly id: string; readonly answer: PlaceAnswer; readonly chance: number }
  /** A program was refused a call that it makes again by itself. */
  | { readonly type: 'refused'; readonly id: string; readonly answer: RefusedAnswer; readonly chance: number }
  /** Given back unused. */
  | { readonly type: 'leave'; readonly id: string }
  | { readonly type: 'spend'; readonly tokens: number }
  /** Those for whom `isAlive` is false hold nothing any more; those who `canTake` nothing now lose their turn. */
  | { readonly type: 'sweep'; readonly isAlive: Look; readonly canTake?: Look }

type Look = (process: ProcessIdentity) => boolean

/** What comes of asking; `until` is null where only somebody's return helps. */
export type Verdict =
  | { readonly how: 'granted' }
  | { readonly how: 'wait'; readonly until: number | null }
  /** The event asked for nothing. */
  | { readonly how: 'noted' }

const firstPatience = 16
const mostPatience = 1_024
/** Whoever was not refused for so long is taken for let in. */
const trialMs = 500

/** Nothing is known yet. */
export const freshBudget = ({ start, most }: BudgetLimits): Budget => ({
  window: Math.min(start, most),
  ceiling: null,
  steady: 0,
  patience: firstPatience,
  halvedAt: Number.MIN_SAFE_INTEGER,
  hold: null,
  holders: [],
  queue: [],
  handedOut: 0,
  calls: [],
  tokens: [],
})

/**
 * The whole of the policy; no clock, no chance, no file. The window grows by one for a success while it is used up, and is halved by a
 * refusal, floor 1. Up to what was last refused it grows at each success; beyond, only after a long time without a refusal.
 */
export function turn(
  limits: BudgetLimits,
  before: Budget,
  event: BudgetEvent,
  now: number,
): readonly [Budget, Verdict] {
  const budget = ofThisClock(ofLastMinute(before, now), now)
  switch (event.type) {
    case 'ask':
      return asked(limits, budget, event, now)
    case 'accepted':
      return [letIn(limits, budget, event.id), noted]
    case 'answer':
      return [answered(limits, budget, event, now), noted]
    case 'refused':
      return [refusedAmid(budget, event, now), noted]
    case 'leave':
      return [without(budget, event.id), noted]
    case 'spend': {
      const isKept = limits.tokensPerMinute !== null && event.tokens > 0
      return [isKept ? { ...budget, tokens: [...budget.tokens, { at: now, count: event.tokens }] } : budget, noted]
    }
    case 'sweep':
      return [swept(budget, event), noted]
  }
}

/** Whether nobody may call now but a probe, and until when that is so. */
export const holdAt = ({ hold }: Budget, now: number): Hold | null => (hold !== null && hold.until > now ? hold : null)

const noted: Verdict = { how: 'noted' }

type Ask = Extract<BudgetEvent, { readonly type: 'ask' }>

function asked(limits: BudgetLimits, budget: Budget, { id, process }: Ask, now: number): readonly [Budget, Verdict] {
  const wait = waitOf(limits, budget, now)
  if (wait !== null) return [budget, wait]
  const holder = { id, process, since: now, among: budget.holders.length + 1, isProbe: budget.hold !== null }
  const calls = limits.requestsPerMinute === null ? budget.calls : [...budget.calls, now]
  return [{ ...budget, holders: [...budget.holders, holder], calls }, { how: 'granted' }]
}

function waitOf(limits: BudgetLimits, budget: Budget, now: number): Verdict | null {
  const { hold, holders, window } = budget
  if (hold !== null && hold.until > now) return { how: 'wait', until: hold.until }
  if (hold !== null && holders.some(({ isProbe }) => isProbe)) return { how: 'wait', until: null }
  if (holders.length >= Math.min(window, limits.most)) return { how: 'wait', until: null }
  const until = rateUntil(limits, budget)
  return until > now ? { how: 'wait', until } : null
}

function swept(budget: Budget, { isAlive, canTake = isAlive }: Extract<BudgetEvent, { type: 'sweep' }>): Budget {
  const holders = budget.holders.filter(({ process }) => isAlive(process))
  return { ...budget, holders, queue: budget.queue.filter(({ process }) => canTake(process)) }
}

const without = (budget: Budget, id: string): Budget => ({
  ...budget,
  holders: budget.holders.filter((holder) => holder.id !== id),
})

/**
 * While nothing is known of how many may call at once, who came last and was let in shows that one more may be tried: a refusal comes at
 * once, an answer takes as long as it takes. So one too many is refused, not as many as there are answers at the same time.
 */
function letIn({ most }: BudgetLimits, budget: Budget, id: string): Budget {
  const { ceiling, hold, holders, window, halvedAt } = budget
  const holder = holders.find((one) => one.id === id)
  const isFull = ceiling === null && hold === null && holders.length >= window && window < most
  if (holder === undefined || !isFull || holder.among < window || holder.since <= halvedAt) return budget
  const told = holders.map((one) => (one === holder ? { ...one, isIn: true as const } : one))
  return { ...budget, window: window + 1, steady: 0, holders: told }
}

/** Whether one was let go just now to see whether so many are let in, and will tell. */
const isTrying = ({ holders, window }: Budget, now: number): boolean =>
  holders.some(({ isIn }) => isIn === true) &&
  holders.some(({ among, since, isIn }) => among >= window && isIn !== true && now - since < trialMs)

type Answer = Extract<BudgetEvent, { readonly type: 'answer' }>
type Amid = Extract<BudgetEvent, { readonly type: 'refused' }>

/** What somebody answers whose place is no longer known changes nothing: another may have swept it away. */
function answered(limits: BudgetLimits, before: Budget, { id, answer, chance }: Answer, now: number): Budget {
  const holder = before.holders.find((one) => one.id === id)
  if (holder === undefined) return before
  const inUse = before.holders.length
  const budget = without(before, id)
  // a conversation that is too long was read, and refused for itself
  if (answer.how === 'ok' || answer.class === 'context')
    return succeeded(limits, budget, { isProbe: holder.isProbe, inUse, now })
  if (!isLimit(answer.class)) return budget
  const isNew = answer.isTold !== true && (holder.since > budget.halvedAt || holder.isProbe)
  return refusedOne(budget, holder, { answer, chance, now, inUse, isNew })
}

/**
 * Who goes on by itself keeps its place. While more are at work than the window lets in, it was halved for what they do: only what is
 * refused with no more than that halves it again.
 */
function refusedAmid(before: Budget, { id, answer, chance }: Amid, now: number): Budget {
  const holder = before.holders.find((one) => one.id === id)
  if (holder === undefined || !isLimit(answer.class)) return before
  const inUse = before.holders.length
  const refused = { answer, chance, now, inUse, isNew: inUse <= before.window }
  return { ...refusedOne(without(before, id), holder, refused), holders: before.holders }
}

function refusedOne(budget: Budget, holder: Holder, refused: Refused): Budget {
  const { answer, now, inUse, isNew } = refused
  // their number was too large, in whatever order they came there; each one more that is refused in the same moment makes it smaller
  const among = isNew ? Math.max(holder.among, inUse) : inUse
  const tells = answer.class === 'rate_limit' && !holder.isProbe && answer.isTold !== true
  const halved = learn(isNew ? halve(budget, tells ? among : null, now) : budget, tells ? among : null)
  return { ...halved, hold: heldBy(halved, holder, refused) }
}

interface Success {
  readonly isProbe: boolean
  /** How many were at work, this one included. */
  readonly inUse: number
  readonly now: number
}

function succeeded({ most }: BudgetLimits, before: Budget, { isProbe, inUse, now }: Success): Budget {
  // what was under way when the provider began to refuse says nothing of now
  const budget = isProbe ? resumed(before) : before
  if (budget.hold !== null || inUse < budget.window) return budget
  const { window, ceiling } = budget
  const steady = budget.steady + 1
  const grown = { ...budget, window: Math.min(most, window + 1), steady: 0 }
  if (ceiling === null) return isTrying(budget, now) ? budget : grown
  if (window < ceiling - 1) return grown
  if (window === ceiling - 1) return steady < triesFor(budget) ? { ...budget, steady } : grown
  return steady < window ? { ...budget, steady } : { ...grown, ceiling: null, patience: firstPatience }
}

/**
 * Successes before one more than the window is tried, though it was refused: refused again, it costs all the places for as long as the
 * hold and one call last, and well received, it is worth one of them.
 */
const triesFor = ({ window, patience }: Budget): number => patience * Math.max(1, (window / 2) ** 2)

/** After a passing limit those who waited call again as many at once as went well before; after all else they begin small. */
function resumed(budget: Budget): Budget {
  const well = budget.hold?.class === 'rate_limit' ? (budget.ceiling ?? 0) - 1 : 0
  return { ...budget, hold: null, window: Math.max(budget.window, well) }
}

/** A number that is refused again is tried less often. */
function halve(budget: Budget, among: number | null, now: number): Budget {
  const isKnown = among !== null && budget.ceiling !== null && among >= budget.ceiling
  const patience = isKnown ? Math.min(mostPatience, budget.patience * 4) : budget.patience
  return { ...budget, window: Math.max(1, Math.floor(budget.window / 2)), patience, steady: 0, halvedAt: now }
}

/** Of those who call at once, the number that was refused is remembered: up to it the way back is short. One alone tells nothing. */
function learn(budget: Budget, among: number | null): Budget {
  if (among === null || among < 2) return budget
  const ceiling = Math.min(among, budget.ceiling ?? among)
  return { ...budget, ceiling, window: Math.min(budget.window, ceiling - 1) }
}

interface Refused {
  readonly answer: RefusedAnswer
  readonly chance: number
  readonly now: number
  /** How many were at work, this one included. */
  readonly inUse: number
  /** Whether it is not of the moment in which the window was halved already. */
  readonly isNew: boolean
}

/** Without a date: one call too many among others is no reason for all to wait; a lone one waits longer each time. */
function heldBy(budget: Budget, { isProbe }: Holder, { answer, chance, now }: Refused): Hold | null {
  const { hold, holders } = budget
  const told = answer.until ?? (answer.retryAfterMs === undefined ? null : now + answer.retryAfterMs)
  if (told === null && answer.class === 'rate_limit' && holders.length > 0 && !isProbe) return hold
  // those who were refused with the first are not one more refusal
  const refusals = hold === null ? 1 : hold.refusals + Number(isProbe && answer.isTold !== true)
  const { until: before, since } = hold ?? { until: now, since: now }
  const until = Math.max(before, told ?? now + pauseMs(answer.class, refusals, chance), now)
  return { class: answer.class, until, since, refusals, ...dateIn(answer, hold) }
}
