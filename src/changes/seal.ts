import { lstatSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { TroupeError, messageOf } from '../errors.ts'
import { type AgentName, asCommitId, asTreeId, type CommitId, type TaskId } from '../ids.ts'
import { hideNothing, type Redactor } from '../redaction.ts'
import type { ChangeSet } from './change-set.ts'
import { writeCommit } from './commit.ts'
import { filterFailure } from './filter-failure.ts'
import type { Git } from './git.ts'
import { lookThrough } from './left-out.ts'
import { flatten } from './nested-repository.ts'
import { changesInIndex, type PathChange } from './path-change.ts'
import { submoduleWork } from './submodule-work.ts'
import { differences, indexAt, nestedAmong, openIndex, takeIn } from './workspace-content.ts'
import { nulSeparated } from './repository.ts'
import type { PrivateIndex } from './workspace-git.ts'
import { worktreeFailure } from './worktree-failure.ts'
import { takeOutSecrets } from './written-secrets.ts'
import type { Worktree } from './worktree.ts'

/** What is sealed, and as what. */
export interface SealOrder {
  readonly worktree: Worktree
  readonly task: TaskId
  readonly agent: AgentName
  readonly attempt: number
  /** First line and body; trailers are added. */
  readonly message: string
  readonly run: string
  /** Where the commit is kept; must not exist yet, unless it is of the same content on the same base. */
  readonly ref: string
  /** Seconds since the epoch, for author and committer. */
  readonly at: number
  /** What no object of git may hold; nothing by default. */
  readonly hide?: Redactor
}

export type Sealed =
  | { readonly changed: false }
  /** `exposed`: where secrets were taken out of what was written, for people. */
  | { readonly changed: true; readonly changeSet: ChangeSet; readonly exposed: readonly string[] }

/**
 * Makes all that lies in a worktree one commit on the worktree's own base, whatever the agent did to HEAD, index or branches.
 * Untracked files go along, ignored files and empty folders do not; a repository inside is flattened into its files. What git leaves
 * out of the worktree (sparse checkout, skip-worktree) is as the worktree's own index has it.
 * The worktree itself is only read, but for secrets that are taken out of it.
 * @throws TroupeError GIT_FAILED or NO_SPACE when something cannot be kept; the files are then still where they were
 */
export async function seal(git: Git, order: SealOrder): Promise<Sealed> {
  const { worktree } = order
  const { directory } = worktree
  if (lstatSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new TroupeError('GIT_FAILED', `nothing can be sealed: ${directory} is gone`)
  const index = `${directory}.index`
  try {
    const own = await openIndex(git, worktree, index)
    const exposed = await withoutSecrets(own, order.hide ?? hideNothing)
    const content = await contentOf(own, order)
    if (content === null) return { changed: false }
    return { changed: true, changeSet: await keep(git, order, { ...content, base: worktree.commit }), exposed }
  } catch (cause) {
    const filter = await filterFailure(indexAt(git, worktree, index), messageOf(cause)).catch(() => null)
    if (filter !== null) throw new TroupeError('GIT_FAILED', filter, { cause })
    throw worktreeFailure(`the work in ${directory} cannot be sealed`, cause)
  } finally {
    await rm(index, { force: true })
  }
}

const withoutSecrets = async (own: PrivateIndex, hide: Redactor): Promise<readonly string[]> =>
  hide.isIdle ? [] : await takeOutSecrets(own.root, await differences(own), hide)

type Content = Pick<ChangeSet, 'tree' | 'files'>

/** What differs from the base; null for nothing. */
async function contentOf(own: PrivateIndex, { worktree, hide = hideNothing }: SealOrder): Promise<Content | null> {
  await refuseSubmoduleWork(own)
  const { differing, hasTaken } = await lookThrough(own, { worktree, hide })
  if (differing.length === 0 && !hasTaken) return null
  const nested = nestedAmong(differing)
  await takeIn(own, { except: nested, tolerant: false })
  await flattenAll(own, nested)
  const changes = await changesInIndex(own.git, worktree.commit, { env: own.env })
  const links = changes.filter(isNewLink)
  await flattenAll(
    own,
    links.map(({ path }) => Buffer.from(path).toString('latin1')),
  )
  const last = links.length === 0 ? changes : await changesInIndex(own.git, worktree.commit, { env: own.env })
  if (last.length === 0) return null
  const tree = asTreeId(await own.git.text(['write-tree'], { env: own.env }))
  return { tree, files: last.map(({ path }) => path) }
}

async function refuseSubmoduleWork(own: PrivateIndex): Promise<void> {
  const work = await submoduleWork(own)
  if (work !== null)
    throw new TroupeError('GIT_FAILED', `${work}, and a change set cannot carry it: take it to that repository`)
}

async function flattenAll(own: PrivateIndex, folders: readonly string[]): Promise<void> {
  if (folders.length > 0) await flatten(own, folders)
}

/** A repository in the place of something tracked is told only by the link that git made of it. */
const isNewLink = ({ oldMode, newMode }: PathChange): boolean => newMode === '160000' && oldMode !== '160000'

type Named = Omit<SealOrder, 'worktree' | 'hide'>

/** What was sealed already, as the change set of another task or attempt. Throws TroupeError GIT_FAILED. */
export const sealAs = (git: Git, { base, tree, files }: ChangeSet, order: Named): Promise<ChangeSet> =>
  keep(git, order, { base, tree, files })

async function keep(git: Git, order: Named, content: Content & Pick<ChangeSet, 'base'>): Promise<ChangeSet> {
  const { ref, task, agent, attempt } = order
  const commit = await keptCommit(git, ref, { ...content, commit: await commitOf(git, order, content) })
  return { task, agent, attempt, commit, ...content }
}

type Kept = Pick<ChangeSet, 'base' | 'commit' | 'tree'>

/** The commit at the ref; whoever sealed the attempt before may have died before it could say so. */
async function keptCommit(git: Git, ref: string, wanted: Kept): Promise<CommitId> {
  try {
    await git.run(['update-ref', ref, wanted.commit, ''])
    return wanted.commit
  } catch (cause) {
    const known = await keptAt(git, ref)
    if (known?.base === wanted.base && known.tree === wanted.tree) return known.commit
    throw new TroupeError('GIT_FAILED', `the change set cannot be kept at ${ref}: ${messageOf(cause)}`, { cause })
  }
}

/** What was sealed at a ref; null when there is nothing. */
export async function sealedAt(
  git: Git,
  ref: string,
  who: Pick<ChangeSet, 'task' | 'agent' | 'attempt'>,
): Promise<ChangeSet | null> {
  const kept = await keptAt(git, ref)
  if (kept === null) return null
  const args = [
    'diff-tree',
    '-r',
    '-z',
    '--name-only',
    '--no-renames',
    '--ignore-submodules=none',
    kept.base,
    kept.commit,
  ]
  return { ...who, ...kept, files: nulSeparated(await git.text(args)) }
}

async function keptAt(git: Git, ref: string): Promise<Kept | null> {
  const { exitCode, stdout } = await git.run(['log', '-1', '--format=%H %P %T', ref, '--'], { accept: [0, 128] })
  const [commit = '', base = '', tree = ''] = exitCode === 0 ? stdout.trim().split(' ') : []
  return tree === '' ? null : { commit: asCommitId(commit), base: asCommitId(base), tree: asTreeId(tree) }
}

async function commitOf(git: Git, order: Named, { base, tree }: Pick<Kept, 'base' | 'tree'>): Promise<CommitId> {
  const { at: seconds } = order
  return writeCommit(git, { tree, parents: [base], message: messageWithTrailers(order), seconds })
}

function messageWithTrailers({ message, run, task, agent, attempt }: Named): string {
  const trailers = { 'Troupe-Run': run, 'Troupe-Task': task, 'Troupe-Agent': agent, 'Troupe-Attempt': String(attempt) }
  const lines = Object.entries(trailers).map(([name, value]) => `${name}: ${value}`)
  const text = message.replaceAll('\0', ' ').trim() || task
  return `${text}\n\n${lines.join('\n')}\n`
}
