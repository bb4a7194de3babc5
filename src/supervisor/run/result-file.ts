import type { UsageSum } from '../../agents/usage.ts'
import type { RunId } from '../../ids.ts'
import type { Task } from '../../plan/task.ts'
import { type AttemptEnd, detailsOf } from './events.ts'
import { agentBehind, type TaskRecord } from './state.ts'
import { isoTime, reasonOf } from './task-reason.ts'
import { changeSetRef } from '../../refs.ts'

/** The content of `<agent>_<task>_result.json`. */
export interface ResultFile {
  readonly schema: 'troupe/result/1'
  readonly run: string
  readonly task: string
  readonly agent: string
  readonly verb: string
  readonly state: string
  readonly attempts: number
  readonly startedAt: string | null
  readonly endedAt: string | null
  readonly durationMs: number | null
  readonly summary: string | null
  readonly reason: string | null
  readonly findings: readonly unknown[]
  readonly details: unknown
  /** Of all its attempts. */
  readonly usage: UsageSum
  readonly changeSet: {
    readonly commit: string
    readonly base: string
    readonly ref: string
    readonly files: readonly string[]
  } | null
}

/** What a result is made of. */
export interface ResultParts {
  readonly run: RunId
  readonly task: Task
  readonly record: TaskRecord
  /** Null when the task ended without an attempt of its own. */
  readonly end: AttemptEnd | null
}

/** How a task ended. */
export function resultOf({ run, task, record: { state, tally }, end }: ResultParts): ResultFile {
  const times = 'endedAt' in state ? { startedAt: state.startedAt, endedAt: state.endedAt } : null
  const changeSet = end?.changeSet ?? null
  return {
    schema: 'troupe/result/1',
    run,
    task: task.id,
    agent: agentBehind(task, state),
    verb: task.verb,
    state: state.phase,
    attempts: tally.attempts,
    startedAt: times === null ? null : isoTime(times.startedAt),
    endedAt: times === null ? null : isoTime(times.endedAt),
    durationMs: times === null ? null : times.endedAt - times.startedAt,
    summary: state.phase === 'succeeded' ? state.summary : null,
    reason: reasonOf(state),
    findings: state.phase === 'succeeded' ? state.findings : [],
    usage: tally.usage,
    details: end === null ? {} : detailsOf(end),
    changeSet:
      changeSet === null
        ? null
        : {
            commit: changeSet.commit,
            base: changeSet.base,
            ref: changeSetRef(run, task.id, changeSet.attempt),
            files: changeSet.files,
          },
  }
}
