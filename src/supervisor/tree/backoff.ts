/** How long the restarts of a child wait; a child that ran for `maxMs` begins anew at `firstMs`. */
export interface Backoff {
  readonly firstMs: number
  readonly maxMs: number
  /** Each wait is this many times the one before. */
  readonly factor: number
  /** Share of the wait, 0 to 1, that chance may take away, so that children do not come back all at once. */
  readonly jitter: number
}

/**
 * The milliseconds to wait before restart number `attempt`, counted from 1.
 * @param random a number from 0 up to 1, as Math.random gives
 */
export function backoffMs(backoff: Backoff, attempt: number, random: number): number {
  const longest = Math.min(backoff.maxMs, backoff.firstMs * backoff.factor ** (attempt - 1))
  return longest * (1 - backoff.jitter * random)
}
