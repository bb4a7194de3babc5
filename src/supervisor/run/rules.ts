import type { AgentName, TaskId } from '../../ids.ts'
import { must } from '../../errors.ts'
import type { FailurePolicy } from '../../plan/task.ts'

/** One task as the run machine sees it: numbers instead of names. */
export interface RuleTask {
  readonly id: TaskId
  readonly agent: AgentName
  /** Tasks (by index) whose success is waited for. */
  readonly needs: readonly number[]
  /** Tasks (by index) whose end is waited for. */
  readonly after: readonly number[]
  /** Tasks that wait for this one, with what they wait for. */
  readonly dependants: readonly { readonly index: number; readonly hard: boolean }[]
  /** Place in the order among ready tasks: 0 goes first. */
  readonly rank: number
  readonly retries: number
}

/** How long to wait before a retry. */
export interface BackoffRules {
  readonly firstMs: number
  readonly factor: number
  readonly maxMs: number
  /** Share of the delay that chance may take away, 0 to 1. */
  readonly jitter: number
}

/** What does not change during a run. */
export interface RunRules {
  /** In the order of the manifest. */
  readonly tasks: readonly RuleTask[]
  /** Task index by rank: the inverse of `rank`. */
  readonly byRank: readonly number[]
  readonly indexOf: ReadonlyMap<TaskId, number>
  readonly concurrency: number
  /** Letters that may wait in the mailbox. */
  readonly mailbox: number
  readonly agentLimits: ReadonlyMap<AgentName, number>
  /** The provider of each agent that has one. */
  readonly providers: ReadonlyMap<AgentName, string>
  readonly onFailure: FailurePolicy
  /** Whether the later of two running tasks that do not go together is paused. */
  readonly pauses: boolean
  readonly backoff: BackoffRules
  /** How often in a row a task may fail in the very same way before retries are refused. */
  readonly sameFailureLimit: number
}

/** The rule of a task by index; an index outside is a defect. */
export function ruleAt(rules: RunRules, index: number): RuleTask {
  const rule = rules.tasks[index]
  if (rule === undefined) throw new RangeError(`no task ${index}`)
  return rule
}

/** The rule of a task by name; an unknown name is a defect. */
export function ruleOf(rules: RunRules, task: TaskId): { readonly index: number; readonly rule: RuleTask } {
  const index = must(rules.indexOf, task)
  return { index, rule: ruleAt(rules, index) }
}
