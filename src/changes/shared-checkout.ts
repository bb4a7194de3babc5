import type { CommitId } from '../ids.ts'
import type { Worktree, Worktrees } from './worktree.ts'

/** One checkout of each commit for tasks that only look. */
export interface SharedCheckouts {
  /** The checkout of a commit; made at its first use, the same for all. */
  at(commit: CommitId): Promise<Worktree>
  /** Removes them all. */
  close(): Promise<void>
}

/** Shared checkouts among a run's worktrees. */
export function openSharedCheckouts(worktrees: Worktrees): SharedCheckouts {
  const made = new Map<CommitId, Promise<Worktree>>()
  return {
    at(commit) {
      const known = made.get(commit)
      if (known !== undefined) return known
      const fresh = worktrees.create(`shared-${commit.slice(0, 12)}`, commit)
      made.set(commit, fresh)
      fresh.catch(() => made.delete(commit))
      return fresh
    },
    async close() {
      const all = await Promise.allSettled(made.values())
      made.clear()
      for (const one of all) if (one.status === 'fulfilled') await worktrees.remove(one.value)
    },
  }
}
