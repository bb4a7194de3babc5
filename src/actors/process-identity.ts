import { readFileSync } from 'node:fs'
import type { ProcessIdentity } from './contract.ts'

/**
 * Who the process `pid` is. `group` is taken as told, since a child leads its own group from the start; the start time
 * is read from /proc (proc(5): field 22 of stat) and is null where there is none or the process has gone.
 */
export function processIdentity(pid: number, group: number): ProcessIdentity {
  return { pid, group, startTime: startTimeOf(pid) }
}

function startTimeOf(pid: number): number | null {
  if (process.platform !== 'linux') return null
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // the name (field 2) may hold spaces and brackets, so count from its end: field 3 comes first
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(fields[22 - 3])
  } catch {
    return null
  }
}
