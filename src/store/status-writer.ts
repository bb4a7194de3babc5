import type { Clock } from '../clock.ts'

/**
 * Writes values to named files, each file at most once in a while; the latest value wins.
 * A file that cannot be written is told and tried again with the next change: what can be made anew must not end a run.
 */
export interface StatusWriter {
  /** Marks a file to be written with the value that `content` gives when its time comes. */
  set(path: string, content: () => string): void
  /** Writes everything that is marked, now; false when something is still not written. */
  flush(): boolean
}

interface StatusWriterOptions {
  readonly clock: Clock
  /** How long values are gathered, in milliseconds. */
  readonly everyMs: number
  readonly write: (path: string, content: string) => void
  /** Told why a file could not be written. */
  readonly failed: (error: unknown) => void
}

/** How long files are written without a pause, and how long the pause is, in milliseconds. */
const sliceMs = 20

/** The longest that is written without a pause where more comes than is written otherwise: all that waits is in the memory. */
const longestMs = 160

/**
 * A writer without a timer while nothing is marked. Of very many files (a run that is gone on with marks all that it has) the newest marks
 * are written first, and in between others have their turn.
 */
export function openStatusWriter({ clock, everyMs, write, failed }: StatusWriterOptions): StatusWriter {
  const fresh = new Map<string, () => string>()
  const waiting = new Map<string, () => string>()
  let cancelTimer: (() => void) | null = null
  let nextMs = sliceMs

  /** Whether it came to an end before it took too long. */
  function writeUntil(endMs: number): boolean {
    for (const marked of [fresh, waiting])
      for (const [path, content] of marked) {
        if (clock.monotonic() > endMs) return false
        try {
          write(path, content())
          marked.delete(path)
        } catch (error) {
          failed(error)
        }
      }
    return true
  }

  function writeSlice(): void {
    cancelTimer = null
    const isDone = writeUntil(clock.monotonic() + nextMs)
    const isBehind = fresh.size > 0 && waiting.size > 0
    nextMs = isBehind ? Math.min(nextMs * 2, longestMs) : sliceMs
    if (isDone) return
    for (const [path, content] of fresh) waiting.set(path, content)
    fresh.clear()
    cancelTimer = clock.after(sliceMs, writeSlice)
  }

  return {
    set(path, content) {
      waiting.delete(path)
      fresh.set(path, content)
      cancelTimer ??= clock.after(everyMs, writeSlice)
    },
    flush() {
      cancelTimer?.()
      cancelTimer = null
      return writeUntil(Infinity) && fresh.size + waiting.size === 0
    },
  }
}
