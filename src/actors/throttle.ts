import type { Clock } from '../clock.ts'

/** Runs `act` at most once in `periodMs`, at once when it was quiet before; a timer exists only while a run is owed. */
export class Throttle {
  readonly #periodMs: number
  readonly #clock: Clock
  readonly #act: () => void
  #lastRun = Number.NEGATIVE_INFINITY
  #cancelTimer: (() => void) | null = null

  constructor(periodMs: number, clock: Clock, act: () => void) {
    this.#periodMs = periodMs
    this.#clock = clock
    this.#act = act
  }

  /** Asks for a run, now or at the end of the period. */
  request(): void {
    if (this.#cancelTimer !== null) return
    const waitMs = this.#lastRun + this.#periodMs - this.#clock.monotonic()
    if (waitMs <= 0) this.#run()
    else
      this.#cancelTimer = this.#clock.after(waitMs, () => {
        this.#run()
      })
  }

  /** Runs now what is owed. */
  flush(): void {
    if (this.#cancelTimer !== null) this.#run()
  }

  #run(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    this.#lastRun = this.#clock.monotonic()
    this.#act()
  }
}
