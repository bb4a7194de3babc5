import { randomUUID } from 'node:crypto'
import { lstat, readdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

/** A moment of the file system's own time, in milliseconds: what was written before it is older, and what is written after it is not. */
export type Moment = number

const mostTries = 40

/**
 * The moment that it is now. Times of files go in steps of some milliseconds, so that it takes a file whose time differs from that of one
 * written just before; newer systems give it at once, others at their next step.
 * @param folder where it is found out, with a file that is gone afterwards; on a file system whose steps are seconds, what was written
 * shortly before counts as written after
 */
export async function momentIn(folder: string): Promise<Moment> {
  const stamp = join(folder, `.moment-${randomUUID()}`)
  try {
    const before = await writtenAt(stamp)
    for (let tries = 0; tries < mostTries; tries++) {
      const moment = await writtenAt(stamp)
      if (moment > before) return moment
      await pause(1)
    }
    return before
  } finally {
    await rm(stamp, { force: true })
  }
}

async function writtenAt(path: string): Promise<Moment> {
  await writeFile(path, '')
  return changeOf(path)
}

/**
 * Whether anything in a folder was written, removed or renamed since a moment; what git keeps for itself does not count.
 * @param likely paths that are looked at first; those outside of the folder do not count
 */
export async function changedSince(directory: string, since: Moment, likely: readonly string[] = []): Promise<boolean> {
  const inside = likely
    .map((path) => resolve(directory, path))
    .filter((path) => path.startsWith(resolve(directory) + sep))
  for (const path of inside) if ((await changeOf(path)) >= since) return true
  const waiting = [directory]
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    if ((await changeOf(folder)) >= since) return true
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      if (entry.name === '.git') continue
      const path = join(folder, entry.name)
      if (entry.isDirectory()) waiting.push(path)
      else if ((await changeOf(path)) >= since) return true
    }
  }
  return false
}

const changeOf = (path: string): Promise<number> =>
  lstat(path).then(
    ({ ctimeMs }) => ctimeMs,
    () => -Infinity,
  )
