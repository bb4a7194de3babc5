import { TroupeError } from '../errors.ts'
import { type EpochHolder, holderOf, takeEpoch } from './epoch.ts'
import { takeLock } from './lock.ts'

/** The right to be the only supervisor of something. */
export interface Lease {
  /** Grows with every holder; it stands in every record, so that a reader can refuse those of a deposed one. */
  readonly epoch: number
  /** Aborts when the lease is lost. */
  readonly lost: AbortSignal
  release(): Promise<void>
}

interface LeaseOptions {
  /** After this long without a sign of life a holder counts as dead, in milliseconds. */
  readonly staleMs?: number
  readonly now?: () => number
}

/**
 * Takes a lease: proper-lockfile keeps it alive, an epoch file makes it safe.
 * @throws TroupeError LEASE_HELD, which names the holder
 */
export async function acquireLease(
  path: string,
  { staleMs = 5_000, now = Date.now }: LeaseOptions = {},
): Promise<Lease> {
  const lock = await takeLock(path, { staleMs, waitMs: 0 }).catch((error: unknown) => {
    throw named(path, error)
  })
  try {
    return { epoch: takeEpoch(path, now()), lost: lock.lost, release: lock.release }
  } catch (error) {
    await lock.release()
    throw error
  }
}

function named(path: string, error: unknown): unknown {
  if (!(error instanceof TroupeError) || error.code !== 'LEASE_HELD') return error
  const holder = holderOf(path)
  return holder === null
    ? error
    : new TroupeError('LEASE_HELD', `${path} is held ${describe(holder)}`, { cause: error })
}

const describe = ({ pid, host, since }: EpochHolder): string => `by process ${pid} on ${host} since ${since}`
