import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { messageOf, TroupeError } from '../errors.ts'
import { type JournalRecord, recordOf } from './journal-record.ts'

/** Reads a journal while another process writes it. */
export interface JournalFollower<Event> {
  /**
   * The whole records that have come since the last call.
   * @throws TroupeError JOURNAL_CORRUPT for damage before the end, STORE_FAILED when it cannot be read
   */
  next(): readonly JournalRecord<Event>[]
}

/** Follows a journal from its beginning. A line that is not whole yet, or damaged at the end, is waited for. */
export function followJournal<Event>(path: string): JournalFollower<Event> {
  let offset = 0
  let epoch = 0
  let lines = 0

  function take(text: string, isLast: boolean): JournalRecord<Event> | 'wait' | 'skip' {
    const record = recordOf(text)
    if (record === null && isLast) return 'wait'
    lines += 1
    if (record === null) throw new TroupeError('JOURNAL_CORRUPT', `${path}:${lines} is not a record`)
    offset += Buffer.byteLength(text) + 1
    // the first line is the header; a lower epoch is that of a supervisor that had been deposed
    if (lines === 1 || record.epoch < epoch) return 'skip'
    epoch = record.epoch
    return record as JournalRecord<Event>
  }

  return {
    next() {
      const texts = readFrom(path, offset).split('\n').slice(0, -1)
      const records: JournalRecord<Event>[] = []
      for (const [index, text] of texts.entries()) {
        const taken = take(text, index === texts.length - 1)
        if (taken === 'wait') break
        if (taken !== 'skip') records.push(taken)
      }
      return records
    },
  }
}

function readFrom(path: string, offset: number): string {
  try {
    const file = openSync(path, 'r')
    try {
      const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - offset))
      return bytes.toString('utf8', 0, readSync(file, bytes, 0, bytes.length, offset))
    } finally {
      closeSync(file)
    }
  } catch (cause) {
    throw new TroupeError('STORE_FAILED', `cannot read the journal ${path}: ${messageOf(cause)}`, { cause })
  }
}
