import { existsSync, statSync } from 'node:fs'
import type { Recorded } from '../supervisor/run/events.ts'
import { giveBackGarbage, keepHeapSmall } from '../processes/small-heap.ts'

/** Of a manifest with hundreds of tasks. */
const longBytes = 65_536

/**
 * With many tasks this process leaves the memory to the agents; with few it grows as it will, and starts sooner for that.
 * @param manifest path of the manifest's file, which need not be there
 */
export function fitHeapTo(manifest: string): void {
  if (existsSync(manifest) && statSync(manifest).size > longBytes) keepHeapSmall()
}

/** Attempts that begin between two collections: some hundredths of their time go into one. */
const often = 5_000

/** Hears of every event of a run, and gives back what its beginning and each so many attempts have left behind. */
export function heapKeeper(): (recorded: Recorded) => void {
  let begun = 0
  return ({ event }) => {
    if (event.type !== 'attempt-started') return
    if (begun % often === 0) giveBackGarbage()
    begun += 1
  }
}
