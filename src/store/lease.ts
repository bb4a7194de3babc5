import { mkdirSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { type Clock, systemClock } from '../clock.ts'
import { TroupeError } from '../errors.ts'
import { storeFailure } from './store-failure.ts'
import { isAlive, type ProcessIdentity } from '../process-identity.ts'
import {
  epochFile,
  epochOf,
  type EpochHolder,
  forgetEpochsBefore,
  isNewest,
  type NewestEpoch,
  newestEpoch,
  releaseEpoch,
  takeEpoch,
} from './epoch.ts'
import { beatMs, type Lock, lockFolder, takeLock } from './lock.ts'

/** The right to be the only supervisor of something. */
export interface Lease {
  /** Grows with every holder; it stands in every record, so that a reader can refuse those of a deposed one. */
  readonly epoch: number
  /**
   * A silent holder whose lease was taken over, and which may wake up again; null when the lease was free, or its holder dead.
   * Kill it only when it is on this host and its start time is known: a pid alone may be another's by now.
   */
  readonly deposed: EpochHolder | null
  /** Aborts when the lease is lost. */
  readonly lost: AbortSignal
  /** Looks on the disk whether nobody has taken the lease over: the fence before and after whatever must happen only once. */
  isHeld(): boolean
  release(): Promise<void>
}

interface LeaseOptions {
  /** After this long without a sign of life a living holder counts as silent, in milliseconds. */
  readonly staleMs?: number
  /** Depose a holder that is silent: it hangs, is stopped, or was on a host that cannot be asked. */
  readonly takeOver?: boolean
  /** For who only looks after what a dead holder has left, and succeeds nobody: when that gave its last sign of life can still be told. */
  readonly inPassing?: boolean
  readonly clock?: Clock
}

/**
 * Takes a lease. The epoch file says exactly which process holds it: that of a dead one is free at once, that of a living one
 * is not, and of all who follow the same epoch one wins. A lock on the epoch's own file is the holder's sign of life.
 * @throws TroupeError LEASE_HELD, which names the holder; STORE_FAILED or NO_SPACE
 */
export async function acquireLease(path: string, options: LeaseOptions = {}): Promise<Lease> {
  const { staleMs = 5_000, takeOver = false, inPassing = false, clock = systemClock } = options
  try {
    mkdirSync(dirname(path), { recursive: true })
    const seen = newestEpoch(path)
    const deposed = await deposable(path, seen, { staleMs, takeOver, clock })
    const epoch = takeEpoch(path, { nowMs: clock.now(), previous: seen.epoch, durable: true })
    const lock = await takeLock(epochFile(path, epoch), { staleMs, waitMs: 0 }).catch((error: unknown) => {
      releaseEpoch(path, epoch)
      throw error
    })
    forgetEpochsBefore(path, epoch, { givenBack: inPassing })
    return leaseOf(path, epoch, { lock, deposed })
  } catch (cause) {
    if (cause instanceof TroupeError) throw cause
    throw storeFailure(`the lease ${path} cannot be taken`, cause)
  }
}

/** Who holds a lease now, as far as can be told without taking it; null when it is free. Throws TroupeError STORE_FAILED. */
export function leaseHolder(path: string): EpochHolder | null {
  const { holder } = newestEpoch(path)
  return holder === null || holder.released || hasDied(holder) ? null : holder
}

/** When this process, which held a lease to its death, last gave a sign of life, in milliseconds since the epoch; null when another has succeeded it since. */
export function lastSignOf(path: string, process: ProcessIdentity): number | null {
  const epoch = epochOf(path, process)
  return epoch === null ? null : lastBeat(path, epoch)
}

function leaseOf(path: string, epoch: number, { lock, deposed }: Pick<Lease, 'deposed'> & { lock: Lock }): Lease {
  let isReleased = false
  return {
    epoch,
    deposed,
    lost: lock.lost,
    isHeld: () => !isReleased && !lock.lost.aborted && isNewest(path, epoch),
    async release() {
      if (isReleased) return
      isReleased = true
      await lock.release()
      try {
        releaseEpoch(path, epoch)
      } catch {
        // the end of this process gives it back as well
      }
    },
  }
}

/** The silent holder who is to be deposed, null when nobody is left to be. */
async function deposable(
  path: string,
  seen: NewestEpoch,
  { staleMs, takeOver, clock }: Required<Omit<LeaseOptions, 'inPassing'>>,
): Promise<EpochHolder | null> {
  const { epoch, holder } = seen
  if (holder === null || holder.released || hasDied(holder)) return null
  const beat = lastBeat(path, epoch)
  // a clock may have jumped either way: an old date alone proves no silence
  if (Math.abs(clock.now() - beat) <= staleMs) throw heldBy(path, holder)
  if (!takeOver) throw heldBy(path, holder, ' and has been silent; troupe resume takes the run over from it')
  await new Promise<void>((resolve) => {
    clock.after(beatMs(staleMs) * 2.5, resolve)
  })
  if (hasDied(holder)) return null
  if (lastBeat(path, epoch) !== beat) throw heldBy(path, holder)
  return holder
}

const hasDied = ({ host, process }: EpochHolder): boolean => host === hostname() && !isAlive(process)

/** When the holder last gave a sign of life: the date of its lock, or of the epoch while it has none yet. */
function lastBeat(path: string, epoch: number): number {
  const file = epochFile(path, epoch)
  const beat = statSync(lockFolder(file), { throwIfNoEntry: false }) ?? statSync(file, { throwIfNoEntry: false })
  return beat?.mtimeMs ?? 0
}

function heldBy(path: string, { process, host, since }: EpochHolder, more = ''): TroupeError {
  return new TroupeError('LEASE_HELD', `${path} is held by process ${process.pid} on ${host} since ${since}${more}`)
}
