import { systemClock } from '../clock.ts'
import { exitCodes, TroupeError } from '../errors.ts'
import { elapsedText } from '../monitor/elapsed.ts'
import { eventText, taskOfEvent } from '../monitor/event-text.ts'
import { plainText } from '../plain-text.ts'
import { isThere } from '../store/is-there.ts'
import type { JournalRecord } from '../store/journal-record.ts'
import { readJournal } from '../store/read-journal.ts'
import type { RunEvent } from '../supervisor/run/events.ts'
import { type FoundRun, findRun } from './find-run.ts'
import { isRunThere } from './kept-manifest.ts'
import { readPlan, taskOf } from './read-run.ts'
import { watchRun } from './status/watch-run.ts'
import type { CommonOptions, Terminal } from './terminal.ts'

interface LogOptions extends CommonOptions {
  readonly task?: string
  readonly follow: boolean
}

type Record = JournalRecord<RunEvent>

/** `troupe log`: what happened in a run, event by event; as JSON one record a line. */
export async function logCommand(
  terminal: Terminal,
  input: { readonly arguments: readonly string[]; readonly options: LogOptions },
): Promise<number> {
  const { options } = input
  const run = await findRun(terminal.directory, input.arguments[0])
  if (options.task !== undefined) taskOf(await readPlan(run), options.task)
  if (!isThere(run.files.journal) && isRunThere(run.files))
    throw new TroupeError('RUN_NOT_FOUND', `nothing is recorded of the run ${run.id}`)
  const tell = teller(run, terminal, options)
  if (options.follow) return await follow(run, terminal, tell)
  const { records, cut, stale } = readJournal<RunEvent>(run.files.journal)
  for (const record of records) tell(record)
  if (cut !== null) terminal.tell(`note: ${cut.bytes} bytes at the end do not count: ${cut.reason}`)
  if (stale > 0) terminal.tell(`note: ${stale} records of a supervisor that had been deposed do not count`)
  return exitCodes.ok
}

function teller({ id }: FoundRun, terminal: Terminal, { json, task }: LogOptions): (record: Record) => void {
  let startedAt: number | null = null
  return (record) => {
    startedAt ??= record.at
    if (task !== undefined && taskOfEvent(record.event) !== task) return
    terminal.print(json ? asJson(id, record) : asText(record, record.at - startedAt))
  }
}

const asJson = (run: string, { seq, at, epoch, event }: Record): string =>
  JSON.stringify({ schema: 'troupe/event/1', run, seq, at: new Date(at).toISOString(), epoch, event })

const asText = ({ at, event }: Record, sinceMs: number): string =>
  `${new Date(at).toTimeString().slice(0, 8)} +${elapsedText(Math.max(0, sinceMs))}  ${plainText(eventText(event))}`

/** Until the run ends, or has nobody any more to end it. */
async function follow(run: FoundRun, terminal: Terminal, tell: (record: Record) => void): Promise<number> {
  const interrupted = new AbortController()
  const onInterrupt = (): void => {
    interrupted.abort()
  }
  process.once('SIGINT', onInterrupt)
  try {
    const signal = AbortSignal.any([interrupted.signal, terminal.readerGone])
    const standing = await watchRun(run, { clock: systemClock, terminal, signal, shown: false, heard: tell })
    if (interrupted.signal.aborted) return exitCodes.interrupted
    if (terminal.readerGone.aborted) return exitCodes.ok
    return standing === 'ended' ? exitCodes.ok : exitCodes.unfinished
  } finally {
    process.off('SIGINT', onInterrupt)
  }
}
