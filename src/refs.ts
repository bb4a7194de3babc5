import type { RunId, TaskId } from './ids.ts'

/** The ref that keeps an attempt's change set. */
export const changeSetRef = (run: RunId, task: TaskId, attempt: number): string =>
  `refs/troupe/${run}/${task}/${attempt}`

/** What the proposal's ref is called; no task may have that name. */
export const proposalName = 'proposal'

/** The ref that keeps a run's proposal. */
export const proposalRef = (run: RunId): string => `refs/troupe/${run}/${proposalName}`
