import type { Clock } from '../../clock.ts'
import type { Sign } from './sign.ts'

/** How long a program may take to exit when it has told its end, in milliseconds: what it has still to do is no work of the task. */
const exitMs = 10_000

/** Notices a program that has told its end and does not exit. */
export interface Linger {
  hear(sign: Sign): void
  /** It has exited, or has been told to. */
  end(): void
}

/** Calls `over` when it has lingered for too long; whatever works on after its end is let. */
export function newLinger(clock: Clock, over: () => void): Linger {
  let cancel = (): void => {}
  return {
    hear({ type }) {
      if (type === 'usage' || type === 'denied') return
      cancel()
      if (type === 'end') cancel = clock.after(exitMs, over)
    },
    end() {
      cancel()
    },
  }
}
