/** Time as a port: everything that waits or dates asks a Clock, so that tests own time. */
export interface Clock {
  /** Milliseconds since the epoch; may jump. */
  now(): number
  /** Milliseconds that never run backwards, for durations. */
  monotonic(): number
  /** Calls `due` once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, due: () => void): () => void
}

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, due) {
    const timer = setTimeout(due, delayMs)
    return () => {
      clearTimeout(timer)
    }
  },
}
