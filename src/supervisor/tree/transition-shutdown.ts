import type { Exit } from '../../actors/contract.ts'
import type { Message } from './transition-events.ts'
import {
  cancelWait,
  change,
  emit,
  stopChild,
  type ChildRecord,
  type PendingStart,
  type Purpose,
  type State,
} from './transition-state.ts'

/**
 * The same state with the supervisor on its way down: what was under way is dropped, and who asked for it is told so.
 * @param reason for the exit and for the children
 * @param failed the call of a start that failed, answered when all is down
 */
export function beginShutdown(state: State, reason: string, failed: PendingStart | null = null): State {
  const starting = state.jobs.flatMap(({ purpose }) => (purpose.kind === 'start' ? [purpose.call] : []))
  const pending = failed ?? starting.map((call): PendingStart => ({ call, answer: noproc }))[0] ?? null
  const refused = [...state.jobs.map(({ purpose }) => purpose), ...state.inbox].reduce(refuse, state)
  const quiet = state.children.reduce(dropWait, { ...refused, jobs: [], inbox: [] })
  return { ...quiet, phase: { phase: 'stopping', exit: { how: 'shutdown', reason }, reason, pending } }
}

/** Stops what still runs, in reverse start order and one after the other, or all at once where order means nothing. */
export function advanceShutdown(state: State): State {
  if (state.phase.phase !== 'stopping') return state
  const { reason } = state.phase
  const living = state.children.filter(lives)
  if (living.length === 0) return end(state)
  const due = state.flags.strategy === 'simple' ? living : living.slice(-1)
  return due.reduce((current, child) => (isRunning(child) ? stopChild(current, child, reason) : current), state)
}

/** The same state with everything taken away at once; a child that is still starting is killed when it appears. */
export function forceShutdown(state: State): State {
  if (state.phase.phase !== 'stopping') return state
  const { reason } = state.phase
  const exit: Exit = { how: 'killed', reason }
  const forced: State = { ...state, phase: { ...state.phase, exit } }
  return state.children.reduceRight((current, child) => takeAway(current, child, reason), forced)
}

function takeAway(state: State, child: ChildRecord, reason: string): State {
  if (child.status.status === 'starting') return change(state, child.policy.id, { status: { status: 'stopped' } })
  return stopChild(state, child, reason, 0)
}

function end(state: State): State {
  if (state.phase.phase !== 'stopping') return state
  const { exit, pending } = state.phase
  const ended: State = { ...state, phase: { phase: 'stopped', exit }, children: [] }
  const noted = emit(ended, { type: 'note', event: { type: 'supervisor-exited', exit } }, { type: 'exit', exit })
  return pending === null ? noted : emit(noted, { type: 'reply', ...pending })
}

function refuse(state: State, from: Purpose | Message): State {
  if (!('call' in from) || ('kind' in from && from.kind === 'start')) return state
  return emit(state, { type: 'reply', call: from.call, answer: noproc })
}

function dropWait(state: State, child: ChildRecord): State {
  if (child.status.status !== 'restarting') return state
  return change(cancelWait(state, child), child.policy.id, { status: { status: 'stopped' } })
}

const noproc = { ok: false, reason: 'noproc' } as const

const isRunning = ({ status }: ChildRecord): boolean => status.status === 'running'

const lives = ({ status }: ChildRecord): boolean =>
  status.status === 'running' || status.status === 'starting' || status.status === 'stopping'
