import { readdirSync, readFileSync } from 'node:fs'
import type { Clock } from '../clock.ts'
import { variablesOf } from './sweep.ts'

/** Tells how much memory an attempt's processes hold. */
export interface MemoryMeter {
  /**
   * Resident bytes of every process that carries these values of the marks, and of the processes named; 0 where the system does
   * not tell (no /proc).
   */
  held(values: readonly string[], pids: readonly number[]): number
}

/** All processes are looked at together, at most this often, in milliseconds. */
const freshMs = 250

/** A meter that knows processes by these variables of their environment, which a process hands on to what it starts. */
export function openMemoryMeter(clock: Clock, marks: readonly string[]): MemoryMeter {
  let seenAt = Number.NEGATIVE_INFINITY
  let seen: ReadonlyMap<string, readonly number[]> = new Map()
  return {
    held(values, pids) {
      if (process.platform !== 'linux') return 0
      if (clock.monotonic() - seenAt >= freshMs) [seen, seenAt] = [processesByMarks(marks), clock.monotonic()]
      const all = new Set([...(seen.get(values.join('\0')) ?? []), ...pids])
      return [...all].reduce((sum, pid) => sum + residentBytes(pid), 0)
    },
  }
}

function processesByMarks(marks: readonly string[]): ReadonlyMap<string, readonly number[]> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const marked = pids.map(Number).map((pid) => ({ pid, key: keyOf(pid, marks) }))
  const found = Map.groupBy(marked, ({ key }) => key)
  return new Map([...found].map(([key, all]) => [key, all.map(({ pid }) => pid)]))
}

function keyOf(pid: number, marks: readonly string[]): string {
  const variables = variablesOf(pid)
  return marks
    .map((mark) => variables.find((one) => one.startsWith(`${mark}=`))?.slice(mark.length + 1) ?? '')
    .join('\0')
}

/** VmRSS of proc_pid_status(5); 0 for a process that has gone. */
function residentBytes(pid: number): number {
  try {
    const [, kilobytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? []
    return Number(kilobytes) * 1_024
  } catch {
    return 0
  }
}
