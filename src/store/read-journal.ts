import { readFileSync } from 'node:fs'
import { messageOf, TroupeError } from '../errors.ts'
import { journalFormat, type JournalRecord, recordOf } from './journal-record.ts'

/** What a journal holds. */
export interface JournalContent<Event> {
  readonly records: readonly JournalRecord<Event>[]
  /** Length of the sound part, header included; 0 for an empty journal. */
  readonly soundBytes: number
  /** A torn or garbage end that does not count; null when the last record is whole. */
  readonly cut: { readonly bytes: number; readonly reason: string } | null
  /** Records that a deposed supervisor wrote after its successor had begun; they do not count. */
  readonly stale: number
}

/**
 * Reads a journal. A damaged end is cut off and said: it was never acknowledged.
 * @throws TroupeError JOURNAL_CORRUPT for damage before the end, STORE_FAILED when it cannot be read
 */
export const readJournal = <Event>(path: string): JournalContent<Event> => journalIn(path, readBytes(path))

/** The journal that these bytes are. Throws as readJournal does. */
export function journalIn<Event>(path: string, bytes: Buffer): JournalContent<Event> {
  const reading = new Reading<Event>(path)
  let at = 0
  for (let end = bytes.indexOf(10, at); end !== -1; end = bytes.indexOf(10, at)) {
    reading.line(bytes.toString('utf8', at, end), at, end + 1 === bytes.length)
    at = end + 1
  }
  return reading.finish(bytes.length)
}

class Reading<Event> {
  readonly #path: string
  readonly #records: JournalRecord<Event>[] = []
  #soundBytes = 0
  #lines = 0
  #epoch = 0
  #seq = 0
  #stale = 0
  #damage: string | null = null

  constructor(path: string) {
    this.#path = path
  }

  line(text: string, at: number, isLast: boolean): void {
    this.#lines += 1
    const record = recordOf(text)
    if (record === null) {
      if (!isLast) this.#corrupt('is not a record')
      this.#damage = `line ${this.#lines} is not a record`
      return
    }
    this.#soundBytes = at + Buffer.byteLength(text) + 1
    if (this.#lines === 1) this.#header(record)
    else this.#take(record as JournalRecord<Event>)
  }

  finish(totalBytes: number): JournalContent<Event> {
    const torn = totalBytes - this.#soundBytes
    const reason = this.#damage ?? 'the last line is torn'
    const cut = torn === 0 ? null : { bytes: torn, reason }
    return { records: this.#records, soundBytes: this.#soundBytes, cut, stale: this.#stale }
  }

  #header(record: JournalRecord<unknown>): void {
    const { journal } = record.event as { readonly journal?: unknown }
    if (journal !== journalFormat) this.#corrupt(`is not the header of ${journalFormat}`)
  }

  #take(record: JournalRecord<Event>): void {
    if (record.epoch < this.#epoch) {
      this.#stale += 1
      return
    }
    this.#epoch = record.epoch
    if (record.seq !== this.#seq + 1) this.#corrupt(`has number ${record.seq} instead of ${this.#seq + 1}`)
    this.#seq = record.seq
    this.#records.push(record)
  }

  #corrupt(what: string): never {
    throw new TroupeError('JOURNAL_CORRUPT', `${this.#path}:${this.#lines} ${what}`)
  }
}

/** The bytes of a journal. Throws TroupeError STORE_FAILED. */
export function readBytes(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new TroupeError('STORE_FAILED', `cannot read the journal ${path}: ${messageOf(cause)}`, { cause })
  }
}
