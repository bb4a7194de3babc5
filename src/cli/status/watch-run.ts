import type { Clock } from '../../clock.ts'
import { afterEvent, noHistory } from '../../monitor/history.ts'
import { followJournal } from '../../store/follow-journal.ts'
import type { JournalRecord } from '../../store/journal-record.ts'
import { decide } from '../../supervisor/run/decide.ts'
import type { RunEvent } from '../../supervisor/run/events.ts'
import { initialState } from '../../supervisor/run/state.ts'
import type { FoundRun } from '../find-run.ts'
import { readPlan } from '../read-run.ts'
import type { Terminal } from '../terminal.ts'
import { viewOnTerminal } from '../view-on-terminal.ts'
import { liveFromFiles } from './live-files.ts'
import { type Standing, standingOf } from './standing.ts'

interface WatchOptions {
  readonly clock: Clock
  readonly terminal: Terminal
  /** Aborts when nobody wants to watch any more. */
  readonly signal: AbortSignal
  /** Whether a view is wanted; without one it is only waited. */
  readonly shown: boolean
  /** Hears of each record as it comes. */
  readonly heard?: (record: JournalRecord<RunEvent>) => void
}

const everyMs = 200

/** Follows a run from another process until it ends, is left without a supervisor, or `signal` aborts. */
export async function watchRun(run: FoundRun, options: WatchOptions): Promise<Standing> {
  const { clock, signal, terminal } = options
  const { manifest, rules } = await readPlan(run)
  const view = options.shown ? viewOnTerminal(terminal, { rules, live: liveFromFiles(run.files, manifest) }) : null
  const journal = followJournal<RunEvent>(run.files.journal)
  let state = initialState(rules)
  let history = noHistory
  try {
    for (;;) {
      // asked first: what a supervisor wrote before it went is then read below
      const standing = standingOf(state, history)
      const records = journal.next()
      for (const record of records) {
        state = decide(rules, state, record)[0]
        history = afterEvent(history, record)
        view?.observe(record, state)
        options.heard?.(record)
      }
      const isOver = standing === 'ended' || (standing === 'unfinished' && records.length === 0)
      if (isOver) return standing
      if (signal.aborted) return standingOf(state, history)
      await pause(clock, signal)
    }
  } finally {
    view?.end()
  }
}

/** Ends early when the signal aborts. */
function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.after(everyMs, resolve)
  signal.addEventListener('abort', () => resolve(), { once: true })
  return promise.finally(cancel)
}
