import { writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { systemClock } from '../../src/clock.ts'
import type { RunPorts } from '../../src/cli/conduct-run.ts'
import { type JournalFile, openJournalFile } from '../../src/store/journal-file.ts'
import { descendantsOf } from './processes.ts'

/** What goes wrong inside a supervisor. */
export type Fault =
  | KillAtLine
  /** From the nth write on the journal's disk is full, or broken; a part of each write is still taken. */
  | { readonly fate: 'disk'; readonly write: number; readonly code: 'ENOSPC' | 'EIO' }
  /** Local agents exit, throw where nobody catches, or eat all memory at their first attempt. */
  | { readonly fate: 'agents' }
  /** Wall time jumps so far, forth and back again, all the time. */
  | { readonly fate: 'clock'; readonly byMs: number }

/** The supervisor kills itself at the nth line that it writes into the journal, or at the very last, which says that the run has ended. */
interface KillAtLine {
  readonly fate: 'line'
  readonly line: number | 'last'
  /**
   * `unsynced`: nothing of the line and those that go with it is in the file, as after a power cut, although whoever does not wait for
   * the disk has had the time to act on them. `torn`: half of the line is there; `written`: all of it; `synced`: all of it, on disk.
   */
  readonly how: 'unsynced' | 'torn' | 'written' | 'synced'
}

/** Puts a fault into this process; who is left behind by a kill is noted in a file first. */
export function ports(fault: Fault, noteTo: string): RunPorts {
  switch (fault.fate) {
    case 'line':
      return { openJournalFile: (path, keepBytes) => killing(openJournalFile(path, keepBytes), fault, noteTo) }
    case 'disk':
      return { openJournalFile: (path, keepBytes) => failing(openJournalFile(path, keepBytes), fault) }
    case 'agents':
      limitHeaps()
      return { kindsModule: import.meta.resolve('../fixtures/actors/unruly-kinds.ts') }
    case 'clock':
      jumpWallClock(fault.byMs)
      return {}
  }
}

/** How long an unsynced line is held back, in milliseconds: enough to start an agent. */
const heldMs = 250

function killing(file: JournalFile, kill: KillAtLine, noteTo: string): JournalFile {
  let written = 0
  return {
    ...file,
    async write(bytes) {
      const ends = lineEnds(bytes)
      const index = kill.line === 'last' ? lastOf(bytes, ends) : kill.line - written - 1
      written += ends.length
      const end = ends[index]
      if (end === undefined) return await file.write(bytes)
      if (kill.how === 'unsynced') await new Promise<void>((resolve) => systemClock.after(heldMs, resolve))
      else
        await file.write(bytes.subarray(0, kill.how === 'torn' ? Math.floor(((ends[index - 1] ?? 0) + end) / 2) : end))
      if (kill.how === 'synced') await file.datasync()
      writeFileSync(noteTo, JSON.stringify(descendantsOf(process.pid)))
      process.kill(process.pid, 'SIGKILL')
      return await new Promise(() => {})
    },
  }
}

function lineEnds(bytes: Uint8Array): readonly number[] {
  const ends: number[] = []
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) ends.push(at + 1)
  return ends
}

/** Which of these lines says that the run has ended; -1 for none. */
const lastOf = (bytes: Uint8Array, ends: readonly number[]): number =>
  ends.findIndex((end, index) => Buffer.from(bytes.subarray(ends[index - 1] ?? 0, end)).includes('"type":"run-ended"'))

function failing(file: JournalFile, { write, code }: Extract<Fault, { readonly fate: 'disk' }>): JournalFile {
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

/** Of threads and of child processes that start from now on. */
function limitHeaps(): void {
  const limit = '--max-old-space-size=96'
  setFlagsFromString(limit)
  process.env['NODE_OPTIONS'] = limit
}

function jumpWallClock(byMs: number): void {
  const real = Date.now
  let looks = 0
  Date.now = () => real() + (Math.floor(looks++ / 10) % 2) * byMs
}
