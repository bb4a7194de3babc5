import type { Clock } from '../src/clock.ts'

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #now: number
  #timers: { readonly at: number; readonly due: () => void }[] = []

  /** Starts at `now` milliseconds since the epoch. */
  constructor(now = 0) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  after(delayMs: number, due: () => void): () => void {
    const timer = { at: this.#now + delayMs, due }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.#timers.length
  }

  /** Moves time on and calls what falls due, in order of time. */
  advance(byMs: number): void {
    const end = this.#now + byMs
    for (;;) {
      const next = this.#timers.filter((timer) => timer.at <= end).toSorted((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((other) => other !== next)
      this.#now = Math.max(this.#now, next.at)
      next.due()
    }
    this.#now = end
  }
}
