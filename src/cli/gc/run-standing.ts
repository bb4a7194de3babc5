import { exitCodes, messageOf } from '../../errors.ts'
import { leaseHolder } from '../../store/lease.ts'
import type { FoundRun } from '../find-run.ts'
import { hasBegun, isRunThere } from '../kept-manifest.ts'
import { isInUse } from '../own-checkouts.ts'
import { type RunReading, readRun } from '../read-run.ts'
import type { RemainsStanding } from './run-remains.ts'

/** How a run stands, and what its files tell of it. */
interface Read {
  readonly standing: RemainsStanding
  readonly problem: string | null
  readonly reading: RunReading | null
}

/** Where a run stands, as far as its remains are concerned; `refs` are those that it has. */
export async function readStanding(run: FoundRun, refs: readonly string[]): Promise<Read> {
  try {
    return await readThere(run, refs)
  } catch (error) {
    return { standing: 'unreadable', problem: messageOf(error).split('\n')[0] ?? '', reading: null }
  }
}

/** Throws TroupeError for what cannot be read. */
async function readThere(run: FoundRun, refs: readonly string[]): Promise<Read> {
  const { files } = run
  const unread = { problem: null, reading: null }
  if (!isRunThere(files)) return { standing: 'gone', ...unread }
  const holder = leaseHolder(files.lease)
  if (holder !== null && holder.process.pid !== process.pid) return { standing: 'at-work', ...unread }
  if (isInUse(files)) return { standing: 'at-work', ...unread }
  if (!hasBegun(files)) return { standing: refs.length === 0 ? 'never-begun' : 'gone', ...unread }
  const reading = await readRun(run)
  return { standing: standingOf(reading), problem: null, reading }
}

function standingOf({ state: { phase } }: RunReading): RemainsStanding {
  if (phase.name !== 'ended') return 'unfinished'
  return phase.exitCode === exitCodes.interrupted ? 'interrupted' : 'ended'
}
