import { lstat, readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'

/**
 * Whether anything in a folder was written, removed or renamed after `since`, in milliseconds of the file system's own time, which
 * goes in steps of some milliseconds.
 * @param likely paths that are looked at first; for them the step of `since` itself counts too
 */
export async function changedSince(directory: string, since: number, likely: readonly string[]): Promise<boolean> {
  for (const path of likely) if ((await changeOf(resolve(directory, path))) >= since) return true
  const waiting = [directory]
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    if ((await changeOf(folder)) > since) return true
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      if (entry.name === '.git') continue
      const path = join(folder, entry.name)
      if (entry.isDirectory()) waiting.push(path)
      else if ((await changeOf(path)) > since) return true
    }
  }
  return false
}

const changeOf = (path: string): Promise<number> =>
  lstat(path).then(
    ({ ctimeMs }) => ctimeMs,
    () => -Infinity,
  )
