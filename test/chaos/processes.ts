import { readdirSync, readFileSync } from 'node:fs'
import { systemClock } from '../../src/clock.ts'
import { identityOf, isAlive, type ProcessIdentity } from '../../src/process-identity.ts'

/** Every process below this one, as they are now. */
export function descendantsOf(pid: number): readonly ProcessIdentity[] {
  const children = Map.groupBy(allProcesses(), parentOf)
  const found: number[] = []
  for (let next = children.get(pid) ?? []; next.length > 0;) {
    found.push(...next)
    next = next.flatMap((one) => children.get(one) ?? [])
  }
  return found.map((one) => identityOf(one))
}

/** Every living process whose environment says that it belongs to a run. */
export function processesOf(run: string): readonly ProcessIdentity[] {
  return allProcesses()
    .filter((pid) => environmentOf(pid).includes(`TROUPE_RUN=${run}`))
    .map((pid) => identityOf(pid))
    .filter(isAlive)
}

/** How often a process is looked for; without a pause the looking would take the time that it needs to die. */
const everyMs = 5

/** Waits until all of them are gone, for at most `boundMs`; answers with those that are not. */
export async function survivorsOf(
  processes: readonly ProcessIdentity[],
  boundMs: number,
): Promise<readonly ProcessIdentity[]> {
  const until = performance.now() + boundMs
  let alive = processes.filter(isAlive)
  while (alive.length > 0 && performance.now() < until) {
    await new Promise<void>((resolve) => systemClock.after(everyMs, resolve))
    alive = alive.filter(isAlive)
  }
  return alive
}

/** What a process was started with, for messages. */
export const commandLineOf = ({ pid }: ProcessIdentity): string =>
  `${pid} ${read(pid, 'cmdline').replaceAll('\0', ' ').slice(0, 120)}`

const allProcesses = (): readonly number[] => readdirSync('/proc').map(Number).filter(Number.isSafeInteger)

function parentOf(pid: number): number {
  const stat = read(pid, 'stat')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}

const environmentOf = (pid: number): readonly string[] => read(pid, 'environ').split('\0')

/** Empty for a process that has gone meanwhile. */
function read(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1')
  } catch {
    return ''
  }
}
