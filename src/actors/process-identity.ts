import { startTimeOf } from '../processes/start-time.ts'
import type { ProcessIdentity } from './contract.ts'

/**
 * Who the process `pid` is. `group` is taken as told, since a child leads its own group from the start; the start time
 * is read from /proc (proc(5): field 22 of stat) and is null where there is none or the process has gone.
 */
export function processIdentity(pid: number, group: number): ProcessIdentity {
  return { pid, group, startTime: startTimeOf(pid) }
}
