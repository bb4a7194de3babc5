import { crc32 } from 'node:zlib'

/** Names the format; the first record of every journal holds it. */
export const journalFormat = 'troupe/journal/1'

/** One record of a journal. */
export interface JournalRecord<Event> {
  /** From 1, without gaps. */
  readonly seq: number
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
  if (line[8] !== ' ' || line.slice(0, 8) !== checksum(text)) return null
  return JSON.parse(text) as JournalRecord<unknown>
}

const checksum = (text: string): string => crc32(text).toString(16).padStart(8, '0')
