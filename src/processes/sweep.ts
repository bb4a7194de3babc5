import { readdirSync, readFileSync } from 'node:fs'
import type { Clock } from '../clock.ts'
import { identityOf, isAlive, type ProcessIdentity } from '../process-identity.ts'
import { signalGroup } from './signal-group.ts'

/** Variables that a process must have been started with to be found. */
export type Marker = Readonly<Record<string, string>>

/** What became of processes that were to be ended. */
export interface Swept {
  readonly killed: readonly ProcessIdentity[]
  /** Those that still live: another user's, or inside a call of the kernel that does not return. */
  readonly left: readonly ProcessIdentity[]
}

/** Tells the processes of one program from those of others; launchers set it, and what a program starts inherits it. */
export const programVariable = 'TROUPE_PROGRAM'

const pauseMs = 5
const patienceMs = 5_000

/**
 * Kills every process that carries a marker, whatever group or session it has moved to, and waits until none is left.
 * Only where the system tells the environment of processes (/proc); elsewhere nothing is found.
 */
export function sweepProcesses(marker: Marker, clock: Clock): Promise<Swept> {
  return killAll(() => processesWith(marker), clock)
}

/** Kills these very processes, with the groups that they lead, and waits until they are gone. */
export function killProcesses(recorded: readonly ProcessIdentity[], clock: Clock): Promise<Swept> {
  return killAll(() => recorded.filter(isAlive), clock)
}

/** The living processes that carry a marker, this one excepted. */
export function processesWith(marker: Marker): readonly ProcessIdentity[] {
  if (process.platform !== 'linux') return []
  const wanted = Object.entries(marker).map(([name, value]) => `${name}=${value}`)
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && carries(pid, wanted))
    .map((pid) => identityOf(pid))
    .filter(isAlive)
}

async function killAll(find: () => readonly ProcessIdentity[], clock: Clock): Promise<Swept> {
  const killed = new Map<number, ProcessIdentity>()
  const deadline = clock.monotonic() + patienceMs
  for (let found = find(); found.length > 0; found = find()) {
    for (const one of found) {
      killed.set(one.pid, one)
      kill(one)
    }
    if (clock.monotonic() > deadline)
      return { killed: [...killed.values()].filter((one) => !isAlive(one)), left: found }
    await new Promise<void>((resolve) => clock.after(pauseMs, resolve))
  }
  return { killed: [...killed.values()], left: [] }
}

/** A group is killed through its leader only: the number of a group whose leader has gone may be another's by now. */
function kill(one: ProcessIdentity): void {
  try {
    if (one.pid === one.group) signalGroup(one.group, 'SIGKILL')
    process.kill(one.pid, 'SIGKILL')
  } catch (error) {
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

function carries(pid: number, wanted: readonly string[]): boolean {
  try {
    const variables = new Set(readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0'))
    return wanted.every((variable) => variables.has(variable))
  } catch {
    return false // gone, or another user's
  }
}
