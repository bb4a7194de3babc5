import type { TaskId } from '../../ids.ts'
import type { Conflict } from '../../merge/conflict.ts'
import type { PauseEvent, Recorded, RunEvent } from './events.ts'
import { type RunRules, ruleAt, ruleOf } from './rules.ts'
import type { Command } from './schedule.ts'
import { standingAfter } from './standing-conflicts.ts'
import type { Pause, RunState } from './state.ts'
import { taskAt } from './task-change.ts'

type Decision = readonly [RunState, readonly Command[]]

/**
 * After news of what does not go together as of now: of two running tasks the one that comes later in the manifest is paused. Whoever is
 * paused waits for an earlier one that runs, so that the first of all running ones is never paused, and nobody waits in a circle.
 */
export function pauseRivals(rules: RunRules, state: RunState, recorded: Recorded): Decision {
  if (!rules.pauses) return [state, []]
  let next: RunState = { ...state, standing: standingAfter(state.standing, recorded) }
  const commands: Command[] = []
  if (next.phase.name !== 'working') return [next, []]
  for (const conflict of next.standing.values()) {
    const rivals = rivalsOf(rules, next, conflict)
    if (rivals === null || next.paused.has(rivals.later)) continue
    const pause: Pause = { attempt: rivals.attempt, by: rivals.earlier, isStill: true }
    next = { ...next, paused: new Map(next.paused).set(rivals.later, pause) }
    const [task, by] = [ruleAt(rules, rivals.later).id, ruleAt(rules, rivals.earlier).id]
    commands.push({ type: 'pause', task, attempt: rivals.attempt, by })
  }
  return [next, commands]
}

/** Both running, by their places in the manifest; null when one of them is not. */
function rivalsOf(
  rules: RunRules,
  state: RunState,
  { ours, theirs }: Conflict,
): { readonly earlier: number; readonly later: number; readonly attempt: number } | null {
  if (ours === null) return null
  const [earlier = 0, later = 0] = [ours, theirs].map((task) => ruleOf(rules, task).index).toSorted((a, b) => a - b)
  const [first, second] = [taskAt(state, earlier).state, taskAt(state, later).state]
  return first.phase === 'running' && second.phase === 'running' ? { earlier, later, attempt: second.attempt } : null
}

/** What comes of news of a pause. */
export const afterPause = (rules: RunRules, state: RunState, event: PauseEvent): Decision =>
  event.type === 'attempt-paused' ? [pauseTried(rules, state, event), []] : pauseOver(rules, state, event)

/** An attempt without processes that could stand still carries on; it is not asked again. */
function pauseTried(
  rules: RunRules,
  state: RunState,
  { task, attempt, processes }: Extract<RunEvent, { readonly type: 'attempt-paused' }>,
): RunState {
  const { index } = ruleOf(rules, task)
  const pause = state.paused.get(index)
  if (pause?.attempt !== attempt || processes > 0) return state
  return { ...state, paused: new Map(state.paused).set(index, { ...pause, isStill: false }) }
}

/** Whoever waited has been judged: goes on, or begins anew from what it waited for. */
function pauseOver(
  rules: RunRules,
  state: RunState,
  { task, attempt, by, outcome }: Extract<RunEvent, { readonly type: 'pause-over' }>,
): Decision {
  const { index } = ruleOf(rules, task)
  if (state.paused.get(index)?.attempt !== attempt) return [state, []]
  return [
    unpaused(state, index),
    [outcome === 'rebase' ? { type: 'rebase', task, attempt, by } : { type: 'continue', task, attempt }],
  ]
}

/** The tasks that wait for one. */
export function waitingFor(rules: RunRules, state: RunState, task: TaskId): readonly Waiting[] {
  const by = ruleOf(rules, task).index
  return [...state.paused].flatMap(([index, pause]) =>
    pause.by === by && pause.isStill ? [{ task: ruleAt(rules, index).id, attempt: pause.attempt, by: task }] : [],
  )
}

/** A paused attempt, and for whom it waits. */
export interface Waiting {
  readonly task: TaskId
  readonly attempt: number
  readonly by: TaskId
}

/** The state in which a task is not paused. */
export function unpaused(state: RunState, index: number): RunState {
  if (!state.paused.has(index)) return state
  const paused = new Map(state.paused)
  paused.delete(index)
  return { ...state, paused }
}
