import { unreachable } from '../errors.ts'
import type { AgentName, TaskId } from '../ids.ts'
import type { Conflict } from '../merge/conflict.ts'
import type { LiveLine } from '../supervisor/run/live.ts'
import { type RunRules, ruleAt, ruleOf } from '../supervisor/run/rules.ts'
import {
  agentBehind,
  endedTotal,
  isEnded,
  type Phase,
  type RunPhase,
  type RunState,
  type TaskState,
} from '../supervisor/run/state.ts'
import { taskAt } from '../supervisor/run/task-change.ts'
import type { Standing, StandingConflict } from '../supervisor/run/standing-conflicts.ts'
import { earlyCheckText } from './event-text.ts'
import type { EarlyFailure, RunHistory } from './history.ts'
import { plainText } from '../plain-text.ts'
import { count } from '../count.ts'

/** What rows are made of. */
export interface RowParts {
  readonly rules: RunRules
  readonly state: RunState
  /** What a task under way said last. */
  readonly live: (task: TaskId) => LiveLine
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** One task as people see it. No text in it can do anything to a terminal. */
export interface Row {
  readonly task: TaskId
  readonly agent: AgentName
  readonly phase: Phase
  /** The phase in words: waiting, running, retrying in 3 s, blocked by x, … */
  readonly words: string
  /** The task that it waits for while it stands still; null when it does not. */
  readonly pausedFor: TaskId | null
  /** `2/3`: the second of at most three; empty before the first. */
  readonly attempt: string
  /** Of the attempt that runs or ended; null when there is none. */
  readonly elapsedMs: number | null
  /** What there is to say about it, in a line. */
  readonly note: string
}

/** The run as a whole. */
export interface RunSummary {
  readonly phase: RunPhase['name']
  readonly total: number
  /** Tasks that have ended in whatever way, from 0 to 1. */
  readonly share: number
  readonly counts: Readonly<Record<Phase, number>>
}

/** A row for each task, or for the tasks at `indices`, in that order. */
export function rowsOf(parts: RowParts, indices: Iterable<number> = parts.rules.tasks.keys()): readonly Row[] {
  return Array.from(indices, (index) => rowOf(parts, index))
}

/** The row of the task at `index`. */
export function rowOf({ rules, state, live, now }: RowParts, index: number): Row {
  const { id: task, agent, retries } = ruleAt(rules, index)
  const { state: where, tally } = taskAt(state, index)
  const pause = state.paused.get(index)
  const pausedFor = pause === undefined || !pause.isStill ? null : ruleAt(rules, pause.by).id
  const most = Math.max(retries + 1, tally.attempts)
  return {
    task,
    agent: agentBehind({ agent }, where),
    phase: where.phase,
    words: pausedFor === null ? wordsOf(where, now) : `paused for ${pausedFor}`,
    pausedFor,
    attempt: tally.attempts === 0 ? '' : `${tally.attempts}/${most}`,
    elapsedMs: elapsedOf(where, now),
    note: plainText(
      heldNote(state, where, { provider: rules.providers.get(agent), now }) ?? noteOf(where, () => live(task)),
    ),
  }
}

/** The run's phase, its counts, and how much of it is over. */
export function summaryOf(state: RunState): RunSummary {
  const { phase, counts, tasks } = state
  const share = tasks.length === 0 ? 1 : endedTotal(state) / tasks.length
  return { phase: phase.name, total: tasks.length, share, counts }
}

/** The overlaps that can still come otherwise: one of their tasks has not ended. */
export function openOverlaps(overlaps: Standing, rules: RunRules, state: RunState): readonly StandingConflict[] {
  const isOver = (task: TaskId | null): boolean =>
    task === null || isEnded(taskAt(state, ruleOf(rules, task).index).state.phase)
  return [...overlaps.values()].filter(({ ours, theirs }) => !isOver(ours) || !isOver(theirs))
}

/** A line for each overlap of attempts under way. */
export const overlapLines = (overlaps: readonly Conflict[]): readonly string[] =>
  overlaps.map(({ kind, message }) => `as of now (${kind}): ${plainText(message)}`)

/** What tasks break together as of now, as long as tasks work. */
export const openEarlyFailures = (
  { earlyFailures }: Pick<RunHistory, 'earlyFailures'>,
  { phase }: RunState,
): readonly EarlyFailure[] => (phase.name === 'working' ? [...earlyFailures.values()] : [])

/** A line for each of them. */
export const earlyLines = (failures: readonly EarlyFailure[]): readonly string[] =>
  failures.map((failure) => plainText(earlyCheckText(failure)))

/** A line for each conflict. */
export const conflictLines = (conflicts: readonly Conflict[]): readonly string[] =>
  conflicts.map(({ kind, message }) => `conflict (${kind}): ${plainText(message)}`)

function wordsOf(state: TaskState, now: number): string {
  switch (state.phase) {
    case 'waiting':
    case 'ready':
    case 'running':
    case 'failed':
    case 'cancelled':
      return state.phase
    case 'dispatched':
      return 'queued'
    case 'backing-off':
      return `retrying in ${Math.max(0, Math.ceil((state.until - now) / 1_000))} s`
    case 'parked':
      return `parked, ${untilText(state.until, now)}`
    case 'succeeded':
      return 'done'
    case 'blocked':
      return `blocked by ${state.by}`
    default:
      return unreachable(state)
  }
}

interface Provided {
  readonly provider: string | undefined
  readonly now: number
}

/** Why a task that could run does not: its provider is held. */
function heldNote({ holds }: RunState, { phase }: TaskState, { provider, now }: Provided): string | null {
  const hold = phase === 'ready' && provider !== undefined ? holds.get(provider) : undefined
  return hold === undefined ? null : `for ${provider} (${hold.class}), ${untilText(hold.until, now)}`
}

/** `in 12 s`, `in 5 min`, `in 3.5 h`. */
function untilText(until: number, now: number): string {
  const seconds = Math.max(0, Math.ceil((until - now) / 1_000))
  if (seconds < 120) return `in ${seconds} s`
  return seconds < 7_200 ? `in ${Math.ceil(seconds / 60)} min` : `in ${(seconds / 3_600).toFixed(1)} h`
}

function elapsedOf(state: TaskState, now: number): number | null {
  if (state.phase === 'running') return Math.max(0, now - state.startedAt)
  return 'endedAt' in state ? Math.max(0, state.endedAt - state.startedAt) : null
}

function noteOf(state: TaskState, live: () => LiveLine): string {
  switch (state.phase) {
    case 'waiting':
      return state.unmet === 0 ? '' : `for ${count(state.unmet, 'task')}` // none before the run has begun
    case 'running':
      return heard(live())
    case 'backing-off':
    case 'parked':
    case 'failed':
      return state.failure.message
    case 'succeeded':
      return firstLine(state.summary)
    case 'cancelled':
      return state.reason
    case 'ready':
    case 'dispatched':
    case 'blocked':
      return ''
    default:
      return unreachable(state)
  }
}

const heard = ({ lastOutput, progress }: LiveLine): string => (lastOutput === '' ? progress : lastOutput)

const firstLine = (text: string): string => text.trimStart().split('\n', 1)[0] ?? ''
