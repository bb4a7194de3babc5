import type { ProposalRequest, TaskEnding } from '../../actors/aggregator-api.ts'
import { TroupeError } from '../../errors.ts'
import type { MergePolicy } from '../../merge/merge-policy.ts'
import type { CheckCommand, MergeSettings, Task } from '../../plan/task.ts'
import type { RunState, TaskRecord, TaskState } from './state.ts'
import { taskAt } from './task-change.ts'

/** What the request is made of besides the state. */
export interface ProposalParts {
  /** In the order of the manifest. */
  readonly tasks: readonly Task[]
  readonly checks: readonly CheckCommand[]
  readonly merge: MergeSettings
  /** ISO 8601. */
  readonly createdAt: string
}

/** Everything the aggregator needs to know of a run whose tasks have all ended. */
export function proposalRequest(state: RunState, { tasks, checks, merge, createdAt }: ProposalParts): ProposalRequest {
  const interrupted = state.phase.name === 'settled' && state.phase.interrupted
  const endings = tasks.map((task, index) => endingOf(task, taskAt(state, index)))
  return { tasks: endings, checks: interrupted ? [] : checks, merge: mergePolicy(merge), createdAt, interrupted }
}

/** How change sets are brought together, as the manifest says it. */
export function mergePolicy({ strategy, resolve, off, blame }: MergeSettings): MergePolicy {
  return { strategy, resolvers: resolve === null ? null : { upTo: resolve, off }, blame }
}

function endingOf(task: Task, { state, tally }: TaskRecord): TaskEnding {
  const common = {
    task: task.id,
    agent: task.agent,
    attempts: tally.attempts,
    needs: task.needs,
    priority: task.priority,
  }
  if (state.phase === 'succeeded') {
    const { summary, findings, changeSet } = state
    const contribution = changeSet === null ? null : { changeSet, owns: task.owns }
    return { ...common, summary, findings, success: { contribution }, trouble: null }
  }
  return { ...common, summary: null, findings: [], success: null, trouble: troubleOf(state) }
}

function troubleOf(state: Exclude<TaskState, { readonly phase: 'succeeded' }>): NonNullable<TaskEnding['trouble']> {
  switch (state.phase) {
    case 'failed':
      return { state: 'failed', reason: state.failure.message }
    case 'blocked':
      return { state: 'blocked', reason: `it needs ${state.by}, which did not succeed` }
    case 'cancelled':
      return { state: state.attempt === 0 ? 'not-started' : 'cancelled', reason: state.reason }
    case 'waiting':
    case 'ready':
    case 'dispatched':
    case 'running':
    case 'backing-off':
      throw new TroupeError('INTERNAL', `a proposal was asked for while a task is ${state.phase}`)
  }
}
