import { systemClock } from '../clock.ts'
import type { Aggregator } from '../supervisor/run/aggregator.ts'
import { openEarlyChecks } from '../supervisor/run/early-checks.ts'
import type { RunEvent } from '../supervisor/run/events.ts'
import { type LiveConflicts, openLiveConflicts } from '../supervisor/run/live-conflicts.ts'
import type { Prepared } from './prepare.ts'

/** What is compared, and checked early, while the tasks of a run work. */
export function watchWork(
  { manifest, rules }: Pick<Prepared, 'manifest' | 'rules'>,
  aggregator: Aggregator,
  record: (event: RunEvent) => Promise<void>,
): LiveConflicts {
  const { tasks, onConflict: policy, earlyCheck: checks, prepare } = manifest
  const { checkEarly: check, cancelEarly: cancel } = aggregator
  const early = openEarlyChecks({ clock: systemClock, checks, prepare, check, cancel, record })
  return openLiveConflicts({ aggregator, tasks, rules, policy, early, record })
}
