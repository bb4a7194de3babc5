import type { ProposalRequest, TaskEnding } from '../../actors/aggregator-api.ts'
import { TroupeError } from '../../errors.ts'
import type { MergePolicy } from '../../merge/merge-policy.ts'
import type { CheckSettings } from '../../merge/proposal-request.ts'
import type { CheckCommand, MergeSettings, Task } from '../../plan/task.ts'
import { foundationsOf } from './attempt-base.ts'
import type { RunRules } from './rules.ts'
import { agentBehind, type RunState, type TaskState } from './state.ts'
import { taskAt } from './task-change.ts'

/** What the request is made of besides the state. */
export interface ProposalParts {
  readonly rules: RunRules
  /** In the order of the manifest. */
  readonly tasks: readonly Task[]
  readonly checks: readonly CheckCommand[]
  readonly merge: MergeSettings
  /** How checks are run; as by default where it is left out. */
  readonly checking?: CheckSettings
  /** ISO 8601. */
  readonly createdAt: string
}

/** Everything the aggregator needs to know of a run whose tasks have all ended. */
export function proposalRequest(state: RunState, parts: ProposalParts): ProposalRequest {
  const { rules, tasks, checks, merge, createdAt, checking } = parts
  const interrupted = state.phase.name === 'settled' && state.phase.interrupted
  const endings = tasks.map((task, index) => endingOf(task, { rules, state, index }))
  const policy = mergePolicy(merge, interrupted)
  const request = { tasks: endings, checks: interrupted ? [] : checks, merge: policy, createdAt, interrupted }
  return checking === undefined ? request : { ...request, checking }
}

/** How change sets are brought together, as the manifest says it; a run that was stopped starts no command any more. */
export function mergePolicy(merge: MergeSettings, interrupted = false): MergePolicy {
  const { strategy, resolve, off, blame, union, keyed } = merge
  const failed = interrupted ? { failed: 'the run was stopped' } : {}
  const regenerate = merge.regenerate.map((rule) => ({ ...rule, ...failed }))
  const asks = resolve !== null || [...union, ...keyed, ...regenerate].length > 0
  return { strategy, resolvers: asks ? { upTo: resolve, off, declared: { union, keyed, regenerate } } : null, blame }
}

interface Place {
  readonly rules: RunRules
  readonly state: RunState
  readonly index: number
}

function endingOf(task: Task, { rules, state: run, index }: Place): TaskEnding {
  const { state, tally } = taskAt(run, index)
  const common = {
    task: task.id,
    agent: agentBehind(task, state),
    attempts: tally.attempts,
    needs: foundationsOf(rules, run, index),
    priority: task.priority,
    usage: tally.usage,
  }
  if (state.phase === 'succeeded') {
    const { summary, findings, changeSet } = state
    const success = changeSet === null ? unchanged : { contribution: { changeSet, owns: task.owns } }
    return { ...common, summary, findings, success, trouble: null }
  }
  return { ...common, summary: null, findings: [], success: null, trouble: troubleOf(state) }
}

const unchanged = { contribution: null }

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
    case 'parked':
      throw new TroupeError('INTERNAL', `a proposal was asked for while a task is ${state.phase}`)
  }
}
