import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { type JournalRecord, recordOf } from './journal-record.ts'

const windowBytes = 64 * 1024

/** The last whole record of a journal, without reading the rest; null where there is none that can be read, or one too long to be an end. */
export function readLastRecord<Event>(path: string): JournalRecord<Event> | null {
  const lines = readEnd(path).split('\n').slice(0, -1)
  for (const line of lines.toReversed()) {
    const record = recordOf(line)
    if (record !== null) return record as JournalRecord<Event>
  }
  return null
}

function readEnd(path: string): string {
  let file: number | null = null
  try {
    file = openSync(path, 'r')
    const { size } = fstatSync(file)
    const bytes = Buffer.alloc(Math.min(size, windowBytes))
    readSync(file, bytes, 0, bytes.length, size - bytes.length)
    return bytes.toString('utf8')
  } catch {
    return '' // whoever reads all of it says why
  } finally {
    if (file !== null) closeSync(file)
  }
}
