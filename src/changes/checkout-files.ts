import { lstatSync, rmdirSync, rmSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { messageOf, TroupeError } from '../errors.ts'
import type { CommitId } from '../ids.ts'
import type { Git, GitResult } from './git.ts'
import { bytesOfPath, pathOf } from './path-bytes.ts'
import { nulSeparated } from './repository.ts'

/** From which commit to which. */
export interface Step {
  readonly from: CommitId
  readonly to: CommitId
}

/** What keeps a step from being taken. */
export interface Refusal {
  /** Files of the user that it would overwrite; empty where git has another reason. */
  readonly files: readonly string[]
  readonly said: string
}

/**
 * Takes the files and the index of a checkout from one commit to another, uncommitted changes elsewhere left alone, as `git merge
 * --ff-only` does, but for the branch, which stays. A step that was half taken by somebody who died is taken to its end.
 * @returns null when it is taken; otherwise nothing is changed
 * @throws TroupeError GIT_FAILED when git could not write all of it
 */
export async function moveFiles(git: Git, step: Step): Promise<Refusal | null> {
  await git.run(['update-index', '-q', '--refresh'], { accept: [0, 1, 128] }) // a new date alone is no change
  const changes = await changesOf(git, step)
  const inTheWay = await untrackedAt(git, changes.added)
  const tried = await readTree(git, step, ['--dry-run'])
  if (tried.exitCode !== 0 || inTheWay.length > 0)
    return { files: [...(await editedIn(git, step, changes)), ...inTheWay], said: tried.stderr.trim() }
  const { exitCode, stderr } = await readTree(git, step)
  if (exitCode === 0) return null
  if (refusals.test(stderr)) return { files: [], said: stderr.trim() } // somebody was faster than we looked
  throw new TroupeError('GIT_FAILED', await putBack(git, step.from, { changes, said: stderr.trim() }))
}

/** Undoes a step that was taken, as it was taken; null when it is undone, otherwise what git said. */
export async function moveFilesBack(git: Git, { from, to }: Step): Promise<string | null> {
  const { exitCode, stderr } = await readTree(git, { from: to, to: from })
  return exitCode === 0 ? null : stderr.trim()
}

const readTree = async (git: Git, { from, to }: Step, more: readonly string[] = []): Promise<GitResult> =>
  await git.run(['read-tree', '-m', '-u', '--no-recurse-submodules', ...more, from, to], { accept: [0, 128] })

/** What git says before it has written anything. */
const refusals = /would be (?:overwritten|removed) by|not uptodate|would lose untracked|\.lock': File exists/

/** The paths that differ between two commits. */
interface Changes {
  readonly added: readonly string[]
  readonly others: readonly string[]
}

async function changesOf(git: Git, { from, to }: Step): Promise<Changes> {
  const args = ['diff-tree', '-r', '-z', '--no-renames', '--ignore-submodules=all', '--name-only']
  const [added, others] = await Promise.all([
    paths(git, [...args, '--diff-filter=A', from, to]),
    paths(git, [...args, '--diff-filter=a', from, to]),
  ])
  return { added, others }
}

const paths = async (git: Git, args: readonly string[]): Promise<readonly string[]> =>
  nulSeparated((await git.run(args, { encoding: 'latin1' })).stdout).map(pathOf)

/** Files that git does not know, where some are to be: `read-tree` would overwrite those that are ignored. */
async function untrackedAt(git: Git, added: readonly string[]): Promise<readonly string[]> {
  const standing = new Set(added.flatMap((path) => standingAt(git.directory, path) ?? []))
  if (standing.size === 0) return []
  const untracked = await paths(git, ['ls-files', '-z', '--others', '--directory', '--no-empty-directory'])
  const lost = [...standing].flatMap((path) =>
    untracked.flatMap((other) => {
      if (other === path || other.startsWith(`${path}/`)) return [other]
      return other.endsWith('/') && path.startsWith(other) ? [path] : []
    }),
  )
  return [...new Set(lost)]
}

/** What stands where a path is to be: itself, or what is no folder above it; null for nothing. */
function standingAt(root: string, path: string): string | null {
  const names = path.split('/')
  for (let length = 1; length <= names.length; length++) {
    const part = names.slice(0, length).join('/')
    const found = lookAt(place(root, part))
    if (found === null) return null
    if (length === names.length || !found.isDirectory()) return part
  }
  return null
}

function lookAt(path: Buffer): Stats | null {
  try {
    return lstatSync(path)
  } catch {
    return null // git finds out as well, and says why
  }
}

const place = (root: string, path: string): Buffer => Buffer.concat([Buffer.from(`${root}/`), bytesOfPath(path)])

/** Files of the step whose index or content is neither as before nor as it is to be. */
async function editedIn(git: Git, { from, to }: Step, { added, others }: Changes): Promise<readonly string[]> {
  const changed = new Set([...added, ...others])
  const args = ['diff-index', '-z', '--no-renames', '--ignore-submodules=all', '--name-only']
  const [before, after] = await Promise.all([paths(git, [...args, from]), paths(git, [...args, to])])
  const stillOther = new Set(after)
  return before.filter((path) => changed.has(path) && stillOther.has(path))
}

interface Failed {
  readonly changes: Changes
  readonly said: string
}

/** After git has failed to write some of the files: what it has written goes, what it has replaced comes back from the index. */
async function putBack(git: Git, from: CommitId, { changes: { added, others }, said }: Failed): Promise<string> {
  const what = `git could not write every file in ${git.directory}: ${said}`
  try {
    // what is staged otherwise was left alone
    const staged = new Set(await paths(git, ['diff-index', '--cached', '-z', '--no-renames', '--name-only', from]))
    for (const path of added) if (!staged.has(path)) removeFile(git.directory, path)
    const replaced = others.filter((path) => !staged.has(path))
    const input = Buffer.concat(replaced.flatMap((path) => [bytesOfPath(path), Buffer.of(0)]))
    await git.run(['checkout-index', '--force', '--quiet', '-z', '--stdin'], { input })
    return `${what}\nevery file is as it was before, and no branch has moved`
  } catch (error) {
    const undo = 'no branch has moved; git status names the files that are changed, git restore puts them back'
    return `${what}\nand could not put back those it had written: ${messageOf(error)}\n${undo}`
  }
}

/** Removes a file, where it is, and the folders above it that are empty then. */
function removeFile(root: string, path: string): void {
  const standing = standingAt(root, path)
  if (standing !== null && standing !== path) return
  if (standing !== null) rmSync(place(root, path))
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) removeEmpty(place(root, folder))
}

function removeEmpty(folder: Buffer): void {
  try {
    rmdirSync(folder)
  } catch {
    // it is not empty, or not there
  }
}
