import { setFlagsFromString } from 'node:v8'

/** Has the garbage collector keep this process small from now on: a supervisor of ten thousand tasks leaves the memory to the agents. */
export function keepHeapSmall(): void {
  setFlagsFromString('--optimize-for-size')
  setFlagsFromString('--heap-growing-percent=10')
}
