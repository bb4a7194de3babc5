/** What a provider may be asked for in any minute; null where that is not limited. */
export interface RateLimits {
  readonly requestsPerMinute: number | null
  readonly tokensPerMinute: number | null
}

/** What the last minute has used up. All times are since the epoch. */
export interface Minute {
  /** When calls began; kept only where requests are limited. */
  readonly calls: readonly number[]
  /** Tokens used; kept only where they are limited. */
  readonly tokens: readonly { readonly at: number; readonly count: number }[]
}

const minuteMs = 60_000

/** Without what is more than a minute away: older, or of a clock that was set back since. */
export function ofLastMinute<Known extends Minute>(known: Known, now: number): Known {
  const { calls, tokens } = known
  const isNear = (at = now): boolean => Math.abs(now - at) < minuteMs
  const ends = [calls[0], calls.at(-1), tokens[0]?.at, tokens.at(-1)?.at]
  if (ends.every(isNear)) return known
  return { ...known, calls: calls.filter(isNear), tokens: tokens.filter(({ at }) => isNear(at)) }
}

/** Until when the minute is used up; a time that has passed where it is not. */
export const rateUntil = ({ requestsPerMinute, tokensPerMinute }: RateLimits, { calls, tokens }: Minute): number =>
  Math.max(requestsUntil(requestsPerMinute, calls), tokensUntil(tokensPerMinute, tokens))

function requestsUntil(most: number | null, calls: Minute['calls']): number {
  const oldest = most === null ? undefined : calls.at(-most)
  return oldest === undefined ? 0 : oldest + minuteMs
}

/** When enough of the tokens of the last minute are older than that. */
function tokensUntil(most: number | null, tokens: Minute['tokens']): number {
  let over = most === null ? 0 : tokens.reduce((sum, { count }) => sum + count, 0) - most + 1
  for (const { at, count } of tokens) {
    if (over <= 0) return 0
    over -= count
    if (over <= 0) return at + minuteMs
  }
  return 0
}
