import { readFileSync } from 'node:fs'
import { TroupeError } from '../errors.ts'
import { forgetEpochsBefore, isNewest, takeEpoch } from './epoch.ts'
import { takeLock } from './lock.ts'
import { replaceFile, replaceFileDurably } from './replace-file.ts'

/** What a change makes of a file, and what it answers to whoever asked for it. */
export interface Changed<Result> {
  readonly content: string
  readonly result: Result
}

/** Makes the new content from the old; null stands for a file that is not there. */
export type Change<Result> = (content: string | null) => Changed<Result>

interface HoldOptions {
  /** After this long without a sign of life a holder counts as dead, in milliseconds. */
  readonly staleMs?: number
  /** How long to try for the lock, in milliseconds. */
  readonly waitMs?: number
}

/** A file that one holds alone among all processes; one change at a time. */
export interface HeldFile {
  /**
   * Reads, changes and replaces it. `durable`: also survives a loss of power; the event loop goes on meanwhile.
   * @throws TroupeError LEASE_LOST when the lock was lost before the write
   */
  change<Result>(change: Change<Result>, options?: { readonly durable?: boolean }): Promise<Result>
  release(): Promise<void>
}

/**
 * Reads, changes and replaces a file, alone among all processes: no update is lost.
 * @throws TroupeError LEASE_HELD when the lock was not to be had in time, LEASE_LOST when it was lost before the write
 */
export async function updateLocked<Result>(
  path: string,
  change: Change<Result>,
  options: HoldOptions = {},
): Promise<Result> {
  const file = await holdFile(path, options)
  try {
    return await file.change(change)
  } finally {
    await file.release()
  }
}

/**
 * Takes a file for oneself. Guarded by a lock and fenced by an epoch: a holder that was deposed meanwhile writes nothing.
 * @throws TroupeError LEASE_HELD when the lock was not to be had in time
 */
export async function holdFile(
  path: string,
  { staleMs = 5_000, waitMs = 60_000 }: HoldOptions = {},
): Promise<HeldFile> {
  const lock = await takeLock(path, { staleMs, waitMs })
  try {
    const epoch = takeEpoch(path, { nowMs: Date.now() })
    forgetEpochsBefore(path, epoch)
    const fence = (): void => {
      if (!lock.lost.aborted && isNewest(path, epoch)) return
      throw new TroupeError('LEASE_LOST', `another process took ${path} over; nothing was written`)
    }
    return {
      async change(change, { durable = false } = {}) {
        const before = contentOf(path)
        const { content, result } = change(before)
        // nothing is awaited between the look and the rename: only another process can come between
        fence()
        // whoever watches the file is not woken for nothing
        if (content === before) return result
        if (durable) await replaceFileDurably(path, content, fence)
        else replaceFile(path, content)
        return result
      },
      release: () => lock.release(),
    }
  } catch (error) {
    await lock.release()
    throw error
  }
}

function contentOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new TroupeError('STORE_FAILED', `${path} cannot be read`, { cause })
  }
}
