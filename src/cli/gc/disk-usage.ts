import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Bytes that a file or folder takes on disk with all that lies in it; 0 for one that is gone. Links are not followed. */
export async function diskUsage(path: string): Promise<number> {
  const found = await lstat(path).catch(() => null)
  if (found === null) return 0
  const own = found.blocks * bytesInABlock
  if (!found.isDirectory()) return own
  const names = await readdir(path).catch(() => [])
  let total = own
  for (const name of names) total += await diskUsage(join(path, name))
  return total
}

/** Whatever the file system's own blocks are: stat(2). */
const bytesInABlock = 512
