import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { TroupeError } from '../errors.ts'
import { asCommitId, type CommitId } from '../ids.ts'
import { type Git, openGit } from './git.ts'

/** A repository with a checkout and at least one commit. */
export interface Repository {
  /** Real path of the checkout's root. */
  readonly root: string
  /** Real path of the folder that all worktrees share. */
  readonly commonDirectory: string
  readonly git: Git
  /** The commit a revision names; throws TroupeError BASE_UNKNOWN. */
  resolveBase(revision: string): Promise<CommitId>
  /** Paths with uncommitted changes, untracked ones included: they are not part of any base. */
  dirtyFiles(): Promise<readonly string[]>
  /** Every path of a commit. */
  filesAt(commit: CommitId): Promise<readonly string[]>
}

/**
 * Opens the repository around a path.
 * @throws TroupeError GIT_MISSING, GIT_TOO_OLD, NOT_A_REPOSITORY or NO_COMMIT_YET
 */
export async function openRepository(path: string): Promise<Repository> {
  const here = openGit(path)
  await checkVersion(here)
  const root = await rootOf(here, path)
  const git = openGit(root)
  const common = await git.text(['rev-parse', '--git-common-dir'])
  const repository: Repository = {
    root,
    commonDirectory: realpathSync(resolve(root, common)),
    git,
    resolveBase: (revision) => resolveBase(git, revision),
    dirtyFiles: async () =>
      nulSeparated(await git.text(['status', '--porcelain', '-z', '--no-renames'])).map((line) => line.slice(3)),
    filesAt: async (commit) => nulSeparated(await git.text(['ls-tree', '-r', '-z', '--name-only', commit])),
  }
  const head = await git.run(['rev-parse', '--verify', '--quiet', 'HEAD'], { accept: [0, 1, 128] })
  if (head.exitCode !== 0) throw new TroupeError('NO_COMMIT_YET', `${root} has no commit yet`)
  return repository
}

/** The parts of git's `-z` output. */
export const nulSeparated = (text: string): readonly string[] => text.split('\0').filter((part) => part !== '')

async function checkVersion(git: Git): Promise<void> {
  const text = await git.text(['--version'])
  const [, major = '0', minor = '0'] = /(\d+)\.(\d+)/.exec(text) ?? []
  if (Number(major) < 2 || (Number(major) === 2 && Number(minor) < 38))
    throw new TroupeError('GIT_TOO_OLD', `this is ${text}`)
}

async function rootOf(git: Git, path: string): Promise<string> {
  const { exitCode, stdout, stderr } = await git.run(['rev-parse', '--show-toplevel'], { accept: [0, 128] })
  if (exitCode === 0) return realpathSync(stdout.replace(/\n$/, ''))
  const bare = /must be run in a work tree/.test(stderr)
  const what = bare ? 'is a bare repository, without files to work on' : 'is not inside a git repository'
  throw new TroupeError('NOT_A_REPOSITORY', `${path} ${what}`)
}

async function resolveBase(git: Git, revision: string): Promise<CommitId> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]
  const { exitCode, stdout } = await git.run(args, { accept: [0, 1, 128] })
  if (exitCode !== 0) throw new TroupeError('BASE_UNKNOWN', `the base ${JSON.stringify(revision)} names no commit`)
  return asCommitId(stdout.trim())
}
