import { pushed } from './leftist-heap.ts'
import { itemAt, withItem } from './persistent-vector.ts'
import { type RunRules, ruleAt } from './rules.ts'
import type { Phase, RunState, Tally, TaskRecord, TaskState } from './state.ts'

/** The state in which one task stands elsewhere; counts, ready ranks and outstanding places follow. */
export const withTask = (rules: RunRules, state: RunState, index: number, change: TaskState): RunState =>
  withRecord(rules, state, index, { state: change, tally: itemAt(state.tasks, index).tally })

/** The same, where the task's past reads otherwise as well. */
export function withRecord(rules: RunRules, state: RunState, index: number, record: TaskRecord): RunState {
  const { phase: from } = itemAt(state.tasks, index).state
  const { phase: to } = record.state
  const { agent, rank } = ruleAt(rules, index)
  const places = Number(holdsPlace(to)) - Number(holdsPlace(from))
  return {
    ...state,
    tasks: withItem(state.tasks, index, record),
    counts: counted(state.counts, from, to),
    outstanding:
      places === 0
        ? state.outstanding
        : new Map(state.outstanding).set(agent, (state.outstanding.get(agent) ?? 0) + places),
    ready: to === 'ready' ? new Map(state.ready).set(agent, pushed(state.ready.get(agent) ?? null, rank)) : state.ready,
  }
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
