import type { ProviderClass, RefusedAnswer } from '../../agents/failure.ts'

/** Nobody calls until then; after it one goes first. */
export interface Hold {
  readonly class: ProviderClass
  /** Milliseconds since the epoch; `date` where the provider told one. */
  readonly until: number
  readonly date?: number
  /** Since when without a success in between. */
  readonly since: number
  /** How often in a row it was refused. */
  readonly refusals: number
}

/** What of a budget began at a time, in milliseconds since the epoch. */
interface Dated {
  readonly halvedAt: number
  readonly hold: Hold | null
}

/** By a clock that was set back what began lies ahead: it begins now, and the window was halved just before. */
export function ofThisClock<Known extends Dated>(known: Known, now: number): Known {
  const { halvedAt, hold } = known
  if (halvedAt <= now && (hold === null || hold.since <= now)) return known
  return { ...known, halvedAt: Math.min(halvedAt, now - 1), hold: hold && begunBy(hold, now) }
}

/** It lasts no longer than it was to, but until a date that the provider told: that is by no clock of ours. */
function begunBy(hold: Hold, now: number): Hold {
  const since = Math.min(hold.since, now)
  return { ...hold, since, until: Math.max(hold.until - (hold.since - since), hold.date ?? 0) }
}

/** The date that the provider told, now or before. */
export function dateIn({ until }: RefusedAnswer, hold: Hold | null): Pick<Hold, 'date'> {
  const date = until ?? hold?.date
  return date === undefined ? {} : { date }
}
