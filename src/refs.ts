import type { RunId, TaskId } from './ids.ts'

/** Where the refs of all runs are. */
export const refsOfAllRuns = 'refs/troupe'

/** Where a run's refs are. */
export const refsOfRun = (run: RunId): string => `${refsOfAllRuns}/${run}`

/** The ref that keeps an attempt's change set. */
export const changeSetRef = (run: RunId, task: TaskId, attempt: number): string =>
  `${refsOfRun(run)}/${task}/${attempt}`

/** The ref that keeps what the latest attempt at a task had written when it was last looked at. */
export const snapshotRef = (run: RunId, task: TaskId): string => `${refsOfRun(run)}/${task}/snapshot`

/** What the proposal's ref is called; no task may have that name. */
export const proposalName = 'proposal'

/** The ref that keeps a run's proposal. */
export const proposalRef = (run: RunId): string => `${refsOfRun(run)}/${proposalName}`

/** No task can have this name: it begins with no letter. */
const passesName = '_passed'

/** The ref that keeps which checks passed on which trees in a run. */
export const passesRef = (run: RunId): string => `${refsOfRun(run)}/${passesName}`

/** A pattern for the refs of all runs' passes. */
export const passesOfAllRuns = `${refsOfAllRuns}/*/${passesName}`
