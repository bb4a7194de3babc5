import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { messageOf, TroupeError } from '../errors.ts'
import { type JournalRecord, provesLoss, recordOf } from './journal-record.ts'

/** Reads a journal while another process writes it. */
export interface JournalFollower<Event> {
  /**
   * The whole records that have come since the last call.
   * @throws TroupeError JOURNAL_CORRUPT for damage before the end, STORE_FAILED when it cannot be read
   */
  next(): readonly JournalRecord<Event>[]
}

/** Follows a journal from its beginning. A line that is not whole yet, or damaged in what was written last, is waited for. */
export function followJournal<Event>(path: string): JournalFollower<Event> {
  let offset = 0
  let epoch = 0
  let lines = 0
  let seq = -1

  function take(text: string, later: readonly string[]): JournalRecord<Event> | 'wait' | 'skip' {
    const record = recordOf(text)
    if (record === null) return waitUnlessLost(later)
    lines += 1
    offset += Buffer.byteLength(text) + 1
    // a lower epoch is that of a supervisor that had been deposed
    if (record.epoch < epoch) return 'skip'
    ;({ epoch, seq } = record)
    return lines === 1 ? 'skip' : (record as JournalRecord<Event>) // the first line is the header
  }

  function waitUnlessLost(later: readonly string[]): 'wait' {
    const records = later.map(recordOf).filter((record) => record !== null)
    if (records.some((record) => record.epoch >= epoch && provesLoss(record, seq)))
      throw new TroupeError('JOURNAL_CORRUPT', `${path}:${lines + 1} is not a record`)
    return 'wait'
  }

  return {
    next() {
      const texts = readFrom(path, offset).split('\n').slice(0, -1)
      const records: JournalRecord<Event>[] = []
      for (const [index, text] of texts.entries()) {
        const taken = take(text, texts.slice(index + 1))
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
