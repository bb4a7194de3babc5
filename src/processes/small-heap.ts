import { setFlagsFromString } from 'node:v8'

/** Has the garbage collector keep this process small from now on: a supervisor of ten thousand tasks leaves the memory to the agents. */
export function keepHeapSmall(): void {
  // the young generation stays as small as it is; `--optimize-for-size` would too, but has every collection compact as well
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=10')
  // what other threads take to compile, malloc keeps for them: 30 MB
  setFlagsFromString('--no-concurrent-recompilation')
}
