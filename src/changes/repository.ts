import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { messageOf, TroupeError } from '../errors.ts'
import { asCommitId, type CommitId } from '../ids.ts'
import { type Git, openGit } from './git.ts'

/** A repository with a checkout, be it of a branch that has no commit yet. */
export interface Repository {
  /** Real path of the checkout's root. */
  readonly root: string
  /** Real path of the checkout's own part of the administration; `commonDirectory` unless the checkout is a linked worktree. */
  readonly gitDirectory: string
  /** Real path of the folder that all worktrees share. */
  readonly commonDirectory: string
  readonly git: Git
  /** The commit a revision names; throws TroupeError BASE_UNKNOWN, or NO_COMMIT_YET for a HEAD without one. */
  resolveBase(revision: string): Promise<CommitId>
  /**
   * Paths with uncommitted changes, untracked ones included: they are not part of any base. Where git cannot tell, as with a filter
   * that fails, its reason.
   */
  dirtyFiles(): Promise<readonly string[] | { readonly unknown: string }>
  /** Every path of a commit. */
  filesAt(commit: CommitId): Promise<readonly string[]>
}

/**
 * Opens the repository around a path: a main or a linked worktree, a submodule, or any folder below.
 * @throws TroupeError GIT_MISSING, GIT_TOO_OLD or NOT_A_REPOSITORY
 */
export async function openRepository(path: string): Promise<Repository> {
  const here = openGit(folderAt(path))
  const asked = placesOf(here, path)
  asked.catch(() => {}) // what is wrong with git itself is told first
  await checkVersion(here)
  const { root, own, common } = await asked
  const git = openGit(root)
  return {
    root,
    gitDirectory: own,
    commonDirectory: common,
    git,
    resolveBase: (revision) => resolveBase(git, revision),
    dirtyFiles: () => dirtyFiles(git),
    filesAt: async (commit) => nulSeparated(await git.text(['ls-tree', '-r', '-z', '--name-only', commit])),
  }
}

async function dirtyFiles(git: Git): Promise<readonly string[] | { readonly unknown: string }> {
  const args = ['status', '--porcelain', '-z', '--no-renames', '--untracked-files=normal']
  const { exitCode, stdout, stderr } = await git.run(args, { accept: [0, 1, 128] })
  if (exitCode !== 0) return { unknown: stderr.trim().split('\n').at(-1) ?? '' }
  return nulSeparated(stdout).map((line) => line.slice(3))
}

/** The parts of git's `-z` output. */
export const nulSeparated = (text: string): readonly string[] => text.split('\0').filter((part) => part !== '')

/** Said of the folder itself: git, which could not be started in it, would be blamed. */
function folderAt(path: string): string {
  try {
    const folder = realpathSync(path)
    if (!statSync(folder).isDirectory()) throw new TroupeError('NOT_A_REPOSITORY', `${path} is a file, not a folder`)
    accessSync(folder, constants.X_OK)
    return folder
  } catch (cause) {
    if (cause instanceof TroupeError) throw cause
    const isGone = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    const why = isGone ? 'does not exist' : `cannot be entered: ${messageOf(cause)}`
    throw new TroupeError('NOT_A_REPOSITORY', `${path} ${why}`, { cause })
  }
}

async function checkVersion(git: Git): Promise<void> {
  const text = await git.text(['--version'])
  const [, major = '0', minor = '0'] = /(\d+)\.(\d+)/.exec(text) ?? []
  if (Number(major) < 2 || (Number(major) === 2 && Number(minor) < 38))
    throw new TroupeError('GIT_TOO_OLD', `this is ${text}`)
}

const questions = ['--show-toplevel', '--absolute-git-dir', '--git-common-dir'] as const

/** Real paths of the checkout's root, its part of the administration and the part that all worktrees share. */
async function placesOf(git: Git, path: string): Promise<Record<'root' | 'own' | 'common', string>> {
  const { exitCode, stdout, stderr } = await git.run(['rev-parse', ...questions], { accept: [0, 128] })
  if (exitCode !== 0) throw new TroupeError('NOT_A_REPOSITORY', `${path} ${await whyNoRoot(git, stderr)}`)
  const lines = stdout.split('\n').slice(0, -1)
  // a path may hold the end of a line
  const answers =
    lines.length === questions.length
      ? lines
      : await Promise.all(questions.map((question) => git.text(['rev-parse', question])))
  const [root = '', own = '', common = ''] = answers.map((answer) => realpathSync(resolve(git.directory, answer)))
  return { root, own, common }
}

async function whyNoRoot(git: Git, said: string): Promise<string> {
  if (/not a git repository/.test(said)) return 'is not inside a git repository'
  if (!/must be run in a work tree/.test(said)) return `cannot be opened: ${said.trim()}`
  const bare = (await git.text(['rev-parse', '--is-bare-repository'])) === 'true'
  return bare
    ? 'is a bare repository, without files to work on'
    : 'is inside the folder in which git keeps its own files'
}

async function resolveBase(git: Git, revision: string): Promise<CommitId> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]
  const { exitCode, stdout } = await git.run(args, { accept: [0, 1, 128] })
  if (exitCode !== 0 && revision === 'HEAD')
    throw new TroupeError('NO_COMMIT_YET', `what is checked out in ${git.directory} has no commit yet`)
  if (exitCode !== 0) throw new TroupeError('BASE_UNKNOWN', `the base ${JSON.stringify(revision)} names no commit`)
  return asCommitId(stdout.trim())
}
