/** When a workspace was written to, and when it may and must be saved; milliseconds of one clock. */
export interface Times {
  /** When it is looked through as a whole, whatever was noticed. */
  readonly wholeMs: number
  /** No snapshot before this. */
  readonly freeMs: number
  /** Writes that no snapshot has seen; null for none. */
  readonly wrote: { readonly firstMs: number; readonly lastMs: number } | null
}

/** A snapshot that has been taken, or tried. */
export interface Taken {
  readonly startedMs: number
  readonly endedMs: number
  readonly isWhole: boolean
  readonly isFailed: boolean
}

/** A workspace is saved when nothing was written for so long, in milliseconds, */
const calmMs = 250
/** but no later than this after the first write. */
const latestMs = 1_000
/** The pause after a snapshot is at least so many times as long as it took, */
const rest = 3
/** but no longer than this: a machine under load makes everything slow, and that is no reason to look away. */
const longestRestMs = 500
/** The pause after a look through a whole workspace, until the next of that kind, is at least so many times as long as it took. */
const restOfWhole = 20
/** How long a workspace is left alone in which a snapshot has failed, at least. */
const failedMs = 1_000

/** When the next snapshot is due. */
export function nextDue({ wholeMs, freeMs, wrote }: Times): number {
  if (wrote === null) return wholeMs
  const calm = Math.min(wrote.lastMs + calmMs, wrote.firstMs + latestMs)
  return Math.min(wholeMs, Math.max(freeMs, calm))
}

/** The times after a snapshot. One that failed is followed by a look through the whole workspace. */
export function afterSnapshot(times: Times, everyMs: number, taken: Taken): Times {
  const { startedMs, endedMs, isWhole, isFailed } = taken
  const tookMs = endedMs - startedMs
  const wholeMs = isWhole ? endedMs + Math.max(everyMs, tookMs * restOfWhole) : times.wholeMs
  if (!isFailed) return { ...times, wholeMs, freeMs: endedMs + Math.min(longestRestMs, tookMs * rest) }
  const freeMs = endedMs + Math.max(failedMs, tookMs * rest)
  return { ...times, wholeMs: freeMs, freeMs }
}
