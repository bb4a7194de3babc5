import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Has the garbage collector keep this process small from now on: a supervisor of ten thousand tasks leaves the memory to the agents. */
export function keepHeapSmall(): void {
  // the young generation stays as small as it is; `--optimize-for-size` would too, but has every collection compact as well
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=10')
  // what other threads take to compile, malloc keeps for them: 30 MB
  setFlagsFromString('--no-concurrent-recompilation')
  setFlagsFromString('--expose-gc')
  collect = runInNewContext('gc') as Collect
}

type Collect = (how: { readonly type: 'major'; readonly execution: 'sync'; readonly flavor: 'last-resort' }) => void

let collect: Collect | null = null

/** A smaller heap is not worth the time, in bytes. */
const largeHeap = 50_000_000

/**
 * Where this process is kept small, gives the pages of what was needed only until now back to the system: V8 would keep them, be they full
 * of garbage or empty. It takes a millisecond for each megabyte of what lives on.
 */
export function giveBackGarbage(): void {
  if (collect === null || getHeapStatistics().total_heap_size < largeHeap) return
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
