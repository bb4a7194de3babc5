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
  const wanted = Object.entries(marker).map(([name, value]) => `${name}=${value}`)
  return livingProcesses()
    .filter((pid) => carries(pid, wanted))
    .map((pid) => identityOf(pid))
    .filter(isAlive)
}

/** The living processes that carry this variable, this one excepted, by its value. */
export function processesByMark(variable: string): ReadonlyMap<string, readonly ProcessIdentity[]> {
  const marked = livingProcesses().flatMap((pid) =>
    variablesOf(pid)
      .filter((one) => one.startsWith(`${variable}=`))
      .map((one) => ({ pid, value: one.slice(variable.length + 1) })),
  )
  const groups = Map.groupBy(marked, ({ value }) => value)
  return new Map([...groups].map(([value, all]) => [value, all.map(({ pid }) => identityOf(pid)).filter(isAlive)]))
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

/** Every pid but our own; none where the system does not tell environments. */
function livingProcesses(): readonly number[] {
  if (process.platform !== 'linux') return []
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).filter((pid) => pid !== process.pid)
}

function carries(pid: number, wanted: readonly string[]): boolean {
  const variables = new Set(variablesOf(pid))
  return wanted.every((variable) => variables.has(variable))
}

/** The environment that a process was started with, as `NAME=value`; none where it cannot be read. */
export function variablesOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  } catch {
    return [] // gone, or another user's
  }
}
