import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { CommitId } from '../ids.ts'
import type { Repository } from './repository.ts'
import { removeTree } from './remove-tree.ts'
import { openSlots } from './slots.ts'
import { copySparseCheckout, forgetPatterns } from './sparse-checkout.ts'

/** Makes an empty folder a worktree in which nothing is checked out yet; answers with its part of the administration. */
export type Administer = (worktree: {
  readonly name: string
  readonly directory: string
  readonly commit: CommitId
  /** Without the user's sparse checkout. */
  readonly whole?: boolean
}) => Promise<string>

/** By hand, but by git where refs are not kept as files. `folder` holds the worktrees of one run, and lies in the run's own. */
export function administrationFor(repository: Repository, folder: string): Administer {
  let chosen: Promise<Administer> | null = null
  return async (worktree) => {
    chosen ??= hasPlainRefs(repository).then((plain) => (plain ? byHand(repository, folder) : byGit(repository)))
    return await (
      await chosen
    )(worktree)
  }
}

async function hasPlainRefs({ git }: Repository): Promise<boolean> {
  const { stdout } = await git.run(['config', '--get', 'extensions.refStorage'], { accept: [0, 1] })
  return ['', 'files'].includes(stdout.trim())
}

/**
 * An entry is written under another name and renamed into place: other programs see it whole or not at all, so no lock is needed.
 * `git worktree add` writes in place, reads half-written neighbours and fails when several run at once; behind a mutex it costs a
 * process each. Of the files, laid down in gitrepository-layout(5), `locked` keeps `git worktree prune` away.
 */
export function byHand(repository: Repository, folder: string): Administer {
  const { commonDirectory, gitDirectory } = repository
  const run = runOf(folder)
  return async ({ name, directory, commit, whole = false }) => {
    const adminDirectory = join(commonDirectory, 'worktrees', `troupe-${run}-${name}`)
    const temporary = join(commonDirectory, `${unfinishedPrefix(folder)}${name}`)
    const pointer = join(directory, '.git')
    try {
      await rm(temporary, { recursive: true, force: true })
      await mkdir(temporary)
      await Promise.all([
        writeFile(join(temporary, 'HEAD'), `${commit}\n`),
        writeFile(join(temporary, 'commondir'), '../..\n'),
        writeFile(join(temporary, 'gitdir'), `${pointer}\n`),
        writeFile(join(temporary, 'locked'), lockReason),
        writeFile(pointer, `gitdir: ${adminDirectory}\n`),
        copySparseCheckout(gitDirectory, temporary, whole),
      ])
      await moveIntoPlace(temporary, adminDirectory, directory)
    } catch (cause) {
      await rm(temporary, { recursive: true, force: true })
      throw cause
    }
    return adminDirectory
  }
}

/** Entries that a supervisor of this run was writing, or taking away, when it died. */
export async function unfinishedEntries({ commonDirectory }: Repository, folder: string): Promise<readonly string[]> {
  const prefix = unfinishedPrefix(folder)
  const names = await readdir(commonDirectory)
  return names.filter((name) => name.startsWith(prefix)).map((name) => join(commonDirectory, name))
}

interface Entry {
  readonly repository: Repository
  readonly folder: string
  readonly adminDirectory: string
}

/** Takes an entry away, at once for every other program: half an entry would belong to no run any more. */
export async function removeEntry({ repository, folder, adminDirectory }: Entry): Promise<void> {
  const aside = join(repository.commonDirectory, `${unfinishedPrefix(folder)}${basename(adminDirectory)}`)
  await removeTree(aside)
  await rename(adminDirectory, aside).catch(() => removeTree(adminDirectory)) // one that may not be moved, or has gone
  await rmdir(dirname(adminDirectory)).catch(() => {}) // as git does, when it was the last
  await removeTree(aside)
}

/** Its name is what entries are told apart by, and found again. */
const runOf = (folder: string): string => basename(dirname(folder))

const unfinishedPrefix = (folder: string): string => `troupe-new-${runOf(folder)}-`

/** One at a time in this process; git names the entry. */
export function byGit({ git }: Repository): Administer {
  const mutex = openSlots(1)
  return async ({ directory, commit, whole = false }) => {
    const options = ['--quiet', '--no-checkout', '--detach', '--lock', '--reason', lockReason]
    await mutex.use(() => git.run(['worktree', 'add', ...options, directory, commit]))
    const pointer = await readFile(join(directory, '.git'), 'utf8')
    const adminDirectory = resolve(directory, pointer.replace(/^gitdir: /, '').replace(/\n$/, ''))
    if (whole) await forgetPatterns(adminDirectory)
    return adminDirectory
  }
}

/** The folder of the worktree that an entry is for; null where there is no entry, or one that names no folder any more. */
export async function directoryOf(adminDirectory: string): Promise<string | null> {
  const pointer = await readFile(join(adminDirectory, 'gitdir'), 'utf8').catch(() => '')
  const [, directory] = /^(.+)\/\.git\n?$/s.exec(pointer) ?? []
  return directory === undefined ? null : resolve(adminDirectory, directory) // newer git can write it relative
}

/** Whether an entry is for this folder or for none, so that it may go. */
export async function isFree(adminDirectory: string, directory: string): Promise<boolean> {
  const known = await directoryOf(adminDirectory)
  return known === null || known === directory
}

const lockReason = 'a Troupe run works here'

/** `worktrees` may go at any time with the last entry of others; an entry of a folder that was made anew is out of date. */
async function moveIntoPlace(temporary: string, adminDirectory: string, directory: string): Promise<void> {
  for (let triesLeft = 10; ; triesLeft -= 1) {
    try {
      await mkdir(dirname(adminDirectory), { recursive: true })
      await rename(temporary, adminDirectory)
      return
    } catch (error) {
      if (triesLeft === 0) throw error
      if (await isFree(adminDirectory, directory)) await rm(adminDirectory, { recursive: true, force: true })
    }
  }
}
