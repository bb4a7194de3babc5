import type { Clock } from '../../clock.ts'

/** What an answer is waited for with. */
export interface Limit {
  readonly clock: Clock
  readonly signal?: AbortSignal
  /** When the wait is over, on the monotonic clock; looked at again each time it is reached. */
  readonly due: () => number
}

/** Nothing came in time. */
export class Silent extends Error {}

/** The answer; rejects with Silent when it does not come in time, and with the signal's reason when that aborts. */
export async function within<Answer>(answer: Promise<Answer>, { clock, signal, due }: Limit): Promise<Answer> {
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal?.reason)
  let cancelTimer = (): void => {}
  const look = (): void => {
    const left = due() - clock.monotonic()
    if (left <= 0) reject(new Silent())
    else if (left < Infinity) cancelTimer = clock.after(Math.min(left, longestTimerMs), look)
  }
  signal?.addEventListener('abort', onAbort)
  if (signal?.aborted === true) onAbort()
  else look()
  try {
    return await Promise.race([answer, promise])
  } finally {
    cancelTimer()
    signal?.removeEventListener('abort', onAbort)
    answer.catch(() => {})
  }
}

const longestTimerMs = 2 ** 31 - 1
