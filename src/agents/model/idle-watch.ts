import type { Clock } from '../../clock.ts'

/** Gives a call up that says nothing for too long. */
export interface IdleWatch {
  /** Aborts when it has. */
  readonly signal: AbortSignal
  /** Something came, or the waiting begins. */
  beat(): void
  end(): void
}

/** Nothing is waited for before the first beat. */
export function newIdleWatch(clock: Clock, idleMs: number): IdleWatch {
  const silent = new AbortController()
  let cancel: (() => void) | null = null
  let isOver = false
  return {
    signal: silent.signal,
    beat() {
      if (isOver) return
      cancel?.()
      cancel = clock.after(idleMs, () => {
        silent.abort()
      })
    },
    end() {
      isOver = true
      cancel?.()
    },
  }
}
