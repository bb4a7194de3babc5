import type { RunId } from '../../ids.ts'
import type { Task } from '../../plan/task.ts'
import type { LiveLine } from './live.ts'
import { agentBehind, type TaskRecord } from './state.ts'
import { isoTime, reasonOf } from './task-reason.ts'

/** The content of `<agent>_<task>.status`. */
export interface StatusFile {
  readonly schema: 'troupe/status/1'
  readonly run: string
  readonly task: string
  readonly agent: string
  readonly state: string
  readonly attempt: number
  /** ISO 8601, UTC; null before the first attempt. */
  readonly startedAt: string | null
  readonly updatedAt: string
  readonly reason: string | null
  readonly progress: string
  readonly lastOutput: string
  readonly pid: number | null
}

/** What a status is made of. */
export interface StatusParts {
  readonly run: RunId
  readonly task: Task
  readonly record: TaskRecord
  readonly live: LiveLine
  readonly at: number
}

/** Where a task stands at a moment. */
export function statusOf({ run, task, record: { state, tally }, live, at }: StatusParts): StatusFile {
  return {
    schema: 'troupe/status/1',
    run,
    task: task.id,
    agent: agentBehind(task, state),
    state: state.phase,
    attempt: tally.attempts,
    startedAt: 'startedAt' in state ? isoTime(state.startedAt) : null,
    updatedAt: isoTime(at),
    reason: reasonOf(state),
    progress: live.progress,
    lastOutput: live.lastOutput,
    pid: live.pid,
  }
}
