import { readFileSync } from 'node:fs'
import { must } from '../../errors.ts'
import type { TaskId } from '../../ids.ts'
import type { Manifest } from '../../plan/task.ts'
import type { RunLayout } from '../../store/layout.ts'
import type { LiveLine } from '../../supervisor/run/live.ts'
import type { StatusFile } from '../../supervisor/run/status-file.ts'

/** What tasks under way said last, from the status files that their supervisor keeps. */
export function liveFromFiles(files: RunLayout, { tasks }: Manifest): (task: TaskId) => LiveLine {
  const agents = new Map(tasks.map(({ id, agent }) => [id, agent]))
  return (task) => {
    try {
      return JSON.parse(readFileSync(files.status(must(agents, task), task), 'utf8')) as StatusFile
    } catch {
      return silent
    }
  }
}

/** A file that is not there yet, or no more. */
const silent: LiveLine = { lastOutput: '', progress: '', pid: null }
