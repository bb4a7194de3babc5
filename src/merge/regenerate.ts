import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Git } from '../changes/git.ts'
import { openRepository } from '../changes/repository.ts'
import { openWorktrees, type Worktree, type Worktrees } from '../changes/worktree.ts'
import { messageOf } from '../errors.ts'
import { asTreeId, type CommitId, type TreeId } from '../ids.ts'
import { type CheckWorld, notRun, runChecks } from './check.ts'
import { quoted } from './conflict-message.ts'
import { covers, type RegenerateRule } from './declared-files.ts'
import type { CheckResult } from './proposal.ts'

/** What files are made anew with. */
export interface RegenerateWorld extends CheckWorld {
  readonly git: Git
  /** Absolute path of a folder of Troupe's own, in which the checkout may be made. */
  readonly folder: string
}

/** How making files anew went. */
export interface Remade {
  readonly result: CheckResult
  /** The commit's tree with the files as the command left them; null when it failed. */
  readonly tree: TreeId | null
  /** The files that were taken over, sorted; empty when it failed. */
  readonly paths: readonly string[]
  /** Paths outside the rule's that the command changed as well, which are left as they were; sorted. */
  readonly ignored: readonly string[]
}

/** Files to make anew. */
export interface RegenerateRequest {
  readonly rule: RegenerateRule
  /** Those of the rule that must be there afterwards. */
  readonly paths: readonly string[]
}

/** Runs a rule's command on a commit, in a checkout of its own that is gone afterwards, and takes over nothing but the rule's files. */
export async function regenerate(
  world: RegenerateWorld,
  commit: CommitId,
  request: RegenerateRequest,
): Promise<Remade> {
  const { rule } = request
  let worktree: Worktree
  let worktrees: Worktrees
  try {
    await clear(world)
    const repository = await openRepository(world.git.directory)
    worktrees = openWorktrees({ repository, folder: world.folder, parallel: 1 })
    worktree = await worktrees.create(name, commit)
  } catch (error) {
    const reason = `the merged tree cannot be checked out: ${messageOf(error)}`
    return { result: notRun(rule, reason), tree: null, paths: [], ignored: [] }
  }
  try {
    return await remakeIn(worktree.directory, world, request)
  } finally {
    await worktrees.remove(worktree)
  }
}

const name = 'regenerate'

async function remakeIn(
  directory: string,
  world: RegenerateWorld,
  { rule, paths }: RegenerateRequest,
): Promise<Remade> {
  const [result = notRun(rule, 'nothing was run')] = await runChecks(world, [rule], directory)
  if (result.verdict !== 'pass') return { result, tree: null, paths: [], ignored: [] }
  const missing = paths.find((path) => !existsSync(join(directory, path)))
  if (missing !== undefined) {
    const reason = `${quoted(missing)} is not there after it`
    return { result: { ...result, verdict: 'fail', reason }, tree: null, paths: [], ignored: [] }
  }
  const git = world.git.at(directory)
  const changed = await changedPaths(git)
  const taken = [...new Set([...changed.filter((path) => covers([rule.glob], path)), ...paths])]
  // also what the user's ignore rules would leave out: it is in the tree already
  await git.run(['--literal-pathspecs', 'add', '--force', '--pathspec-from-file=-', '--pathspec-file-nul'], {
    input: taken.map((path) => `${path}\0`).join(''),
  })
  const tree = asTreeId(await git.text(['write-tree']))
  return { result, tree, paths: taken.toSorted(), ignored: changed.filter((path) => !taken.includes(path)).toSorted() }
}

/** Every path that differs from the commit, files that are new included but for those the user ignores. */
async function changedPaths(git: Git): Promise<readonly string[]> {
  const status = await git.text(['status', '--porcelain', '-z', '--no-renames', '--untracked-files=all'])
  return status
    .split('\0')
    .slice(0, -1)
    .map((field) => field.slice(3))
}

/** Takes away what a supervisor that died has left; exit code 128 means that git knows of nothing there. */
async function clear({ git, folder }: RegenerateWorld): Promise<void> {
  const directory = join(folder, name)
  await rm(directory, { recursive: true, force: true, maxRetries: 3 })
  await git.run(['worktree', 'remove', '--force', '--force', directory], { accept: [0, 128] })
}
