import { asTaskId, type TaskId } from '../../ids.ts'
import type { Task } from '../../plan/task.ts'

/** What the work on a task's conflicts is called, in refs and files: no task can have this name. */
export const resolutionName = (task: TaskId): TaskId => asTaskId(`resolve+${task}`)

/** The work on a task's conflicts as a task of its own. */
export const resolutionTask = (template: Task, of: TaskId, files: readonly string[]): Task => ({
  ...template,
  id: resolutionName(of),
  files,
  owns: files,
})
