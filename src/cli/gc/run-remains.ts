import type { RunId } from '../../ids.ts'
import type { ProcessIdentity } from '../../process-identity.ts'

/**
 * Where a run stands, as far as its remains are concerned: `at-work` also while another command works in it, `unfinished` has lost its supervisor, `never-begun` has a folder that
 * says nothing of what it was to do, `gone` has no folder any more, but refs or entries of worktrees.
 */
export type RemainsStanding = 'at-work' | 'ended' | 'interrupted' | 'unfinished' | 'never-begun' | 'gone' | 'unreadable'

/** A folder among a run's worktrees. */
export interface LeftWorktree {
  readonly name: string
  /** Absolute path. */
  readonly directory: string
  /** On disk. */
  readonly bytes: number
  /**
   * What lies in it: `rest` is sealed or was never worked in, `unsealed` is the work of an attempt whose supervisor died, `kept`
   * could not be sealed.
   */
  readonly holds: 'rest' | 'unsealed' | 'kept'
}

/** All that is left of one run. */
export interface RunRemains {
  readonly run: RunId
  readonly standing: RemainsStanding
  /** Why nothing can be said of it; null when it can be read. */
  readonly problem: string | null
  /** Milliseconds since the epoch: when it was last heard of. */
  readonly lastSignAt: number
  /** Of its folder, worktrees included. */
  readonly bytes: number
  readonly worktrees: readonly LeftWorktree[]
  readonly processes: readonly ProcessIdentity[]
  /** Folders of proxies that were killed with it. */
  readonly proxies: readonly string[]
  /** Full names. */
  readonly refs: readonly string[]
  /** Whether a branch has its proposal, or there is nothing to apply. */
  readonly applied: boolean
}
