import { backoffMs, longestParkMs } from './after-failure.ts'
import { release } from './release.ts'
import { type RunRules, ruleAt } from './rules.ts'
import type { Command } from './schedule.ts'
import { isEnded, type Phase, type RunState } from './state.ts'
import { itemsOf } from './persistent-vector.ts'
import { taskAt, withTask } from './task-change.ts'

/**
 * What another supervisor finds to do: waits go on, what had settled is settled again, so is what had ended and lost its proposal,
 * and an interrupted run is taken up where it was stopped. Attempts that were under way are not dealt with here: each ends as lost by an event of its own.
 */
export function resumed(rules: RunRules, before: RunState, at: number): readonly [RunState, readonly Command[]] {
  const { phase } = before
  const state: RunState = { ...before, holds: new Map() } // who goes on looks for itself which providers are held
  switch (phase.name) {
    case 'new':
      return [state, []]
    case 'working':
      return [state, wakes(rules, state, at)]
    case 'stopping':
      return [phase.interrupted ? reopened(rules, state) : state, []]
    case 'settled':
      return phase.interrupted ? [reopened(rules, state), []] : [state, [{ type: 'settle' }]]
    case 'ended':
      if (phase.interrupted) return [reopened(rules, state), []]
      return [{ ...state, phase: { name: 'settled', interrupted: false, reason: null } }, [{ type: 'settle' }]]
  }
}

/** No wait becomes longer than it was, whatever the clock did meanwhile. */
function wakes(rules: RunRules, state: RunState, at: number): readonly Command[] {
  const commands: Command[] = []
  let index = -1
  for (const { state: task, tally } of itemsOf(state.tasks)) {
    index += 1
    if (task.phase !== 'backing-off' && task.phase !== 'parked') continue
    const longestMs = task.phase === 'parked' ? longestParkMs : backoffMs(rules.backoff, tally.attempts, 0)
    const delayMs = Math.min(longestMs, Math.max(0, task.until - at))
    commands.push({ type: 'wake', task: ruleAt(rules, index).id, attempt: task.attempt, delayMs })
  }
  return commands
}

/** What an interruption cancelled waits again, and what that blocked; ends that the work itself came to stay. */
function reopened(rules: RunRules, state: RunState): RunState {
  let next: RunState = { ...state, phase: { name: 'working' }, ready: new Map() }
  for (const index of rules.tasks.keys()) {
    if (isUndone(taskAt(next, index).state.phase)) next = waiting(rules, next, index)
  }
  for (const index of rules.tasks.keys()) {
    const { phase } = taskAt(state, index).state
    if (isEnded(phase) && !isUndone(phase)) next = release(rules, next, index)
  }
  return next
}

const isUndone = (phase: Phase): boolean => phase === 'cancelled' || phase === 'blocked'

function waiting(rules: RunRules, state: RunState, index: number): RunState {
  const { needs, after } = ruleAt(rules, index)
  const unmet = needs.length + after.length
  return withTask(rules, state, index, unmet === 0 ? { phase: 'ready' } : { phase: 'waiting', unmet })
}
