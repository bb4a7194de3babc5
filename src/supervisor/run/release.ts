import { type RunRules, ruleAt } from './rules.ts'
import { ready, type RunState } from './state.ts'
import { taskAt, withTask } from './task-change.ts'

/** After the task at `index` has ended: dependants come nearer, or are blocked for good when they needed its success. */
export function release(rules: RunRules, state: RunState, index: number): RunState {
  const ended = [index]
  let next = state
  for (let current = ended.pop(); current !== undefined; current = ended.pop()) {
    const succeeded = taskAt(next, current).state.phase === 'succeeded'
    for (const dependant of ruleAt(rules, current).dependants) {
      const { state: task } = taskAt(next, dependant.index)
      if (task.phase !== 'waiting') continue
      if (!succeeded && dependant.hard) {
        next = blocked(rules, next, dependant.index, current)
        ended.push(dependant.index)
      } else {
        const unmet = task.unmet - 1
        next = withTask(rules, next, dependant.index, unmet === 0 ? ready : { phase: 'waiting', unmet })
      }
    }
  }
  return next
}

function blocked(rules: RunRules, state: RunState, index: number, by: number): RunState {
  return withTask(rules, state, index, { phase: 'blocked', by: ruleAt(rules, by).id })
}
