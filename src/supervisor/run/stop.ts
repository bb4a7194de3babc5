import type { StopHow } from './events.ts'
import { type RunRules, ruleAt } from './rules.ts'
import type { Command } from './schedule.ts'
import { isEnded, type RunState } from './state.ts'
import { itemsOf } from './persistent-vector.ts'
import { taskAt, withTask } from './task-change.ts'

/** Why and how the run is to stop. */
export interface StopOrder {
  readonly how: StopHow
  readonly reason: string
  /** True when a person asked for it. */
  readonly interrupted: boolean
}

/** Nothing new starts; what waits is cancelled now, what runs is told. A second, hard order tells the running ones again. */
export function stop(rules: RunRules, state: RunState, order: StopOrder): readonly [RunState, readonly Command[]] {
  const { how, reason } = order
  const interrupted = order.interrupted || (state.phase.name === 'stopping' && state.phase.interrupted)
  const commands: Command[] = []
  let next: RunState = {
    ...state,
    phase: { name: 'stopping', how, reason, interrupted },
    ready: new Map(),
    paused: new Map(),
  }
  let index = -1
  for (const { state: task } of itemsOf(state.tasks)) {
    index += 1
    if (isEnded(task.phase)) continue
    if (task.phase === 'dispatched' || task.phase === 'running') {
      const { id } = ruleAt(rules, index)
      if (state.paused.has(index)) commands.push({ type: 'continue', task: id, attempt: task.attempt })
      commands.push({ type: 'cancel', task: id, attempt: task.attempt, how, reason })
    }
    if (task.phase !== 'running') next = cancelled(rules, next, index, reason)
  }
  return [next, commands]
}

/** An attempt that only waited in the mailbox does not count as begun. */
function cancelled(rules: RunRules, state: RunState, index: number, reason: string): RunState {
  const { state: task, tally } = taskAt(state, index)
  const attempt = tally.attempts - Number(task.phase === 'dispatched')
  return withTask(rules, state, index, { phase: 'cancelled', attempt, reason })
}
