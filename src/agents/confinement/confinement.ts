import { randomUUID } from 'node:crypto'
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import type { AgentContext } from '../agent.ts'
import { type Confined, confined, PathRefused } from './refusal.ts'
import { openFolder, type Root, type Spot, walkTo } from './walk.ts'

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_WRONLY, O_CREAT, O_EXCL } = constants
const looking = { follow: true, missing: 'fail' } as const

/** A file that was read, or its beginning. */
export interface ReadFile {
  /** Where it really lies, relative to the workspace. */
  readonly path: string
  readonly bytes: Buffer
  /** In all; more than were read when it was too large. */
  readonly size: number
}

/** One entry of a folder. */
export interface Entry {
  readonly name: string
  readonly kind: 'file' | 'folder' | 'link' | 'other'
}

/**
 * The files of a workspace, for tools whose paths nobody has checked: nothing outside is read or written, whatever links there are and
 * whatever is swapped for them meanwhile. Paths are relative to the workspace, or absolute and inside it.
 */
export interface Confinement {
  read(path: string, maximumBytes: number): Promise<Confined<ReadFile>>
  list(path: string): Promise<Confined<readonly Entry[]>>
  /**
   * Writes a file whole or not at all, with the folders that it needs, when `mayWrite` allows it. A link that stays inside is followed;
   * a file with several names keeps its content under the others.
   * @returns where the file really lies
   */
  write(path: string, content: string | Uint8Array): Promise<Confined<string>>
  /** Asks `mayWrite` for files that a program is about to write by itself; returns where they really lie. */
  allow(paths: readonly string[]): Promise<Confined<readonly string[]>>
}

/** Confines to `directory`; `mayWrite` is asked before every write. */
export function confine(directory: string, mayWrite: AgentContext['mayWrite']): Confinement {
  const real = realpathSync(directory)
  const root: Root = { real, names: [real, directory] }
  return {
    read: (path, maximumBytes) =>
      confined(path, () => walkTo(root, path, looking, (spot) => readAt(spot, maximumBytes))),
    list: (path) => confined(path, () => walkTo(root, path, looking, listAt)),
    write: (path, content) =>
      confined(path, async () => {
        const place = walkTo(root, path, { follow: true, missing: 'name' }, (spot) => spot.path)
        const answer = await mayWrite([place])
        if (!answer.allowed) throw new PathRefused(answer.reason)
        // what was allowed is this place: since then no part of it may have become a link
        return walkTo(root, place, { follow: false, missing: 'make' }, (spot) => writeAt(spot, content))
      }),
    allow: (paths) =>
      confined(paths.join(', '), async () => {
        const places = paths.map((path) => walkTo(root, path, { follow: true, missing: 'name' }, (spot) => spot.path))
        const answer = await mayWrite(places)
        if (!answer.allowed) throw new PathRefused(answer.reason)
        return places
      }),
  }
}

function readAt({ address, path }: Spot, maximumBytes: number): ReadFile {
  // a pipe without a writer would block
  const file = openSync(address, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    const stats = fstatSync(file)
    if (stats.isDirectory()) throw new PathRefused(`${path || 'the workspace'} is a folder`)
    if (!stats.isFile()) throw new PathRefused(`${path} is not a plain file`)
    const buffer = Buffer.alloc(Math.min(stats.size, maximumBytes))
    const count = readSync(file, buffer, 0, buffer.length, 0)
    return { path, bytes: buffer.subarray(0, count), size: stats.size }
  } finally {
    closeSync(file)
  }
}

function listAt({ address, path, stats }: Spot): readonly Entry[] {
  if (stats === null) throw new PathRefused(`${path} does not exist`)
  if (!stats.isDirectory()) throw new PathRefused(`${path} is not a folder`)
  const folder = openFolder(address, '')
  try {
    return entriesOf(folder.address)
  } finally {
    closeSync(folder.file)
  }
}

function entriesOf(folder: string): readonly Entry[] {
  return readdirSync(`${folder}/.`, { withFileTypes: true })
    .map((entry): Entry => ({
      name: entry.name,
      kind: entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : entry.isSymbolicLink() ? 'link' : 'other',
    }))
    .toSorted((left, right) => (left.name < right.name ? -1 : 1))
}

function writeAt({ address, beside, path, stats }: Spot, content: string | Uint8Array): string {
  if (path === '' || stats?.isDirectory() === true) throw new PathRefused(`${path || 'the workspace'} is a folder`)
  if (stats !== null && !stats.isFile()) throw new PathRefused(`${path} is not a plain file`)
  const temporary = beside(`.troupe-${randomUUID()}.tmp`)
  const file = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666)
  try {
    writeFileSync(file, content)
    if (stats !== null) fchmodSync(file, stats.mode & 0o777)
    renameSync(temporary, address)
  } finally {
    closeSync(file)
    rmSync(temporary, { force: true })
  }
  return path
}
