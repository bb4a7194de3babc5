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

/** A writer without a timer while nothing is marked. */
export function openStatusWriter({ clock, everyMs, write, failed }: StatusWriterOptions): StatusWriter {
  const marked = new Map<string, () => string>()
  let cancelTimer: (() => void) | null = null

  function flush(): boolean {
    cancelTimer?.()
    cancelTimer = null
    for (const [path, content] of marked) {
      try {
        write(path, content())
        marked.delete(path)
      } catch (error) {
        failed(error)
      }
    }
    return marked.size === 0
  }

  return {
    set(path, content) {
      marked.set(path, content)
      cancelTimer ??= clock.after(everyMs, flush)
    },
    flush,
  }
}
