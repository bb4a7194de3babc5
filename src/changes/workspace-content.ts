import { rm } from 'node:fs/promises'
import type { Git } from './git.ts'
import { copyIndex, pristineIndexOf } from './index-copy.ts'
import { bytePaths, nulTerminated } from './path-bytes.ts'
import { isFolderAt } from './folder-watch.ts'
import { type PrivateIndex, workspaceGit } from './workspace-git.ts'
import type { Worktree } from './worktree.ts'

/** A private index that begins as the checkout's, which knows the files that nobody has touched; as the base's where that is lost. */
export async function openIndex(git: Git, worktree: Worktree, index: string): Promise<PrivateIndex> {
  const own = indexAt(git, worktree, index)
  await rm(`${index}.lock`, { force: true })
  try {
    await copyIndex(pristineIndexOf(worktree), index)
  } catch {
    await own.git.run(['read-tree', worktree.commit], { env: own.env })
  }
  return own
}

/** Git with the index that lies at a path. */
export const indexAt = (git: Git, worktree: Worktree, index: string): PrivateIndex => ({
  git: workspaceGit(git, worktree),
  root: worktree.directory,
  env: { GIT_INDEX_FILE: index },
})

/**
 * Paths that are new, changed or gone since the index; a repository that is new has a slash at its end.
 * @param among where to look, literally; everywhere by default
 */
export async function differences(
  { git, env }: PrivateIndex,
  among: readonly string[] = [],
): Promise<readonly string[]> {
  const kinds = ['--others', '--modified', '--exclude-standard']
  const where = among.length === 0 ? [] : ['--', ...among.map((path) => `:(top,literal)${path}`)]
  return bytePaths(await git.bytes(['ls-files', '-z', ...kinds, ...where], { env }))
}

/** Folders among the paths that are repositories of their own. */
export const nestedAmong = (seen: readonly string[]): readonly string[] =>
  seen.filter((path) => path.endsWith('/')).map((path) => path.slice(0, -1))

/** Takes everything into the index but for what lies in these folders; exit codes besides 0 are refused unless accepted. */
export async function takeIn(
  { git, env }: PrivateIndex,
  { except, tolerant }: { readonly except: readonly string[]; readonly tolerant: boolean },
): Promise<void> {
  const paths = [':/', ...except.map((folder) => `:(top,exclude,literal)${folder}`)]
  const options = ['--all', '--sparse', '--pathspec-from-file=-', '--pathspec-file-nul']
  const input = nulTerminated(paths)
  if (tolerant) await git.run(['add', '--ignore-errors', ...options], { env, input, accept: [0, 1] })
  else await git.run(['add', ...options], { env, input })
}

/** Takes these very paths into the index as they are now: gone ones too, and those where a folder stands in place of a file. */
export async function takePaths({ git, root, env }: PrivateIndex, paths: readonly string[]): Promise<void> {
  const areFolders = await Promise.all(paths.map((path) => isFolderAt(root, path)))
  const [folders, files] = [paths.filter((_, at) => areFolders[at]), paths.filter((_, at) => !areFolders[at])]
  const update = (options: readonly string[], taken: readonly string[]) =>
    git.run(['update-index', ...options, '-z', '--stdin'], { env, input: nulTerminated(taken) })
  if (folders.length > 0) await update(['--force-remove'], folders)
  if (files.length > 0) await update(['--add', '--remove', '--replace'], files)
}

/** Those of these folders that are ignored, by whatever rule. */
export async function ignoredFolders(
  { git }: Pick<PrivateIndex, 'git'>,
  folders: readonly string[],
): Promise<ReadonlySet<string>> {
  const options = { input: nulTerminated(folders), accept: [0, 1] }
  return new Set(bytePaths(await git.bytes(['check-ignore', '--no-index', '-z', '--stdin'], options)))
}
