import { withAttempt } from '../../agents/reported-usage.ts'
import type { HostKind } from '../../actors/contract.ts'
import { exitCodes, unreachable } from '../../errors.ts'
import type { TaskId } from '../../ids.ts'
import { afterFailure } from './after-failure.ts'
import {
  type AttemptEnd,
  detailsOf,
  type EarlyCheckEvent,
  isResolutionEvent,
  type PauseEvent,
  type Recorded,
  type ResolutionEvent,
  type RunEvent,
  type StopHow,
} from './events.ts'
import { afterPause, pauseRivals, unpaused } from './pausing.ts'
import { release } from './release.ts'
import { resolutionHappened } from './resolutions.ts'
import { resumed } from './resumed.ts'
import { heapOf } from './leftist-heap.ts'
import { vectorOf } from './persistent-vector.ts'
import { type RunRules, ruleAt, ruleOf } from './rules.ts'
import { type Command, schedule } from './schedule.ts'
import { freeTask, initialState, ready, type RunState, withUsed } from './state.ts'
import { stop } from './stop.ts'
import { taskAt, withTally, withTask } from './task-change.ts'

/** A state and what must be done about it. */
export type Decision = readonly [RunState, readonly Command[]]

/**
 * The whole of a run's policy: no clock, no chance, no I/O; the same answer for the same journal.
 * Events that no longer apply (an old attempt's end, a late wake) change nothing.
 */
export function decide(rules: RunRules, state: RunState, recorded: Recorded): Decision {
  const [next, commands] = afterEvent(rules, state, recorded)
  return schedule(rules, next, commands)
}

/** The state after a whole journal; what was to be done about it is long done. `observe` sees the state after each event. */
export const fold = (
  rules: RunRules,
  records: Iterable<Recorded>,
  observe: (recorded: Recorded, state: RunState) => void = () => {},
): RunState => {
  let state = initialState(rules)
  for (const recorded of records) {
    state = decide(rules, state, recorded)[0]
    observe(recorded, state)
  }
  return state
}

function afterEvent(rules: RunRules, state: RunState, { at, event }: Recorded): Decision {
  if (isResolutionEvent(event)) return [resolutionHappened(state, event, at), []]
  if ('provider' in event) return [withHold(state, event), []]
  if ('check' in event) return [state, []]
  if (event.type === 'budget-reached') return budgetReached(rules, state, event.reason)
  if ('conflicts' in event) return pauseRivals(rules, state, { at, event })
  return 'by' in event ? afterPause(rules, state, event) : apply(rules, state, { at, event })
}

interface Applied {
  readonly at: number
  readonly event: Exclude<
    RunEvent,
    | ResolutionEvent
    | PauseEvent
    | ProviderEvent
    | EarlyCheckEvent
    | { readonly conflicts: unknown }
    | { readonly type: 'budget-reached' }
  >
}

function apply(rules: RunRules, state: RunState, { at, event }: Applied): Decision {
  switch (event.type) {
    case 'run-started':
      return state.phase.name === 'new' ? [started(rules, state), []] : [state, []]
    case 'run-resumed':
      return resumed(rules, state, at)
    case 'attempt-started':
      return [attemptStarted(rules, state, { ...event, at }), []]
    case 'attempt-ended':
      return attemptEnded(rules, state, { ...event, at })
    case 'backoff-elapsed':
      return [woken(rules, state, event), []]
    case 'stop-requested':
      return requestStop(rules, state, event.how, event.reason)
    case 'run-ended':
      return [ended(state, event), []]
    case 'process-started':
    case 'proposal-made':
      return [state, []]
    default:
      return unreachable(event)
  }
}

/** All at once: one after the other a hundred thousand tasks would leave as many states behind. */
function started(rules: RunRules, state: RunState): RunState {
  const free = rules.byRank.filter((index) => isFree(rules, index))
  const byAgent = Map.groupBy(free, (index) => ruleAt(rules, index).agent)
  const tasks = rules.tasks.map((_, index) => (isFree(rules, index) ? freeTask : taskAt(state, index)))
  return {
    ...state,
    phase: { name: 'working' },
    tasks: vectorOf(tasks),
    counts: { ...state.counts, waiting: state.counts.waiting - free.length, ready: free.length },
    ready: new Map(
      [...byAgent].map(([agent, indexes]) => [agent, heapOf(indexes.map((index) => ruleAt(rules, index).rank))]),
    ),
  }
}

function isFree(rules: RunRules, index: number): boolean {
  const { needs, after } = ruleAt(rules, index)
  return needs.length + after.length === 0
}

function attemptStarted(rules: RunRules, state: RunState, begun: Begun): RunState {
  const { index } = ruleOf(rules, begun.task)
  const { state: task } = taskAt(state, index)
  if (task.phase !== 'dispatched' || task.attempt !== begun.attempt) return state
  const { attempt, host, at: startedAt } = begun
  return withTask(rules, state, index, { phase: 'running', attempt, startedAt, host })
}

function woken(rules: RunRules, state: RunState, { task: id, attempt }: Pick<Begun, 'task' | 'attempt'>): RunState {
  const { index } = ruleOf(rules, id)
  const { state: task } = taskAt(state, index)
  if ((task.phase !== 'backing-off' && task.phase !== 'parked') || task.attempt !== attempt) return state
  return withTask(rules, state, index, ready)
}

type ProviderEvent = Extract<RunEvent, { readonly provider: string }>

function withHold(state: RunState, event: ProviderEvent): RunState {
  const holds = new Map(state.holds)
  const before = holds.get(event.provider)
  if (event.type === 'provider-held')
    holds.set(event.provider, { class: event.class, until: event.until, isTried: false })
  if (event.type === 'provider-tried' && before !== undefined) holds.set(event.provider, { ...before, isTried: true })
  if (event.type === 'provider-freed') holds.delete(event.provider)
  return { ...state, holds }
}

interface Begun {
  readonly task: TaskId
  readonly attempt: number
  readonly host: HostKind
  readonly at: number
}

interface Ended {
  readonly task: TaskId
  readonly attempt: number
  readonly end: AttemptEnd
  readonly chance: number
  readonly at: number
}

function attemptEnded(rules: RunRules, before: RunState, ended: Ended): Decision {
  const { index } = ruleOf(rules, ended.task)
  const { state: task } = taskAt(before, index)
  if ((task.phase !== 'running' && task.phase !== 'dispatched') || task.attempt !== ended.attempt) return [before, []]
  const state = withUsage(before, index, ended.end)
  const { at: endedAt } = ended
  const startedAt = task.phase === 'running' ? task.startedAt : endedAt
  return afterEnd(rules, unpaused(state, index), { ...ended, index, startedAt, endedAt })
}

function afterEnd(
  rules: RunRules,
  state: RunState,
  ended: Ended & { readonly index: number; readonly startedAt: number; readonly endedAt: number },
): Decision {
  const { index, attempt, end, startedAt, endedAt } = ended
  switch (end.how) {
    case 'completed': {
      const { summary, changeSet, doneBy } = end
      const findings = end.findings.length === 0 ? noFindings : end.findings
      const done = { phase: 'succeeded', attempt, startedAt, endedAt, summary, findings, changeSet } as const
      const success = doneBy === undefined ? done : { ...done, doneBy }
      return [release(rules, withTask(rules, state, index, success), index), []]
    }
    case 'failed':
      return afterFailure(rules, state, {
        index,
        attempt,
        startedAt,
        endedAt,
        failure: end.failure,
        left: end.changeSet?.commit ?? null,
        chance: ended.chance,
      })
    case 'cancelled':
      return [cancelled(rules, withLeft(state, index, end), { index, attempt, reason: end.reason }), []]
    case 'lost':
      return [again(rules, withLeft(state, index, end), { index, attempt, reason: end.reason }), []]
    case 'rebased':
      return [rebased(rules, state, { index, attempt, end }), []]
    default:
      return unreachable(end)
  }
}

function withUsage(state: RunState, index: number, end: AttemptEnd): RunState {
  const { tally } = taskAt(state, index)
  return withTally(state, index, withUsed(tally, withAttempt(tally.usage, detailsOf(end))))
}

const noFindings: readonly never[] = []

function withLeft(state: RunState, index: number, { changeSet }: Pick<AttemptEnd, 'changeSet'>): RunState {
  return withTally(state, index, { ...taskAt(state, index).tally, left: changeSet?.commit ?? null })
}

interface Undone {
  readonly index: number
  readonly attempt: number
  readonly reason: string
}

function cancelled(rules: RunRules, state: RunState, { index, attempt, reason }: Undone): RunState {
  return release(rules, withTask(rules, state, index, { phase: 'cancelled', attempt, reason }), index)
}

/** Goes to the next attempt at once, without counting against the retries. */
function again(rules: RunRules, state: RunState, undone: Undone): RunState {
  if (state.phase.name === 'stopping') return cancelled(rules, state, undone)
  return withTask(rules, state, undone.index, ready)
}

interface Rebased {
  readonly index: number
  readonly attempt: number
  readonly end: Extract<AttemptEnd, { readonly how: 'rebased' }>
}

/** The next attempt begins with the work of one task more. */
function rebased(rules: RunRules, state: RunState, { index, attempt, end }: Rebased): RunState {
  const { tally } = taskAt(state, index)
  const onto = [...new Set([...tally.onto, ruleOf(rules, end.onto).index])]
  // not `left`: its files on another base would take back what was done there
  const known = withTally(state, index, { ...tally, onto, left: null, rebased: end.changeSet?.commit ?? null })
  return again(rules, known, { index, attempt, reason: end.reason })
}

function ended(
  state: RunState,
  { exitCode, reason }: { readonly exitCode: number; readonly reason: string },
): RunState {
  // a stop that came when the proposal was made has changed nothing
  const interrupted = exitCode === exitCodes.interrupted
  return { ...state, phase: { name: 'ended', exitCode, reason, interrupted } }
}

/** Nobody has interrupted the run: what it cancels is not taken up again. */
function budgetReached(rules: RunRules, state: RunState, reason: string): Decision {
  if (state.phase.name !== 'working') return [state, []]
  return stop(rules, state, { how: 'graceful', reason, interrupted: false })
}

function requestStop(rules: RunRules, state: RunState, how: StopHow, reason: string): Decision {
  if (state.phase.name === 'settled') {
    // whoever goes on with the run makes the proposal anew, and asks again
    return [{ ...state, phase: { ...state.phase, interrupted: true, reason } }, []]
  }
  if (state.phase.name !== 'working' && state.phase.name !== 'stopping') return [state, []]
  return stop(rules, state, { how, reason, interrupted: true })
}
