import { pushed } from './leftist-heap.ts'
import { itemAt, withItem } from './persistent-vector.ts'
import { type RunRules, ruleAt } from './rules.ts'
import type { Phase, RunState, Tally, TaskRecord, TaskState } from './state.ts'

/** The state in which one task stands elsewhere; counts, ready ranks and outstanding places follow. */
export function withTask(rules: RunRules, state: RunState, index: number, change: TaskState): RunState {
  const before = itemAt(state.tasks, index)
  const rule = ruleAt(rules, index)
  const moved = {
    ...state,
    tasks: withItem(state.tasks, index, { state: change, tally: before.tally }),
    counts: counted(state.counts, before.state.phase, change.phase),
  }
  const places = Number(holdsPlace(change.phase)) - Number(holdsPlace(before.state.phase))
  const outstanding =
    places === 0
      ? moved.outstanding
      : new Map(moved.outstanding).set(rule.agent, (moved.outstanding.get(rule.agent) ?? 0) + places)
  const ready =
    change.phase === 'ready'
      ? new Map(moved.ready).set(rule.agent, pushed(moved.ready.get(rule.agent) ?? null, rule.rank))
      : moved.ready
  return { ...moved, outstanding, ready }
}

/** The state in which one task's past reads otherwise. */
export function withTally(state: RunState, index: number, tally: Tally): RunState {
  return { ...state, tasks: withItem(state.tasks, index, { state: itemAt(state.tasks, index).state, tally }) }
}

/** The record of the task at `index`. */
export const taskAt = (state: RunState, index: number): TaskRecord => itemAt(state.tasks, index)

const holdsPlace = (phase: Phase): boolean => phase === 'dispatched' || phase === 'running'

function counted(counts: RunState['counts'], from: Phase, to: Phase): RunState['counts'] {
  if (from === to) return counts
  return { ...counts, [from]: counts[from] - 1, [to]: counts[to] + 1 }
}
