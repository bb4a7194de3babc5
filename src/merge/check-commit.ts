import { rm } from 'node:fs/promises'
import type { Git } from '../changes/git.ts'
import { messageOf } from '../errors.ts'
import type { CommitId } from '../ids.ts'
import { type Check, type CheckWorld, notRun, runChecks } from './check.ts'
import type { CheckResult } from './proposal.ts'

/** What a commit is checked with. */
export interface CommitCheckWorld extends CheckWorld {
  readonly git: Git
  /** Absolute path of the folder to check it out into; it is Troupe's alone. */
  readonly folder: string
}

/** Runs the checks once on a commit, in a checkout of its own that is gone afterwards. Without a checkout none is run. */
export async function checkCommit(
  world: CommitCheckWorld,
  commit: CommitId,
  checks: readonly Check[],
): Promise<readonly CheckResult[]> {
  if (checks.length === 0) return []
  const { git, folder } = world
  try {
    await clear(git, folder)
    await git.text(['worktree', 'add', '--quiet', '--detach', folder, commit])
  } catch (error) {
    return checks.map((check) => notRun(check, `the merged tree cannot be checked out: ${messageOf(error)}`))
  }
  try {
    return await runChecks(world, checks, folder)
  } finally {
    await clear(git, folder)
  }
}

/** Also takes away what a run that died has left; exit code 128 means that there is nothing. */
async function clear(git: Git, folder: string): Promise<void> {
  await git.run(['worktree', 'remove', '--force', '--force', folder], { accept: [0, 128] })
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
}
