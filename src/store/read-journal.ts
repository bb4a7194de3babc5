import { readFileSync } from 'node:fs'
import { messageOf, TroupeError } from '../errors.ts'
import { journalFormat, type JournalRecord, provesLoss, readableFormats, recordOf } from './journal-record.ts'

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
 * Reads a journal. Damage within what was written last, be it of many records, is cut off and said: it was never acknowledged.
 * @throws TroupeError JOURNAL_CORRUPT for damage to what had been on disk, STORE_FAILED when it cannot be read
 */
export const readJournal = <Event>(path: string): JournalContent<Event> => journalIn(path, readBytes(path))

/** The journal that these bytes are. Throws as readJournal does. */
export function journalIn<Event>(path: string, bytes: Buffer): JournalContent<Event> {
  const reading = new Reading<Event>(path)
  let at = 0
  for (let end = bytes.indexOf(10, at); end !== -1; end = bytes.indexOf(10, at)) {
    reading.line(bytes.toString('utf8', at, end), at)
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
  /** Of the last sound record; the header has 0. */
  #seq = -1
  #stale = 0
  #damagedLine: number | null = null

  constructor(path: string) {
    this.#path = path
  }

  line(text: string, at: number): void {
    this.#lines += 1
    const record = recordOf(text)
    if (this.#damagedLine !== null) this.#judge(record)
    else if (record === null) this.#damagedLine = this.#lines
    else {
      this.#soundBytes = at + Buffer.byteLength(text) + 1
      if (this.#lines === 1) this.#header(record)
      else this.#take(record as JournalRecord<Event>)
    }
  }

  finish(totalBytes: number): JournalContent<Event> {
    const torn = totalBytes - this.#soundBytes
    const reason = this.#damagedLine === null ? 'the last line is torn' : `line ${this.#damagedLine} is not a record`
    const cut = torn === 0 ? null : { bytes: torn, reason }
    return { records: this.#records, soundBytes: this.#soundBytes, cut, stale: this.#stale }
  }

  /** Of what stands behind damage nothing counts; it may show that the damage is no torn end. */
  #judge(record: JournalRecord<unknown> | null): void {
    if (record === null || record.epoch < this.#epoch || !provesLoss(record, this.#seq)) return
    const message = `${this.#path}:${this.#damagedLine} is not a record, though records after it show that it had been on disk`
    throw new TroupeError('JOURNAL_CORRUPT', message)
  }

  #header(record: JournalRecord<unknown>): void {
    const { journal } = record.event as { readonly journal?: unknown }
    if (!readableFormats.includes(journal)) this.#corrupt(`is not the header of ${journalFormat}`)
    this.#seq = 0
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
