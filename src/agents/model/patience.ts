import type { Refusal } from '../provider/refusal.ts'
import type { Clock } from '../../clock.ts'

/** How long to wait before asking again; null where that does not help soon. */
export type Patience = (refusal: Refusal, tries: number) => number | null

const longestMs = 60_000
const firstMs = { rate_limit: 1_000, overloaded: 5_000, network: 1_000 } as const
const mostTries = { rate_limit: 5, overloaded: 4, network: 3 } as const

/**
 * Doubled each time. Beside it the budget of the provider keeps everybody away who shares it; this is for endpoints without one, and
 * bounds how often one call is tried.
 */
export const usualPatience: Patience = ({ class: kind, retryAfterMs, until }, tries) => {
  if (kind !== 'rate_limit' && kind !== 'overloaded' && kind !== 'network') return null
  if (tries >= mostTries[kind] || until !== null) return null
  const pauseMs = retryAfterMs ?? Math.min(longestMs, firstMs[kind] * 2 ** (tries - 1))
  return pauseMs > longestMs ? null : pauseMs
}

/** Resolves after a time; rejects when `signal` aborts. */
export function pause(clock: Clock, pauseMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const stop = (): void => {
    cancel()
    reject(signal.reason)
  }
  const cancel = clock.after(pauseMs, () => {
    signal.removeEventListener('abort', stop)
    resolve()
  })
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  return promise
}
