import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import lockfile from 'proper-lockfile'
import { messageOf, TroupeError } from '../errors.ts'

/** How a lock is taken. */
export interface LockOptions {
  /** After this long without a sign of life a holder counts as dead, in milliseconds; at least 2,000. */
  readonly staleMs: number
  /** How long to try, in milliseconds; 0 tries once. */
  readonly waitMs: number
}

/** A lock that is held. */
export interface Lock {
  /** Aborts when the lock is lost: taken over, or its folder deleted. */
  readonly lost: AbortSignal
  release(): Promise<void>
}

/**
 * Takes the lock of a path, which need not exist.
 * A stale lock may rarely be taken over by two at once (proper-lockfile #121), so a lock is no proof: fence what it guards.
 * @throws TroupeError LEASE_HELD when somebody else holds it, STORE_FAILED when it cannot be made
 */
export async function takeLock(path: string, { staleMs, waitMs }: LockOptions): Promise<Lock> {
  const lost = new AbortController()
  try {
    mkdirSync(dirname(path), { recursive: true }) // proper-lockfile would retry for what does not mend itself
    const options: lockfile.LockOptions = {
      realpath: false,
      stale: staleMs,
      update: beatMs(staleMs),
      onCompromised: (cause) => {
        lost.abort(new TroupeError('LEASE_LOST', `the lock on ${path} was lost: ${messageOf(cause)}`, { cause }))
      },
    }
    const unlock = takeAtOnce(path, options) ?? (await lockfile.lock(path, { ...options, retries: retriesFor(waitMs) }))
    return { lost: lost.signal, release: () => released(unlock) }
  } catch (cause) {
    const held = (cause as NodeJS.ErrnoException).code === 'ELOCKED'
    const message = held ? `${path} is locked by another process` : `${path} cannot be locked: ${messageOf(cause)}`
    throw new TroupeError(held ? 'LEASE_HELD' : 'STORE_FAILED', message, { cause })
  }
}

/** The folder that stands for a held lock; its date is the holder's last sign of life. */
export const lockFolder = (path: string): string => `${path}.lock`

/** How often a holder gives a sign of life, in milliseconds. */
export const beatMs = (staleMs: number): number => Math.max(1_000, Math.floor(staleMs / 4))

/** Short waits with jitter: among fifty contenders a long back-off starves whoever came late. */
const firstWaitMs = 5
export const longestWaitMs = 40

function retriesFor(waitMs: number) {
  if (waitMs <= 0) return 0
  const retries = Math.ceil((waitMs * 2) / longestWaitMs)
  return { retries, factor: 1.5, minTimeout: firstWaitMs, maxTimeout: longestWaitMs, randomize: true }
}

type Unlock = () => void | Promise<void>

/** A lock that nobody holds is had without a turn of the event loop: where processors are scarce, each turn is a long wait. */
function takeAtOnce(path: string, options: lockfile.LockOptions): Unlock | null {
  try {
    return lockfile.lockSync(path, options)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOCKED') return null
    throw error
  }
}

async function released(unlock: Unlock): Promise<void> {
  try {
    await unlock()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERELEASED') throw error
  }
}
