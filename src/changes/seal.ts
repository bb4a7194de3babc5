import { copyFile, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { TroupeError, messageOf } from '../errors.ts'
import { type AgentName, asCommitId, asTreeId, type CommitId, type TaskId, type TreeId } from '../ids.ts'
import type { ChangeSet } from './change-set.ts'
import type { Git } from './git.ts'
import { flatten, nestedRepositories } from './nested-repository.ts'
import { changesBetween, type PathChange } from './path-change.ts'
import { headOf, indexStampOf, type Worktree } from './worktree.ts'

/** What is sealed, and as what. */
export interface SealOrder {
  readonly worktree: Worktree
  readonly task: TaskId
  readonly agent: AgentName
  readonly attempt: number
  /** First line and body; trailers are added. */
  readonly message: string
  readonly run: string
  /** Where the commit is kept; must not exist yet. */
  readonly ref: string
  /** Seconds since the epoch, for author and committer. */
  readonly at: number
}

export type Sealed = { readonly changed: false } | { readonly changed: true; readonly changeSet: ChangeSet }

/**
 * Makes all that lies in a worktree one commit on the worktree's own base, whatever the agent did to HEAD, index or branches.
 * Untracked files go along, ignored files and empty folders do not; a repository inside is flattened into its files.
 * The worktree's own index is not touched.
 * @throws TroupeError GIT_FAILED or NO_SPACE; the files are then still where they were
 */
export async function seal(git: Git, order: SealOrder): Promise<Sealed> {
  const { worktree } = order
  const here = git.at(worktree.directory)
  if (await isUntouched(here, worktree)) return { changed: false }
  const index = join(worktree.adminDirectory, 'troupe-index')
  try {
    await copyIndex(here, worktree, index)
    const { tree, changes } = await writeTree(here, worktree, index)
    if (changes.length === 0) return { changed: false }
    return { changed: true, changeSet: await keep(git, order, { tree, files: changes.map(({ path }) => path) }) }
  } finally {
    await rm(index, { force: true })
  }
}

/** Only an index that nobody wrote can be trusted to tell quickly. */
async function isUntouched(here: Git, worktree: Worktree): Promise<boolean> {
  try {
    if ((await headOf(worktree)) !== worktree.commit) return false
    if ((await indexStampOf(worktree.adminDirectory)) !== worktree.indexStamp) return false
    return (
      (await here.text(['status', '--porcelain', '-z', '--untracked-files=all', '--ignore-submodules=none'])) === ''
    )
  } catch {
    return false
  }
}

/** The agent's index may be broken or may hide files, so only an untouched one is copied, for the sake of its stat cache. */
async function copyIndex(here: Git, worktree: Worktree, index: string): Promise<void> {
  const own = join(worktree.adminDirectory, 'index')
  const stamp = await indexStampOf(worktree.adminDirectory).catch(() => '')
  if (stamp === worktree.indexStamp) await copyWithTime(own, index)
  else await withRepository(here, worktree).run(['read-tree', worktree.commit], { env: { GIT_INDEX_FILE: index } })
}

/**
 * Git trusts an entry whose file has not been touched since before the index was written, to the second. A younger copy would
 * have it trust a file that was checked out and changed within one second, and lose the change.
 */
async function copyWithTime(from: string, to: string): Promise<void> {
  await copyFile(from, to)
  const { atime, mtime } = await stat(from)
  await utimes(to, atime, mtime)
}

interface Written {
  readonly tree: TreeId
  readonly changes: readonly PathChange[]
}

async function writeTree(here: Git, worktree: Worktree, index: string): Promise<Written> {
  const git = withRepository(here, worktree)
  const env = { GIT_INDEX_FILE: index }
  const nested = await nestedRepositories(git, { env, base: worktree.commit })
  const except = nested.map((folder) => `:(top,exclude,literal)${folder}`)
  await git.run(['add', '--all', '--', ':/', ...except], { env })
  for (const folder of nested) await flatten(git, { env, root: worktree.directory, folder })
  const written = await writtenTree(git, worktree, env)
  const links = written.changes.filter(isNewLink)
  if (links.length === 0) return written
  for (const { path } of links) {
    await git.run(['update-index', '--force-remove', '--', path], { env })
    await flatten(git, { env, root: worktree.directory, folder: path })
  }
  return await writtenTree(git, worktree, env)
}

async function writtenTree(git: Git, worktree: Worktree, env: Readonly<Record<string, string>>): Promise<Written> {
  const tree = asTreeId(await git.text(['write-tree'], { env }))
  return { tree, changes: await changesBetween(git, worktree.commit, tree) }
}

/** A repository in the place of a tracked folder becomes a link too late for the first look. */
const isNewLink = ({ oldMode, newMode }: PathChange): boolean => newMode === '160000' && oldMode !== '160000'

/** The repository by name, since the agent may have deleted the worktree's `.git` file. */
function withRepository(here: Git, { adminDirectory, directory }: Worktree): Git {
  const named = ['--git-dir', adminDirectory, '--work-tree', directory]
  return {
    ...here,
    run: (args, options) => here.run([...named, ...args], options),
    text: (args, options) => here.text([...named, ...args], options),
    bytes: (args, options) => here.bytes([...named, ...args], options),
  }
}

async function keep(git: Git, order: SealOrder, content: Pick<ChangeSet, 'tree' | 'files'>): Promise<ChangeSet> {
  const { worktree, ref, task, agent, attempt } = order
  const date = `@${order.at} +0000`
  const env = { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date }
  const args = ['commit-tree', content.tree, '-p', worktree.commit, '-F', '-']
  const commit = asCommitId(await git.text(args, { env, input: messageWithTrailers(order) }))
  await createRef(git, ref, commit)
  return { task, agent, attempt, base: worktree.commit, commit, ...content }
}

function messageWithTrailers({ message, run, task, agent, attempt }: SealOrder): string {
  const trailers = { 'Troupe-Run': run, 'Troupe-Task': task, 'Troupe-Agent': agent, 'Troupe-Attempt': String(attempt) }
  const lines = Object.entries(trailers).map(([name, value]) => `${name}: ${value}`)
  return `${message.trim()}\n\n${lines.join('\n')}\n`
}

async function createRef(git: Git, ref: string, commit: CommitId): Promise<void> {
  try {
    await git.run(['update-ref', ref, commit, ''])
  } catch (cause) {
    throw new TroupeError('GIT_FAILED', `the change set cannot be kept at ${ref}: ${messageOf(cause)}`, { cause })
  }
}
