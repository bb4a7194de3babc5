import type { Clock } from '../../clock.ts'

/** A clock that can be stopped: what waits on it waits longer by as much. */
export interface PausableClock extends Clock {
  pause(): void
  goOn(): void
}

/** Runs as `clock` does, until it is stopped; the time of day goes on. */
export function openPausableClock(clock: Clock): PausableClock {
  const timers = new Set<Timer>()
  let lostMs = 0
  let pausedAt: number | null = null
  const monotonic = (): number => (pausedAt ?? clock.monotonic()) - lostMs

  function arm(timer: Timer): void {
    timer.cancel = clock.after(Math.max(0, timer.dueMs - monotonic()), () => {
      timers.delete(timer)
      timer.due()
    })
  }

  return {
    now: () => clock.now(),
    monotonic,
    after(delayMs, due) {
      const timer: Timer = { dueMs: monotonic() + delayMs, due, cancel: () => {} }
      timers.add(timer)
      if (pausedAt === null) arm(timer)
      return () => {
        timers.delete(timer)
        timer.cancel()
      }
    },
    pause() {
      if (pausedAt !== null) return
      pausedAt = clock.monotonic()
      for (const timer of timers) timer.cancel()
    },
    goOn() {
      if (pausedAt === null) return
      lostMs += clock.monotonic() - pausedAt
      pausedAt = null
      for (const timer of timers) arm(timer)
    },
  }
}

interface Timer {
  readonly dueMs: number
  readonly due: () => void
  cancel: () => void
}
