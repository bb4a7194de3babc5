import { chmod, readdir, rm } from 'node:fs/promises'

/**
 * Deletes a folder with all that lies in it; one that is gone is fine. Folders that were made read-only are opened first, as
 * Go makes those of its module cache. Links are never followed.
 */
export async function removeTree(directory: string): Promise<void> {
  const options = { recursive: true, force: true, maxRetries: 3 }
  try {
    await rm(directory, options)
  } catch (error) {
    if (!hasCode(error, 'EACCES')) throw error
    await openFolders(Buffer.from(directory))
    await rm(directory, options)
  }
}

/** Paths are bytes here: names need not be UTF-8. A folder may go meanwhile, since `rm` fails before it has stopped. */
async function openFolders(folder: Buffer): Promise<void> {
  for (const name of await foldersIn(folder)) await openFolders(Buffer.concat([folder, Buffer.from('/'), name]))
}

async function foldersIn(folder: Buffer): Promise<readonly Buffer[]> {
  try {
    await chmod(folder, 0o700)
    const entries = await readdir(folder, { withFileTypes: true, encoding: 'buffer' })
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code
