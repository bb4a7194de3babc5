import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

const mostEntries = 50_000
const foreign = /^(?:\.git|node_modules)$/

/** What can be seen of all files without reading them; null where there are too many. */
export type Picture = ReadonlyMap<string, string> | null

/** Looks at the files of a workspace, to know later whether a command has changed any. */
export async function pictureOf(directory: string): Promise<Picture> {
  const seen = new Map<string, string>()
  const waiting = [directory]
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
    for (const entry of entries.filter(({ name }) => !foreign.test(name))) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) waiting.push(path)
      else seen.set(path, await lookOf(path))
      if (seen.size > mostEntries) return null
    }
  }
  return seen
}

/** Whether something has changed; where nobody can know, it has. */
export function differs(before: Picture, after: Picture): boolean {
  if (before === null || after === null || before.size !== after.size) return true
  return [...after].some(([path, look]) => before.get(path) !== look)
}

async function lookOf(path: string): Promise<string> {
  const stats = await lstat(path).catch(() => null)
  return stats === null ? '' : `${stats.ino} ${stats.ctimeMs} ${stats.size}`
}
