import { availableParallelism } from 'node:os'
import type { CheckSettings } from '../merge/proposal-request.ts'
import type { Manifest } from '../plan/task.ts'

/** How a manifest has checks run: at once as many as it says, else as many as tasks, but no more than there are processors. */
export const checkSettings = ({ prepare, concurrency, merge }: Manifest): CheckSettings => ({
  prepare,
  reusePasses: merge.reusePasses,
  atOnce: merge.checksAtOnce ?? Math.min(concurrency, availableParallelism()),
})
