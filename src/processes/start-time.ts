import { readFileSync } from 'node:fs'

/** Clock ticks since boot at which a process started (field 22 of /proc/pid/stat); null where the system does not tell. */
export function startTimeOf(pid: number): number | null {
  if (process.platform !== 'linux') return null
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // the name in brackets may hold anything, the rest are numbers: field 22 is the 20th after it
    const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
    return Number.isSafeInteger(ticks) ? ticks : null
  } catch {
    return null
  }
}
