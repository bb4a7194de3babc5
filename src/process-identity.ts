import { readFileSync } from 'node:fs'

/** Exact identity of a process: a pid alone may be reused. */
export interface ProcessIdentity {
  readonly pid: number
  /** Process group. */
  readonly group: number
  /** Start time in clock ticks since boot (proc(5): field 22 of stat); null where the system does not tell. */
  readonly startTime: number | null
}

/** Who the process `pid` is. `group` is taken as told, since what we start leads its own group from the beginning. */
export const identityOf = (pid: number, group = pid): ProcessIdentity => ({ pid, group, startTime: startTimeOf(pid) })

/** Clock ticks since boot at which a process started; null where the system does not tell, or it has gone. */
export function startTimeOf(pid: number): number | null {
  const ticks = Number(statOf(pid)?.[19])
  return Number.isSafeInteger(ticks) ? ticks : null
}

/** How a process is: it runs, stands still until somebody has it go on (after Ctrl-Z; known on Linux only), or is over. */
export type Life = 'runs' | 'stopped' | 'over'

/** How this very process is; another with its number does not count, nor does a zombie. */
export function lifeOf({ pid, startTime }: ProcessIdentity): Life {
  if (process.platform !== 'linux') return isPidTaken(pid) ? 'runs' : 'over'
  const stat = statOf(pid)
  if (stat === null || stat[0] === 'Z' || stat[0] === 'X') return 'over'
  if (startTime !== null && Number(stat[19]) !== startTime) return 'over'
  return stat[0] === 'T' || stat[0] === 't' ? 'stopped' : 'runs'
}

/** Whether this very process lives; another with its number does not count, nor does a zombie. */
export const isAlive = (identity: ProcessIdentity): boolean => lifeOf(identity) !== 'over'

/** The fields of /proc/pid/stat from the third on: the name before them, in brackets, may hold anything. */
function statOf(pid: number): readonly string[] | null {
  if (process.platform !== 'linux') return null
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}

function isPidTaken(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
