import { rmSync } from 'node:fs'
import { TroupeError } from '../errors.ts'
import { type EpochHolder, isNewest, mayLive, newestEpoch, releaseEpoch, takeEpoch } from './epoch.ts'
import { lockFolder, takeLock, type Lock } from './lock.ts'

/** The right to be the only supervisor of something. */
export interface Lease {
  /** Grows with every holder; it stands in every record, so that a reader can refuse those of a deposed one. */
  readonly epoch: number
  /** Aborts when the lease is lost. */
  readonly lost: AbortSignal
  /** Who held it until now without giving a sign of life; null when nobody did. If it lives, it must be ended. */
  readonly deposed: EpochHolder | null
  /** Whether nobody has taken the lease over; asked before every write that counts. */
  isHeld(): boolean
  release(): Promise<void>
}

interface LeaseOptions {
  /** After this long without a sign of life a holder counts as silent, in milliseconds. */
  readonly staleMs?: number
  readonly now?: () => number
  /** Also takes the lease from a holder that lives and is silent. */
  readonly takeOver?: boolean
}

/**
 * Takes a lease.
 *
 *     holder dead (exact identity)  ->  take its epoch + 1: one contender can; that one clears its lock away and takes its own
 *     holder silent, may live       ->  its lock is stale: proper-lockfile gives it to us; only with `takeOver`
 *     holder lives, or just took it ->  LEASE_HELD
 *
 * The epoch decides, not the lock: a lock may rarely be given to two at once (proper-lockfile #121).
 * @throws TroupeError LEASE_HELD, which names the holder
 */
export async function acquireLease(path: string, options: LeaseOptions = {}): Promise<Lease> {
  const { staleMs = 5_000, now = Date.now } = options
  const { epoch: previous, holder } = knownEpoch(path)
  if (holder !== null && !mayLive(holder)) return await succeed(path, { staleMs, previous, holder, at: now() })
  const lock = await takeLock(path, { staleMs, waitMs: 0 }).catch((error: unknown) => {
    throw named(path, error)
  })
  return await giveBackUnless(lock, () => {
    const found = newestEpoch(path)
    const lives = found.holder !== null && mayLive(found.holder)
    if (lives && (found.epoch !== previous || options.takeOver !== true)) throw held(path, found.holder)
    return leaseOf(path, lock, { epoch: takeEpoch(path, now(), found.epoch), deposed: found.holder })
  })
}

interface Succession {
  readonly staleMs: number
  readonly previous: number
  readonly holder: EpochHolder
  readonly at: number
}

/** Whoever gets the dead holder's next epoch is its only successor, and so the only one to touch its lock. */
async function succeed(path: string, { staleMs, previous, holder, at }: Succession): Promise<Lease> {
  const epoch = takeEpoch(path, at, previous)
  rmSync(lockFolder(path), { recursive: true, force: true })
  const lock = await takeLock(path, { staleMs, waitMs: staleMs }) // another contender may hold it for a moment, to look
  return await giveBackUnless(lock, () => {
    if (!isNewest(path, epoch)) throw new TroupeError('LEASE_HELD', `another process took ${path} over`)
    return leaseOf(path, lock, { epoch, deposed: holder })
  })
}

function leaseOf(path: string, lock: Lock, { epoch, deposed }: Pick<Lease, 'epoch' | 'deposed'>): Lease {
  const isHeld = (): boolean => !lock.lost.aborted && isNewest(path, epoch)
  return {
    epoch,
    deposed,
    lost: lock.lost,
    isHeld,
    async release() {
      if (isHeld()) releaseEpoch(path, epoch)
      await lock.release()
    },
  }
}

async function giveBackUnless(lock: Lock, take: () => Lease): Promise<Lease> {
  try {
    return take()
  } catch (error) {
    await lock.release()
    throw error
  }
}

/** The folder may not be there yet. */
function knownEpoch(path: string): ReturnType<typeof newestEpoch> {
  try {
    return newestEpoch(path)
  } catch {
    return { epoch: 0, holder: null }
  }
}

function named(path: string, error: unknown): unknown {
  if (!(error instanceof TroupeError) || error.code !== 'LEASE_HELD') return error
  const { holder } = knownEpoch(path)
  return holder === null ? error : held(path, holder, error)
}

function held(path: string, holder: EpochHolder | null, cause?: unknown): TroupeError {
  const by = holder === null ? '' : ` by process ${holder.process.pid} on ${holder.host} since ${holder.since}`
  return new TroupeError('LEASE_HELD', `${path} is held${by}`, { cause })
}
