import { removeLeftProxies } from '../../agents/sandbox/left-proxies.ts'
import type { Clock } from '../../clock.ts'
import type { RunId } from '../../ids.ts'
import type { ProcessIdentity } from '../../process-identity.ts'
import { killProcesses, type Swept, sweepProcesses } from '../../processes/sweep.ts'
import type { Recorded } from './events.ts'

/**
 * Ends what is left of a run that nobody carries out any more: its supervisors, should one be stopped or hung, the processes its
 * journal names, each only if it is that very one, and whatever else carries the run's name in its environment. Then takes away what
 * their proxies have left.
 */
export async function reap(run: RunId, records: readonly Recorded[], clock: Clock): Promise<Swept> {
  const others = recordedProcesses(records).filter(({ pid }) => pid !== process.pid)
  const recorded = await killProcesses(others, clock)
  const swept = await sweepProcesses({ TROUPE_RUN: run }, clock)
  await removeLeftProxies(run)
  return { killed: [...recorded.killed, ...swept.killed], left: [...recorded.left, ...swept.left] }
}

/** Every process that a run's journal names: its supervisors first, which lead no group of their own, then what they started. */
export function recordedProcesses(records: readonly Recorded[]): readonly ProcessIdentity[] {
  const events = records.map(({ event }) => event)
  return [
    ...events.flatMap((event) =>
      event.type === 'run-started' || event.type === 'run-resumed' ? [{ ...event.process, group: 0 }] : [],
    ),
    ...events.flatMap((event) => (event.type === 'process-started' ? [event.process] : [])),
  ]
}
