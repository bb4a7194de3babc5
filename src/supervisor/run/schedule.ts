import type { AgentName, TaskId } from '../../ids.ts'
import { popped } from './leftist-heap.ts'
import { type RunRules, ruleAt } from './rules.ts'
import { begun, endedTotal, outstandingTotal, type RunState } from './state.ts'
import { taskAt, withRecord } from './task-change.ts'

/** What the shell must do. */
export type Command =
  | { readonly type: 'dispatch'; readonly task: TaskId; readonly attempt: number; readonly rank: number }
  | { readonly type: 'wake'; readonly task: TaskId; readonly attempt: number; readonly delayMs: number }
  | {
      readonly type: 'cancel'
      readonly task: TaskId
      readonly attempt: number
      readonly how: 'graceful' | 'hard'
      readonly reason: string
    }
  /** Let the processes of an attempt stand still. */
  | { readonly type: 'pause'; readonly task: TaskId; readonly attempt: number; readonly by: TaskId }
  | { readonly type: 'continue'; readonly task: TaskId; readonly attempt: number }
  /** End an attempt as it is, to begin anew from what `by` has completed. */
  | { readonly type: 'rebase'; readonly task: TaskId; readonly attempt: number; readonly by: TaskId }
  /** Every task has ended: make the proposal. */
  | { readonly type: 'settle' }

/** Hands out ready tasks, best rank first, as far as the mailbox and each agent's limit allow; settles when all have ended. */
export function schedule(
  rules: RunRules,
  state: RunState,
  commands: readonly Command[],
): readonly [RunState, readonly Command[]] {
  const dispatched: Command[] = []
  let next = state
  for (let best = bestReady(rules, next); best !== null; best = bestReady(rules, next)) {
    const [moved, command] = dispatch(rules, next, best)
    next = moved
    dispatched.push(command)
  }
  return settle(rules, next, dispatched.length === 0 ? commands : [...commands, ...dispatched])
}

interface Best {
  readonly agent: AgentName
  readonly rank: number
}

function bestReady(rules: RunRules, state: RunState): Best | null {
  if (state.phase.name !== 'working' || outstandingTotal(state) >= rules.concurrency + rules.mailbox) return null
  let best: Best | null = null
  for (const [agent, heap] of state.ready) {
    const limit = rules.agentLimits.get(agent) ?? Infinity
    if (heap === null || (state.outstanding.get(agent) ?? 0) >= limit || isHeld(rules, state, agent)) continue
    if (best === null || heap.key < best.rank) best = { agent, rank: heap.key }
  }
  return best
}

/** A provider that is held is asked by nobody; one that is tried by one task at a time. */
function isHeld(rules: RunRules, state: RunState, agent: AgentName): boolean {
  const provider = rules.providers.get(agent)
  const hold = provider === undefined ? undefined : state.holds.get(provider)
  if (hold === undefined) return false
  const sharers = [...rules.providers].flatMap(([name, shared]) => (shared === provider ? [name] : []))
  return !hold.isTried || sharers.some((name) => (state.outstanding.get(name) ?? 0) > 0)
}

function dispatch(rules: RunRules, state: RunState, { agent, rank }: Best): readonly [RunState, Command] {
  const index = rules.byRank[rank]
  if (index === undefined) throw new RangeError(`no task of rank ${rank}`)
  const tally = begun(taskAt(state, index).tally)
  const { attempts: attempt } = tally
  const taken = { ...state, ready: new Map(state.ready).set(agent, popped(state.ready.get(agent) ?? null)) }
  const next = withRecord(rules, taken, index, { state: { phase: 'dispatched', attempt }, tally })
  return [next, { type: 'dispatch', task: ruleAt(rules, index).id, attempt, rank }]
}

function settle(
  rules: RunRules,
  state: RunState,
  commands: readonly Command[],
): readonly [RunState, readonly Command[]] {
  const { phase } = state
  if ((phase.name !== 'working' && phase.name !== 'stopping') || endedTotal(state) < rules.tasks.length) {
    return [state, commands]
  }
  const [interrupted, reason] = phase.name === 'stopping' ? [phase.interrupted, phase.reason] : [false, null]
  return [{ ...state, phase: { name: 'settled', interrupted, reason } }, [...commands, { type: 'settle' }]]
}
