import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeCommit } from './commit.ts'
import type { QuickTrees } from './quick-tree.ts'
import { TroupeError } from '../errors.ts'
import type { Redactor } from '../redaction.ts'
import { asCommitId, asTreeId, type CommitId, type TreeId } from '../ids.ts'
import type { Git } from './git.ts'
import { lookThrough } from './left-out.ts'
import { indexAt, nestedAmong, openIndex, takeIn, takePaths } from './workspace-content.ts'
import type { PrivateIndex } from './workspace-git.ts'
import type { Worktree } from './worktree.ts'
import { refuseSecrets } from './written-secrets.ts'

/** What is saved, and where. */
export interface SnapshotOrder {
  readonly worktree: Worktree
  /** Where the commit is kept; moved by every snapshot that finds a change. */
  readonly ref: string
  readonly message: string
  /** Seconds since the epoch, for author and committer. */
  readonly at: number
  /** Where something may have changed since the last snapshot, relative and in latin1; null for anywhere. */
  readonly among: readonly string[] | null
  /** What the worktree is known to have held at the last look; null when anything may lie there. */
  readonly known?: Known | null
  /** Where there are any: what has changed since what is known is taken without an index. */
  readonly quick?: QuickTrees
  /** What no object of git may hold; nothing by default. */
  readonly hide?: Redactor
}

/** A worktree as it was when it was looked at, or checked out. */
export interface Known {
  readonly tree: TreeId
  /** What stands at the ref. */
  readonly last: Saved | null
  /** Whether `last` is of this worktree. */
  readonly isOwn: boolean
}

/**
 * Saves the files of a worktree in which somebody works, as one commit on its base, when they have changed since the last time.
 * The worktree's own index, HEAD and locks are left alone. Files that come and go meanwhile are caught the next time, and a
 * repository inside the workspace is left to the seal.
 * @returns what was saved; null when nothing had changed
 * @throws TroupeError GIT_FAILED when git could not read the files, SECRET_WRITTEN when a secret lies in one; the next snapshot begins
 * anew, and must look everywhere
 */
export async function takeSnapshot(git: Git, order: SnapshotOrder): Promise<Saved | null> {
  const saved = await quickly(git, order)
  return saved === undefined ? await byIndex(git, order) : saved
}

async function byIndex(git: Git, order: SnapshotOrder): Promise<Saved | null> {
  const { worktree } = order
  const index = indexOf(worktree)
  const isKnown = existsSync(index)
  const own = isKnown ? indexAt(git, worktree, index) : await openIndex(git, worktree, index)
  const isOwn = order.known?.isOwn === true
  const isBehind = !isKnown && isOwn // snapshots were taken without the index
  const among = isBehind ? null : namesOf(order.among)
  if (among?.length === 0) return null
  try {
    await rm(`${index}.lock`, { force: true }) // of a git that was killed: nobody else has this index
    if (!(await takeDifferences(own, order, among))) return null
    return await keep(git, own, { ...order, isFirst: !isKnown && !isOwn })
  } catch (error) {
    await rm(index, { force: true })
    throw error
  }
}

/** Whether there were any. */
async function takeDifferences(
  own: PrivateIndex,
  order: SnapshotOrder,
  among: readonly string[] | null,
): Promise<boolean> {
  const { differing, hasTaken } = await lookThrough(own, { ...order, among: among ?? [] })
  const nested = nestedAmong(differing)
  if (differing.length === nested.length) return hasTaken
  await refuseSecrets(own.root, differing, order.hide)
  const files = [...new Set(differing)].filter((path) => !path.endsWith('/'))
  await (among === null ? takeIn(own, { except: nested, tolerant: true }) : takePaths(own, files))
  return true
}

function unlessSecret(error: unknown): null {
  if (error instanceof TroupeError && error.code === 'SECRET_WRITTEN') throw error
  return null
}

const indexOf = ({ adminDirectory }: Worktree): string => join(adminDirectory, 'troupe-snapshot-index')

/** The snapshot where no index is needed for it; undefined where one is. */
async function quickly(git: Git, order: SnapshotOrder): Promise<Saved | null | undefined> {
  const { worktree, quick, known } = order
  const among = namesOf(order.among)
  if (quick === undefined || !known || among === null) return undefined
  const tree = await quick.after(worktree, known.tree, among).catch(unlessSecret) // a file went away meanwhile
  if (tree === null) return undefined
  if (tree === known.tree) return null
  await rm(indexOf(worktree), { force: true }) // from now on it is behind
  const { ref, message, at: seconds } = order
  const commit = await writeCommit(git, { tree, parents: [worktree.commit], message, seconds })
  await git.run(['update-ref', ref, commit, known.last?.commit ?? ''])
  return { commit, base: worktree.commit, tree }
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

/** Paths as an argument of a program can name them; null when one of them cannot be. */
function namesOf(paths: readonly string[] | null): readonly string[] | null {
  const names = paths?.map((path) => Buffer.from(path, 'latin1').toString('utf8')) ?? null
  return names === null || names.some((name) => name.includes('\uFFFD')) ? null : names
}

async function keep(
  git: Git,
  own: PrivateIndex,
  { worktree, ref, message, at, known, isFirst }: SnapshotOrder & { readonly isFirst: boolean },
): Promise<Saved | null> {
  const tree = asTreeId(await own.git.text(['write-tree'], { env: own.env }))
  const last = known ? known.last : await savedAt(git, ref)
  if (isFirst && last?.base === worktree.commit && last.tree === tree) return last // of an earlier attempt
  if (tree === (last?.base === worktree.commit ? last.tree : await treeOf(git, worktree.commit))) return null
  const commit = await writeCommit(git, { tree, parents: [worktree.commit], message, seconds: at })
  await git.run(['update-ref', ref, commit, last?.commit ?? ''])
  return { commit, base: worktree.commit, tree }
}

const treeOf = async (git: Git, commit: CommitId): Promise<TreeId> =>
  asTreeId(await git.text(['rev-parse', `${commit}^{tree}`]))
