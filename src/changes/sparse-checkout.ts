import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CommitId } from '../ids.ts'
import { placeOf } from './folder-watch.ts'
import type { Git } from './git.ts'
import { bytePaths, nulTerminated } from './path-bytes.ts'

const patternsOf = (adminDirectory: string): string => join(adminDirectory, 'info', 'sparse-checkout')

/** Whether a worktree may leave a part of its commit out. */
export const mayBeSparse = ({ adminDirectory }: { readonly adminDirectory: string }): boolean =>
  existsSync(patternsOf(adminDirectory))

/**
 * A user who has checked out a part of a large repository gives agents the same part, as `git worktree add` does.
 * @param whole without the user's patterns, but with the other settings of the user's own checkout
 */
export async function copySparseCheckout(from: string, to: string, whole: boolean): Promise<void> {
  const [patterns, settings] = await Promise.all([
    whole ? null : readIfThere(patternsOf(from)),
    readIfThere(join(from, 'config.worktree')),
  ])
  if (patterns !== null) {
    await mkdir(join(to, 'info'))
    await writeFile(patternsOf(to), patterns)
  }
  // where the user's own checkout is must not become the agent's
  const kept = settings?.replaceAll(/^\s*(?:bare|worktree)\s*=.*\n?/gim, '') ?? ''
  if (kept !== '') await writeFile(join(to, 'config.worktree'), kept)
}

/** Takes away the patterns that git itself has given a worktree. */
export const forgetPatterns = (adminDirectory: string): Promise<void> => rm(patternsOf(adminDirectory), { force: true })

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/**
 * Puts those files of a sparse worktree on disk that differ from one of these commits: what others, or an earlier attempt, have
 * written outside of the user's part. From then on they count as checked out.
 * @param git in the worktree
 */
export async function checkOutBeyond(git: Git, commit: CommitId, others: readonly CommitId[]): Promise<void> {
  const args = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', '--diff-filter=d']
  const differing = await Promise.all(
    others.filter((other) => other !== commit).map((other) => git.bytes([...args, other, commit])),
  )
  const paths = [...new Set(differing.flatMap(bytePaths))].filter((path) => !existsSync(placeOf(git.directory, path)))
  if (paths.length === 0) return
  const input = nulTerminated(paths)
  await git.run(['checkout-index', '-u', '-q', '-z', '--ignore-skip-worktree-bits', '--stdin'], { input })
  await git.run(['update-index', '--no-skip-worktree', '-z', '--stdin'], { input })
}
