import { existsSync, statSync } from 'node:fs'
import { keepHeapSmall } from '../processes/small-heap.ts'

/** Of a manifest with hundreds of tasks. */
const longBytes = 65_536

/**
 * With many tasks this process leaves the memory to the agents; with few it grows as it will, and starts sooner for that.
 * @param manifest path of the manifest's file, which need not be there
 */
export function fitHeapTo(manifest: string): void {
  if (existsSync(manifest) && statSync(manifest).size > longBytes) keepHeapSmall()
}
