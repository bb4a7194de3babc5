import type { Clock } from '../clock.ts'

/** Writes values to named files, each file at most once in a while; the latest value wins. */
export interface StatusWriter {
  /** Marks a file to be written with the value that `content` gives when its time comes. */
  set(path: string, content: () => string): void
  /** Writes everything that is marked, now. */
  flush(): void
}

interface StatusWriterOptions {
  readonly clock: Clock
  /** How long values are gathered, in milliseconds. */
  readonly everyMs: number
  readonly write: (path: string, content: string) => void
}

/** A writer without a timer while nothing is marked. */
export function openStatusWriter({ clock, everyMs, write }: StatusWriterOptions): StatusWriter {
  const marked = new Map<string, () => string>()
  let cancelTimer: (() => void) | null = null

  function flush(): void {
    cancelTimer?.()
    cancelTimer = null
    for (const [path, content] of marked) write(path, content())
    marked.clear()
  }

  return {
    set(path, content) {
      marked.set(path, content)
      cancelTimer ??= clock.after(everyMs, flush)
    },
    flush,
  }
}
