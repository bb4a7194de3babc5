import type { LockOptions } from 'proper-lockfile'

/** How writers bring their lines into a file. */
export type Way =
  /** Read, add, write back: what everybody does who does not think of others. */
  | { readonly how: 'unguarded' }
  /** The same under proper-lockfile, once for each write. */
  | { readonly how: 'locked'; readonly retries: NonNullable<LockOptions['retries']> }
  /** The same under the lock and the epoch of `updateLocked`. */
  | { readonly how: 'fenced' }
  /** By the one who has the file open for all: `openBatchWriter`, or a writer without a lock to compare it with. */
  | { readonly how: 'batched' | 'one writer' }
  /** Each writer its own file, as the first Troupe did it. */
  | { readonly how: 'own file' }

/** What a writer is asked to do. */
export interface WriteOrder {
  readonly way: Way
  readonly path: string
  readonly writer: number
  readonly writes: number
}

/** How that went: for each write how long it took, in milliseconds. */
export interface WriteResult {
  readonly latencies: readonly number[]
  readonly totalMs: number
}

/** What writers and the one who started them tell each other. */
export type ToWriter =
  | { readonly type: 'write'; readonly order: WriteOrder }
  | { readonly type: 'updated'; readonly id: number }
export type FromWriter =
  | { readonly type: 'ready' }
  | { readonly type: 'update'; readonly id: number; readonly line: string }
  | { readonly type: 'done'; readonly result: WriteResult }
