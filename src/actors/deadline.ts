import type { Clock } from '../clock.ts'
import { TroupeError } from '../errors.ts'

/** The longest that Node's timers wait, in milliseconds; what is longer counts as for ever. */
const longestTimerMs = 2 ** 31 - 1

/** What a deadline is made of. */
export interface Deadline {
  readonly clock: Clock
  readonly withinMs: number
  /** The message of the time-out. */
  readonly message: string
  /** Called when the answer, or the error, comes all the same. */
  readonly late: () => void
}

/** The answer, if it comes in time; otherwise rejects with TroupeError ASK_TIMEOUT. */
export function inTime<Answer>(answer: Promise<Answer>, deadline: Deadline): Promise<Answer> {
  const { clock, withinMs, message, late } = deadline
  if (withinMs > longestTimerMs) return answer
  return new Promise((resolve, reject) => {
    let over = false
    const cancelTimer = clock.after(withinMs, () => {
      over = true
      reject(new TroupeError('ASK_TIMEOUT', message))
    })
    const settle = (act: () => void): void => {
      if (over) return late()
      cancelTimer()
      act()
    }
    answer.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error as Error)),
    )
  })
}
