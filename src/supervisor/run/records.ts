import type { RunId, TaskId } from '../../ids.ts'
import type { Task } from '../../plan/task.ts'
import { isResolutionEvent, type Recorded } from './events.ts'
import { resolutionRecord } from './resolution-record.ts'
import { resolutionTask } from './resolution-task.ts'
import type { LiveLine } from './live.ts'
import { ruleOf, type RunRules } from './rules.ts'
import { isEnded, type RunState, type TaskRecord } from './state.ts'
import { taskAt } from './task-change.ts'
import { type ResultFile, resultOf } from './result-file.ts'
import { type StatusFile, statusOf } from './status-file.ts'

/** Where records go: any writer of named files. */
export interface RecordsSink {
  status(task: Task, content: StatusFile): void
  result(task: Task, content: ResultFile): void
}

/** Keeps the status and result files beside the journal; both can be made again from it. */
export interface RunRecords {
  /** After each event. */
  observe(recorded: Recorded, state: RunState): void
  /** After an attempt has said something. */
  spoke(task: TaskId, state: RunState, at: number): void
}

interface RecordsOptions {
  readonly run: RunId
  readonly rules: RunRules
  /** In the order of the manifest. */
  readonly tasks: readonly Task[]
  /** What an agent does that is asked about conflicts; null where none is. */
  readonly resolver: Task | null
  readonly live: (task: TaskId) => LiveLine
  readonly sink: RecordsSink
}

/** Records for one run. */
export function openRecords({ run, rules, tasks, resolver, live, sink }: RecordsOptions): RunRecords {
  /** By index; a list takes a fifth of the room of a map. */
  const written: (string | undefined)[] = []

  function write(index: number, record: TaskRecord, at: number): void {
    const task = taskOf(index)
    sink.status(task, statusOf({ run, task, record, live: live(task.id), at }))
  }

  function taskOf(index: number): Task {
    const task = tasks[index]
    if (task === undefined) throw new RangeError(`no task ${index}`)
    return task
  }

  /** Blocking and stopping end tasks that no event names; they are found by their changed phase. */
  function sweep(state: RunState, at: number): void {
    for (const index of tasks.keys()) {
      const record = taskAt(state, index)
      if (written[index] === record.state.phase) continue
      written[index] = record.state.phase
      write(index, record, at)
      if (isEnded(record.state.phase))
        sink.result(taskOf(index), resultOf({ run, task: taskOf(index), record, end: null }))
    }
  }

  function writeResolution({ at, event }: Recorded, state: RunState): void {
    if (resolver === null || !isResolutionEvent(event)) return
    const resolution = state.resolutions.get(event.task)
    if (resolution === undefined) return
    const paths = resolution.files.map(({ path }) => path)
    const task = resolutionTask(resolver, event.task, paths)
    const record = resolutionRecord(resolution)
    sink.status(task, statusOf({ run, task, record, live: live(task.id), at }))
    if (event.type === 'resolution-ended') sink.result(task, resultOf({ run, task, record, end: event.end }))
  }

  return {
    observe(recorded, state) {
      const { at, event } = recorded
      writeResolution(recorded, state)
      if (event.type === 'run-started' || event.type === 'stop-requested') return
      if (state.phase.name === 'settled') sweep(state, at)
      if (event.type !== 'attempt-started' && event.type !== 'attempt-ended') return
      const { index } = ruleOf(rules, event.task)
      const record = taskAt(state, index)
      const { phase } = record.state
      written[index] = phase
      write(index, record, at)
      if (event.type === 'attempt-ended' && isEnded(phase)) {
        sink.result(taskOf(index), resultOf({ run, task: taskOf(index), record, end: event.end }))
      }
    },
    spoke(task, state, at) {
      const { index } = ruleOf(rules, task)
      write(index, taskAt(state, index), at)
    },
  }
}
