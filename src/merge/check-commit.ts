import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Git } from '../changes/git.ts'
import { openRepository } from '../changes/repository.ts'
import { openWorktrees, type Worktree, type Worktrees } from '../changes/worktree.ts'
import { messageOf } from '../errors.ts'
import type { CommitId } from '../ids.ts'
import { type Check, type CheckWorld, notRun, runChecks } from './check.ts'
import type { CheckResult } from './proposal.ts'

/** What a commit is checked with. */
export interface CommitCheckWorld extends CheckWorld {
  readonly git: Git
  /** Absolute path of a folder of Troupe's own, in which the checkout may be made. */
  readonly folder: string
}

/** Runs the checks once on a commit, in a checkout of its own that is gone afterwards. Without a checkout none is run. */
export async function checkCommit(
  world: CommitCheckWorld,
  commit: CommitId,
  checks: readonly Check[],
): Promise<readonly CheckResult[]> {
  if (checks.length === 0) return []
  let worktree: Worktree
  let worktrees: Worktrees
  try {
    await clear(world)
    const repository = await openRepository(world.git.directory)
    worktrees = openWorktrees({ repository, folder: world.folder, parallel: 1 })
    worktree = await worktrees.create(name, commit)
  } catch (error) {
    return checks.map((check) => notRun(check, `the merged tree cannot be checked out: ${messageOf(error)}`))
  }
  try {
    return await runChecks(world, checks, worktree.directory)
  } finally {
    await worktrees.remove(worktree)
  }
}

const name = 'check'

/** Takes away what a supervisor that died has left; exit code 128 means that git knows of nothing there. */
async function clear({ git, folder }: CommitCheckWorld): Promise<void> {
  const directory = join(folder, name)
  await rm(directory, { recursive: true, force: true, maxRetries: 3 })
  await git.run(['worktree', 'remove', '--force', '--force', directory], { accept: [0, 128] })
}
