import { join } from 'node:path'
import type { Git } from '../changes/git.ts'
import { removeTree } from '../changes/remove-tree.ts'
import { openRepository, type Repository } from '../changes/repository.ts'
import { openWorktrees, type Worktree, type Worktrees } from '../changes/worktree.ts'
import { messageOf } from '../errors.ts'
import type { CommitId } from '../ids.ts'
import { type Check, type CheckWorld, notRun, runCheck, runChecks } from './check.ts'
import type { CheckResult } from './proposal.ts'

/** What a commit is checked with. */
export interface CommitCheckWorld extends CheckWorld {
  readonly git: Git
  /** Absolute path of a folder of Troupe's own, in which the checkout may be made. */
  readonly folder: string
  /** Who makes it, where others make some in this folder at the same time: their names begin with it. */
  readonly maker?: string
}

/** What is run on a commit. */
export interface CommitChecks {
  /** Of the checkout, among those made at the same time. */
  readonly name: string
  /** Commands that must pass first; where one does not, no check is run. */
  readonly prepare: readonly Check[]
  readonly checks: readonly Check[]
}

/** Runs the checks once on a commit, in a checkout of its own that is gone afterwards. Without a checkout none is run. */
export async function checkCommit(
  world: CommitCheckWorld,
  commit: CommitId,
  { name, prepare, checks }: CommitChecks,
): Promise<readonly CheckResult[]> {
  const results = await inCheckout(world, { commit, name }, async (directory) => {
    const unprepared = await firstThatFails(world, prepare, directory)
    if (unprepared !== null) return checks.map((check) => notPrepared(check, unprepared))
    return await runChecks(world, checks, directory)
  })
  if (Array.isArray(results)) return results
  return checks.map((check) => notRun(check, `the merged tree cannot be checked out: ${results.problem}`))
}

/** Whether what prepares a checkout passes on a commit. */
export async function canPrepare(
  world: CommitCheckWorld,
  commit: CommitId,
  { name, prepare }: Omit<CommitChecks, 'checks'>,
): Promise<boolean> {
  const work = async (directory: string): Promise<boolean> => (await firstThatFails(world, prepare, directory)) === null
  return (await inCheckout(world, { commit, name }, work)) === true
}

/** Does work in a checkout of a whole commit that is gone afterwards; without a checkout it is not done. */
export async function inCheckout<Answer>(
  world: CommitCheckWorld,
  { commit, name }: { readonly commit: CommitId; readonly name: string },
  work: (directory: string) => Promise<Answer>,
): Promise<Answer | { readonly problem: string }> {
  const ownName = world.maker === undefined ? name : `${world.maker}.${name}`
  let worktree: Worktree
  let worktrees: Worktrees
  try {
    const repository = await repositoryOf(world.git)
    worktrees = openWorktrees({ repository, folder: world.folder, parallel: 1, whole: true })
    await clear(worktrees, join(world.folder, ownName))
    worktree = await worktrees.create(ownName, commit)
  } catch (error) {
    return { problem: messageOf(error) }
  }
  try {
    return await work(worktree.directory)
  } finally {
    await worktrees.remove(worktree)
  }
}

const repositories = new WeakMap<Git, Promise<Repository>>()

/** Looked at once, not for every checkout; one that could not be opened is tried again. */
function repositoryOf(git: Git): Promise<Repository> {
  const known = repositories.get(git)
  if (known !== undefined) return known
  const opened = openRepository(git.directory)
  repositories.set(git, opened)
  opened.catch(() => repositories.delete(git))
  return opened
}

async function firstThatFails(
  world: CheckWorld,
  commands: readonly Check[],
  directory: string,
): Promise<CheckResult | null> {
  for (const command of commands) {
    const result = await runCheck(world, command, directory)
    if (result.verdict !== 'pass') return result
  }
  return null
}

const notPreparedBy = 'not prepared:'

/** Whether a check was not run because what prepares its checkout did not pass. */
export const isUnprepared = ({ verdict, reason }: CheckResult): boolean =>
  verdict === 'not-run' && reason?.startsWith(notPreparedBy) === true

/** What is to be seen of it is what the command that failed said. */
function notPrepared(check: Check, { name, reason, outputTail, log }: CheckResult): CheckResult {
  return { ...notRun(check, `${notPreparedBy} ${name}: ${reason}`), outputTail, log }
}

/** Takes away what a supervisor that died has left. */
async function clear(worktrees: Worktrees, directory: string): Promise<void> {
  const left = (await worktrees.list()).filter((one) => one.directory === directory)
  for (const one of left) await worktrees.remove(one)
  await removeTree(directory)
}
