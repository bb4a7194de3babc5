import { chmod, lstat, readdir } from 'node:fs/promises'
import type { CommitId } from '../ids.ts'
import { worktreeFailure } from './worktree-failure.ts'
import type { Worktree, Worktrees } from './worktree.ts'

/** One checkout of each commit for tasks that only look; its files cannot be written by accident. */
export interface SharedCheckouts {
  /** The checkout of a commit; made at its first use, the same for all. Throws TroupeError GIT_FAILED or NO_SPACE. */
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
      const fresh = readOnlyCheckout(worktrees, commit)
      made.set(commit, fresh)
      fresh.catch(() => made.delete(commit))
      return fresh
    },
    async close() {
      const all = await Promise.allSettled(made.values())
      made.clear()
      await Promise.all(all.map((one) => (one.status === 'fulfilled' ? worktrees.remove(one.value) : null)))
    },
  }
}

async function readOnlyCheckout(worktrees: Worktrees, commit: CommitId): Promise<Worktree> {
  const worktree = await worktrees.create(`shared-${commit.slice(0, 12)}`, commit)
  try {
    await protect(Buffer.from(worktree.directory))
    return worktree
  } catch (cause) {
    await worktrees.remove(worktree)
    throw worktreeFailure(`the files of ${worktree.directory} cannot be made read-only`, cause)
  }
}

/** Files only: tools that look may put caches beside them. Paths are bytes here: names need not be UTF-8. */
async function protect(folder: Buffer): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true, encoding: 'buffer' })) {
    const path = Buffer.concat([folder, Buffer.from('/'), entry.name])
    if (entry.isDirectory()) await protect(path)
    else if (entry.isFile()) await chmod(path, (await lstat(path)).mode & 0o555)
  }
}
