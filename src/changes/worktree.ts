import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { asCommitId, type CommitId } from '../ids.ts'
import { copyIndex, pristineIndexOf } from './index-copy.ts'
import { removeTree } from './remove-tree.ts'
import type { Repository } from './repository.ts'
import { openSlots } from './slots.ts'
import { checkOutBeyond, mayBeSparse } from './sparse-checkout.ts'
import { administrationFor, directoryOf, isFree, removeEntry, unfinishedEntries } from './worktree-administration.ts'
import { worktreeFailure } from './worktree-failure.ts'

/** Where a worktree is. */
export interface WorktreePlace {
  readonly name: string
  readonly directory: string
  /** Its own part of the repository's administration. */
  readonly adminDirectory: string
}

/** A linked worktree, detached at the commit it was made from. */
export interface Worktree extends WorktreePlace {
  readonly commit: CommitId
}

/** A worktree found again. `commit` is null for one that was never made whole, so that nobody has worked in it. */
export interface FoundWorktree extends WorktreePlace {
  readonly commit: CommitId | null
}

/** The worktrees of one run. */
export interface Worktrees {
  /**
   * `name` must be new; throws TroupeError GIT_FAILED or NO_SPACE and then leaves nothing behind.
   * @param files whose files lie there instead, as changes that nobody has committed
   */
  create(name: string, commit: CommitId, files?: CommitId): Promise<Worktree>
  /** Takes one away, with all that lies in it; one that is gone already is fine. Throws TroupeError GIT_FAILED. */
  remove(place: WorktreePlace): Promise<void>
  /** Those that the repository knows of, also from a supervisor that died. */
  list(): Promise<readonly FoundWorktree[]>
  /** Removes all that lies in the folder, whole or not, but for the worktrees of these names; nobody may be making one meanwhile. */
  removeAll(kept?: ReadonlySet<string>): Promise<void>
}

interface WorktreesOptions {
  readonly repository: Repository
  /** Absolute folder that holds the worktrees, in a folder that has the name of their run. */
  readonly folder: string
  /** Checkouts at once. */
  readonly parallel: number
  /** Everything lies there, whatever part the user has checked out. */
  readonly whole?: boolean
  /** What differs from this commit lies there, though the user's sparse checkout would leave it out. */
  readonly since?: CommitId
}

/** Makes worktrees without a branch, hooks, or a word in the user's configuration. No lock is needed: see administrationFor. */
export function openWorktrees(options: WorktreesOptions): Worktrees {
  const { repository, folder, parallel, whole = false, since } = options
  const checkouts = openSlots(parallel)
  const removals = openSlots(2) // a large folder is slow to delete and must not hold up the next checkout
  const administer = administrationFor(repository, folder)
  const known = join(repository.commonDirectory, 'worktrees')

  async function make(name: string, commit: CommitId, files: CommitId): Promise<Worktree> {
    const directory = join(folder, name)
    await claim(directory)
    let adminDirectory: string | null = null
    try {
      adminDirectory = await administer({ name, directory, commit, whole })
      await checkOut(repository, directory, { commit: files, whole })
      if (mayBeSparse({ adminDirectory }))
        await checkOutBeyond(repository.git.at(directory), files, [since ?? commit, commit])
      if (files !== commit) await repository.git.at(directory).run(['read-tree', '--reset', commit])
      await writeFile(join(adminDirectory, baseName), `${commit}\n`)
      await copyIndex(join(adminDirectory, 'index'), pristineIndexOf({ adminDirectory })) // the last thing: now it is whole
      return { name, directory, adminDirectory, commit }
    } catch (cause) {
      await discard(directory, adminDirectory)
      throw worktreeFailure(`${commit} cannot be checked out into ${directory}`, cause)
    }
  }

  /** The administration goes first: what is left of a removal that was interrupted is a plain folder that git knows nothing of. */
  async function discard(directory: string, adminDirectory: string | null): Promise<void> {
    if (adminDirectory !== null && (await isFree(adminDirectory, directory)))
      await removeEntry({ repository, folder, adminDirectory })
    await removeTree(directory)
  }

  async function remove(place: WorktreePlace): Promise<void> {
    try {
      await discard(place.directory, place.adminDirectory)
    } catch (cause) {
      throw worktreeFailure(`${place.directory} cannot be removed`, cause)
    }
  }

  async function list(): Promise<readonly FoundWorktree[]> {
    const entries = await readdir(known).catch(() => [])
    const places = await Promise.all(entries.map((entry) => placeIn(folder, join(known, entry))))
    return places.filter((place) => place !== null)
  }

  return {
    create: (name, commit, files = commit) => checkouts.use(() => make(name, commit, files)),
    remove: (place) => removals.use(() => remove(place)),
    list,
    async removeAll(kept = new Set()) {
      const places = (await list()).filter(({ name }) => !kept.has(name))
      await Promise.all(places.map((place) => removals.use(() => remove(place))))
      const names = await readdir(folder).catch(() => [])
      const rest = names.filter((name) => !kept.has(name)).map((name) => join(folder, name))
      for (const path of [...rest, ...(await unfinishedEntries(repository, folder))]) await removeTree(path)
    },
  }
}

/** In a worktree's administration: the commit it was made from, whatever became of its HEAD. */
const baseName = 'troupe-base'

async function claim(directory: string): Promise<void> {
  try {
    await mkdir(dirname(directory), { recursive: true })
    await mkdir(directory)
  } catch (cause) {
    throw worktreeFailure(`no worktree can be made at ${directory}`, cause)
  }
}

/**
 * One process of git, which honours the user's line endings, filters and sparse checkout, unless all is to lie there.
 * `reset --hard` and `checkout --force` take the same time and write more; two processes (`read-tree`, `checkout-index`) take longer.
 */
async function checkOut(
  { git }: Repository,
  directory: string,
  { commit, whole }: { readonly commit: CommitId; readonly whole: boolean },
): Promise<void> {
  const plainIndex = ['core.splitIndex=false', 'index.sparse=false', 'core.ignoreStat=false', 'submodule.recurse=false']
  const settings = [...plainIndex, ...(whole ? ['core.sparseCheckout=false'] : [])].flatMap((setting) => [
    '-c',
    setting,
  ])
  await git.at(directory).run([...settings, 'read-tree', '--reset', '-u', commit])
}

async function placeIn(folder: string, adminDirectory: string): Promise<FoundWorktree | null> {
  const directory = await directoryOf(adminDirectory)
  if (directory === null || dirname(directory) !== folder) return null
  return { name: basename(directory), directory, adminDirectory, commit: await baseOf(adminDirectory) }
}

async function baseOf(adminDirectory: string): Promise<CommitId | null> {
  if (!existsSync(pristineIndexOf({ adminDirectory }))) return null
  const base = await readFile(join(adminDirectory, baseName), 'utf8').catch(() => '')
  return base === '' ? null : asCommitId(base.trim())
}
