import { writeFileSync } from 'node:fs'
import { type JournalFile, openJournalFile } from '../../src/store/journal-file.ts'
import { descendantsOf } from './processes.ts'

/** The supervisor kills itself at the nth line that it writes, the header of a new journal included. */
export interface KillAtLine {
  readonly fault: 'kill'
  readonly line: number
  /** Half of the line is in the file; all of it; all of it and on disk. */
  readonly how: 'torn' | 'written' | 'synced'
  /** Where to note who is left behind. */
  readonly noteTo: string
}

/** From the nth write on the disk is full, or broken; a part of each write is still taken. */
interface FailFromWrite {
  readonly fault: 'fail'
  readonly write: number
  readonly code: 'ENOSPC' | 'EIO'
}

/** What is wrong with a journal's file. */
export type JournalFault = KillAtLine | FailFromWrite

/** A journal's file with a fault in it. */
export const faultyJournalFile =
  (fault: JournalFault): typeof openJournalFile =>
  (path, keepBytes) => {
    const file = openJournalFile(path, keepBytes)
    return fault.fault === 'kill' ? killing(file, fault) : failing(file, fault)
  }

function killing(file: JournalFile, kill: KillAtLine): JournalFile {
  let written = 0
  return {
    ...file,
    async write(bytes) {
      const ends = lineEnds(bytes)
      const index = kill.line - written - 1
      written += ends.length
      const end = ends[index]
      if (end === undefined) return await file.write(bytes)
      const half = Math.floor(((ends[index - 1] ?? 0) + end) / 2)
      await file.write(bytes.subarray(0, kill.how === 'torn' ? half : end))
      if (kill.how === 'synced') await file.datasync()
      return await die(kill)
    },
  }
}

async function die({ noteTo }: KillAtLine): Promise<void> {
  writeFileSync(noteTo, JSON.stringify(descendantsOf(process.pid)))
  process.kill(process.pid, 'SIGKILL')
  await new Promise(() => {})
}

function failing(file: JournalFile, { write, code }: FailFromWrite): JournalFile {
  let writes = 0
  return {
    ...file,
    async write(bytes) {
      writes += 1
      if (writes < write) return await file.write(bytes)
      await file.write(bytes.subarray(0, Math.floor(bytes.length / 2)))
      throw Object.assign(new Error(`${code}: the disk of the journal`), { code })
    },
  }
}

function lineEnds(bytes: Uint8Array): readonly number[] {
  const ends: number[] = []
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) ends.push(at + 1)
  return ends
}
