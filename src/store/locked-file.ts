import { readFileSync } from 'node:fs'
import { TroupeError } from '../errors.ts'
import { forgetEpochsBefore, isNewest, takeEpoch } from './epoch.ts'
import { takeLock } from './lock.ts'
import { replaceFile } from './replace-file.ts'

/** What a change makes of a file, and what it answers to whoever asked for it. */
export interface Changed<Result> {
  readonly content: string
  readonly result: Result
}

/** Makes the new content from the old; null stands for a file that is not there. */
export type Change<Result> = (content: string | null) => Changed<Result>

interface UpdateOptions {
  /** After this long without a sign of life a holder counts as dead, in milliseconds. */
  readonly staleMs?: number
  /** How long to try for the lock, in milliseconds. */
  readonly waitMs?: number
  /** Also survives a loss of power. */
  readonly durable?: boolean
}

/**
 * Reads, changes and replaces a file, alone among all processes: no update is lost.
 * Guarded by a lock and fenced by an epoch: a holder that was deposed meanwhile writes nothing.
 * @throws TroupeError LEASE_HELD when the lock was not to be had in time, LEASE_LOST when it was lost before the write
 */
export async function updateLocked<Result>(
  path: string,
  change: Change<Result>,
  options: UpdateOptions = {},
): Promise<Result> {
  const { staleMs = 5_000, waitMs = 60_000, durable = false } = options
  const lock = await takeLock(path, { staleMs, waitMs })
  try {
    const epoch = takeEpoch(path, { nowMs: Date.now() })
    forgetEpochsBefore(path, epoch)
    const before = contentOf(path)
    const { content, result } = change(before)
    // nothing is awaited between the look and the rename: only another process can come between
    if (lock.lost.aborted || !isNewest(path, epoch)) {
      throw new TroupeError('LEASE_LOST', `another process took ${path} over; nothing was written`)
    }
    // whoever watches the file is not woken for nothing
    if (content !== before) replaceFile(path, content, { durable })
    return result
  } finally {
    await lock.release()
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
