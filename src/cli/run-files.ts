import type { Clock } from '../clock.ts'
import type { RunId, TaskId } from '../ids.ts'
import type { Log } from '../log.ts'
import type { Manifest } from '../plan/task.ts'
import type { RunLayout } from '../store/layout.ts'
import { replaceFile } from '../store/replace-file.ts'
import { openStatusWriter } from '../store/status-writer.ts'
import type { Recorded } from '../supervisor/run/events.ts'
import type { LiveBoard } from '../supervisor/run/live.ts'
import { openRecords } from '../supervisor/run/records.ts'
import type { RunRules } from '../supervisor/run/rules.ts'
import type { RunState } from '../supervisor/run/state.ts'

interface RunFilesOptions {
  readonly run: RunId
  readonly rules: RunRules
  readonly manifest: Manifest
  readonly folders: RunLayout
  readonly clock: Clock
  readonly live: LiveBoard
  readonly log: Log
}

/** The status and result files of a run, kept up with its events. */
export interface RunFiles {
  observe(recorded: Recorded, state: RunState): void
  /** After a task under way has said something. */
  spoke(task: TaskId, state: RunState): void
  /** Writes what is still held back; false when something cannot be written. */
  flush(): boolean
}

/** How long status changes are gathered, in milliseconds. */
const everyMs = 200

/** Opens the files of a run; both kinds are held back a moment and then written once, the latest content. */
export function openRunFiles({ run, rules, manifest, folders, clock, live, log }: RunFilesOptions): RunFiles {
  const failed = (err: unknown): void => {
    log.warn({ err }, 'a status or result file could not be written')
  }
  const writer = openStatusWriter({ clock, everyMs, write: replaceFile, failed })
  const records = openRecords({
    run,
    rules,
    tasks: manifest.tasks,
    resolver: manifest.merge.resolver?.task ?? null,
    live: live.of,
    sink: {
      status(task, content) {
        writer.set(folders.status(task.agent, task.id), () => printed(content))
      },
      result(task, content) {
        writer.set(folders.result(task.agent, task.id), () => printed(content))
      },
    },
  })
  return {
    observe: records.observe,
    spoke(task, state) {
      records.spoke(task, state, clock.now())
    },
    flush: writer.flush,
  }
}

/** A status or result file as it is written. */
export const printed = (content: object): string => `${JSON.stringify(content, null, 2)}\n`
