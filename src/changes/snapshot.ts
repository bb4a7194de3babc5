import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { asCommitId, asTreeId, type CommitId, type TreeId } from '../ids.ts'
import type { Git } from './git.ts'
import { differences, indexAt, nestedAmong, openIndex, takeIn } from './workspace-content.ts'
import type { PrivateIndex } from './workspace-git.ts'
import type { Worktree } from './worktree.ts'

/** What is saved, and where. */
export interface SnapshotOrder {
  readonly worktree: Worktree
  /** Where the commit is kept; moved by every snapshot that finds a change. */
  readonly ref: string
  readonly message: string
  /** Seconds since the epoch, for author and committer. */
  readonly at: number
}

/**
 * Saves the files of a worktree in which somebody works, as one commit on its base, when they have changed since the last time.
 * The worktree's own index, HEAD and locks are left alone. Files that come and go meanwhile are caught the next time, and a
 * repository inside the workspace is left to the seal.
 * @returns whether anything had changed
 * @throws TroupeError GIT_FAILED when git could not read the files; the next snapshot begins anew
 */
export async function takeSnapshot(git: Git, order: SnapshotOrder): Promise<boolean> {
  const { worktree } = order
  const index = join(worktree.adminDirectory, 'troupe-snapshot-index')
  const own = existsSync(index) ? indexAt(git, worktree, index) : await openIndex(git, worktree, index)
  try {
    await rm(`${index}.lock`, { force: true }) // of a git that was killed: nobody else has this index
    const seen = await differences(own)
    const nested = nestedAmong(seen)
    if (seen.length === nested.length) return false
    await takeIn(own, { except: nested, tolerant: true })
    return await keep(git, own, order)
  } catch (error) {
    await rm(index, { force: true })
    throw error
  }
}

/** A snapshot, and what it was made on. */
export interface Saved {
  readonly commit: CommitId
  readonly base: CommitId
  readonly tree: TreeId
}

/** The last snapshot at a ref; null when there is none. */
export async function savedAt(git: Git, ref: string): Promise<Saved | null> {
  const { exitCode, stdout } = await git.run(['log', '-1', '--format=%H %P %T', ref, '--'], { accept: [0, 128] })
  const [commit = '', base = '', tree = ''] = exitCode === 0 ? stdout.trim().split(' ') : []
  return tree === '' ? null : { commit: asCommitId(commit), base: asCommitId(base), tree: asTreeId(tree) }
}

async function keep(git: Git, own: PrivateIndex, { worktree, ref, message, at }: SnapshotOrder): Promise<boolean> {
  const tree = asTreeId(await own.git.text(['write-tree'], { env: own.env }))
  const last = await savedAt(git, ref)
  if (tree === (last?.base === worktree.commit ? last.tree : await treeOf(git, worktree.commit))) return false
  const date = `@${at} +0000`
  const env = { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date }
  const commit = await git.text(['commit-tree', tree, '-p', worktree.commit, '-F', '-'], { env, input: message })
  await git.run(['update-ref', ref, commit, last?.commit ?? ''])
  return true
}

const treeOf = async (git: Git, commit: CommitId): Promise<TreeId> =>
  asTreeId(await git.text(['rev-parse', `${commit}^{tree}`]))
