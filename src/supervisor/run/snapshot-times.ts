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
/** and after a look through the whole workspace, until the next of that kind. */
const restOfWhole = 20
/** How long a workspace is left alone in which a snapshot has failed, at least. */
const failedMs = 1_000

/** When the next snapshot is due. */
export function nextDue({ wholeMs, freeMs, wrote }: Times): number {
  if (wrote === null) return wholeMs
  const calm = Math.min(wrote.lastMs + calmMs, wrote.firstMs + latestMs)
  return Math.min(wholeMs, Math.max(freeMs, calm))
}

/** The times after a snapshot. What one that failed may have missed is taken for new. */
export function afterSnapshot(times: Times, everyMs: number, taken: Taken): Times {
  const { startedMs, endedMs, isWhole, isFailed } = taken
  const tookMs = endedMs - startedMs
  const wholeMs = isWhole ? endedMs + Math.max(everyMs, tookMs * restOfWhole) : times.wholeMs
  if (!isFailed) return { ...times, wholeMs, freeMs: endedMs + tookMs * rest }
  const freeMs = endedMs + Math.max(failedMs, tookMs * restOfWhole)
  return { wholeMs, freeMs, wrote: times.wrote ?? { firstMs: startedMs, lastMs: startedMs } }
}
