import type { RunId, TaskId } from './ids.ts'

/** The ref that keeps an attempt's change set. */
export const changeSetRef = (run: RunId, task: TaskId, attempt: number): string =>
  `refs/troupe/${run}/${task}/${attempt}`

/** The ref that keeps a run's proposal. */
export const proposalRef = (run: RunId): string => `refs/troupe/${run}/proposal`
