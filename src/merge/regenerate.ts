import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Git } from '../changes/git.ts'
import { asTreeId, type CommitId, type TreeId } from '../ids.ts'
import { notRun, runCheck } from './check.ts'
import { type CommitCheckWorld, inCheckout } from './check-commit.ts'
import { quoted } from './conflict-message.ts'
import { covers, type RegenerateRule } from './declared-files.ts'
import type { CheckResult } from './proposal.ts'

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
  world: CommitCheckWorld,
  commit: CommitId,
  request: RegenerateRequest,
): Promise<Remade> {
  const { rule } = request
  const made = await inCheckout(world, { commit, name: 'regenerate' }, (directory) =>
    remakeIn(directory, world, request),
  )
  if ('result' in made) return made
  const reason = `the merged tree cannot be checked out: ${made.problem}`
  return { result: notRun(rule, reason), tree: null, paths: [], ignored: [] }
}

async function remakeIn(
  directory: string,
  world: CommitCheckWorld,
  { rule, paths }: RegenerateRequest,
): Promise<Remade> {
  const result = await runCheck(world, rule, directory)
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
  const options = ['--porcelain', '-z', '--no-renames', '--untracked-files=all', '--ignore-submodules=none']
  const status = await git.text(['status', ...options])
  return status
    .split('\0')
    .slice(0, -1)
    .map((field) => field.slice(3))
}
