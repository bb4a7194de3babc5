import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, TroupeError } from '../errors.ts'
import type { CommitId } from '../ids.ts'
import type { Repository } from './repository.ts'
import { openSlots } from './slots.ts'

/** A linked worktree, detached at the commit it was made from. */
export interface Worktree {
  readonly name: string
  readonly directory: string
  /** Its own part of the repository's administration. */
  readonly adminDirectory: string
  readonly commit: CommitId
  /** What its index looked like when nobody had touched it yet. */
  readonly indexStamp: string
}

/** The worktrees of one run. */
export interface Worktrees {
  /** `name` must be new; throws TroupeError GIT_FAILED or NO_SPACE. */
  create(name: string, commit: CommitId): Promise<Worktree>
  remove(worktree: Worktree): Promise<void>
}

interface WorktreesOptions {
  readonly repository: Repository
  /** Absolute folder that holds the worktrees. */
  readonly folder: string
  /** Checkouts at once. */
  readonly parallel: number
}

/**
 * Makes worktrees without a branch, hooks, or a word in the user's configuration.
 *
 * The administration of each is written under a temporary name and renamed into place: other programs see it whole or not at
 * all, while `git worktree add` reads half-written neighbours and fails when many run at once. It is three files, laid down in
 * gitrepository-layout(5); a lock keeps `git worktree prune` away. Repositories that keep refs otherwise get `git worktree add`.
 */
export function openWorktrees({ repository, folder, parallel }: WorktreesOptions): Worktrees {
  const slots = openSlots(parallel)
  const plainRefs = hasPlainRefs(repository)
  const added = openSlots(1)
  return {
    create: (name, commit) =>
      slots.use(async () => {
        const directory = join(folder, name)
        const adminDirectory = join(repository.commonDirectory, 'worktrees', adminName(folder, name))
        const parts = { repository, directory, adminDirectory, commit }
        if (await plainRefs) await writeAdministration(parts)
        else await added.use(() => addByGit(parts))
        await checkOut(parts)
        return { name, directory, adminDirectory, commit, indexStamp: await indexStampOf(adminDirectory) }
      }),
    remove: ({ directory, adminDirectory }) =>
      slots.use(async () => {
        await rm(directory, { recursive: true, force: true, maxRetries: 3 })
        await rm(adminDirectory, { recursive: true, force: true, maxRetries: 3 })
      }),
  }
}

/** Equal as long as nobody has written the index of a worktree. */
export async function indexStampOf(adminDirectory: string): Promise<string> {
  const { size, mtimeNs, ino } = await stat(join(adminDirectory, 'index'), { bigint: true })
  return `${size} ${mtimeNs} ${ino}`
}

interface Parts {
  readonly repository: Repository
  readonly directory: string
  readonly adminDirectory: string
  readonly commit: CommitId
}

/** Unique in the repository, told by the run and the attempt. */
const adminName = (folder: string, name: string): string => `troupe-${folder.split(/[\\/]/).at(-2) ?? ''}-${name}`

async function hasPlainRefs({ git, commonDirectory }: Repository): Promise<boolean> {
  const { stdout } = await git.run(['config', '--get', 'extensions.refStorage'], { accept: [0, 1] })
  const names = await readdir(commonDirectory)
  return stdout.trim() === '' && !names.includes('reftable')
}

async function writeAdministration({ directory, adminDirectory, commit }: Parts): Promise<void> {
  const pointer = join(directory, '.git')
  const temporary = `${adminDirectory.replace(/worktrees(?=[\\/][^\\/]+$)/, 'troupe-new')}`
  await mkdir(temporary, { recursive: true })
  await Promise.all([
    writeFile(join(temporary, 'HEAD'), `${commit}\n`),
    writeFile(join(temporary, 'commondir'), '../..\n'),
    writeFile(join(temporary, 'gitdir'), `${pointer}\n`),
    writeFile(join(temporary, 'locked'), 'a Troupe run works here\n'),
    mkdir(directory, { recursive: true }),
    mkdir(join(adminDirectory, '..'), { recursive: true }),
  ])
  await rename(temporary, adminDirectory)
  await writeFile(pointer, `gitdir: ${adminDirectory}\n`)
}

async function addByGit({ repository, directory, commit }: Parts): Promise<void> {
  const args = ['worktree', 'add', '--quiet', '--no-checkout', '--detach', '--lock', directory, commit]
  await repository.git.run(args)
}

async function checkOut({ repository, directory, commit }: Parts): Promise<void> {
  try {
    await repository.git.at(directory).run(['read-tree', '--reset', '-u', commit])
  } catch (cause) {
    if (cause instanceof TroupeError && cause.code === 'NO_SPACE') throw cause
    throw new TroupeError('GIT_FAILED', `${commit} cannot be checked out into ${directory}: ${messageOf(cause)}`, {
      cause,
    })
  }
}

/** What a worktree's HEAD says: a commit's id, or `ref: …` when the agent went onto a branch. */
export async function headOf({ adminDirectory }: Worktree): Promise<string> {
  return (await readFile(join(adminDirectory, 'HEAD'), 'utf8')).trim()
}
