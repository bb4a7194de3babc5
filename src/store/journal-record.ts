import { crc32 } from 'node:zlib'
import { bytesOf } from '../text-bytes.ts'

/** Names the format; the first record of every journal holds it. */
export const journalFormat = 'troupe/journal/2'

/** What can be read: in the first format no record says what was durable. */
export const readableFormats: readonly unknown[] = ['troupe/journal/1', journalFormat]

/** One record of a journal. */
export interface JournalRecord<Event> {
  /** From 1, without gaps. */
  readonly seq: number
  /** The newest record that was on disk when this one was written; the one before by default. */
  readonly durable?: number
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Of the lease under which it was written. */
  readonly epoch: number
  readonly event: Event
}

/** A record as a line: its checksum in eight hexadecimal digits, a space, its JSON. */
export function lineOf(record: JournalRecord<unknown>): string {
  const text = JSON.stringify(record)
  return `${checksum(text)} ${text}\n`
}

/** The record of a line without its newline; null when the line is not what was once written. */
export function recordOf(line: string): JournalRecord<unknown> | null {
  const text = line.slice(9)
  if (text === '' || line[8] !== ' ' || line.slice(0, 8) !== checksum(text)) return null
  return JSON.parse(text) as JournalRecord<unknown>
}

/**
 * Whether this record, found behind damage, proves that records were lost that had been on disk, when `seq` is the last sound one
 * before the damage. If none does, the damage is within what was being written last: nobody had been promised it.
 */
export const provesLoss = ({ seq, durable = seq - 1 }: JournalRecord<unknown>, sound: number): boolean =>
  durable > sound

function checksum(text: string): string {
  let sum = 0
  for (const part of bytesOf(text)) sum = crc32(part, sum)
  return sum.toString(16).padStart(8, '0')
}
