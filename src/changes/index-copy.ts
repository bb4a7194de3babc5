import { copyFile, rename, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'

/** The index of a worktree as its checkout left it: the agent's own may be broken or told to hide files. */
export const pristineIndexOf = ({ adminDirectory }: { readonly adminDirectory: string }): string =>
  join(adminDirectory, 'troupe-index')

/**
 * Copies an index with its time; the copy is there whole or not at all.
 * Git trusts an entry whose file was not touched since before the index was written, to the second. A younger copy would have
 * it trust a file that was checked out and changed to the same size within one second, and lose the change.
 * @see https://git-scm.com/docs/racy-git
 */
export async function copyIndex(from: string, to: string): Promise<void> {
  const unfinished = `${to}.new`
  await copyFile(from, unfinished)
  const { atime, mtime } = await stat(from)
  await utimes(unfinished, atime, mtime)
  await rename(unfinished, to)
}
