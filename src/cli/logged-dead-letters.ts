import { DeadLetters } from '../actors/dead-letters.ts'
import type { Log } from '../log.ts'

/** How the log's lines about dead letters begin. */
export const deadLetterMessage = 'dead letter'

/** An office that logs: what an abandoned actor still says may never end, so after the hundredth of a reason only each doubling is. */
export function loggedDeadLetters(log: Log): DeadLetters {
  const deadLetters = new DeadLetters()
  deadLetters.subscribe((letter) => {
    const count = deadLetters.counts[letter.reason]
    if (count <= 100 || Number.isInteger(Math.log2(count))) {
      log.warn({ ...letter, count }, `${deadLetterMessage}: ${letter.reason}`)
    }
  })
  return deadLetters
}
