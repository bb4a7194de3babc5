import { type FSWatcher, watch } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Notices which files below a folder are written. */
export interface FolderWatch {
  /**
   * Paths at which something has happened since the last time, relative to the folder; null when it may have been anywhere. Folders
   * that are new are watched from now on.
   */
  taken(): Promise<readonly string[] | null>
  close(): void
}

/** What is watched, and who is told. All paths are relative, in latin1: any bytes come back as they were. */
export interface WatchedFolder {
  /** Absolute path. */
  readonly directory: string
  /** Told of every sign of a change. */
  readonly changed: () => void
  /** Told once when the system watches no more folders for us: what is written elsewhere is not noticed. */
  readonly exhausted: (why: string) => void
  /** Those of these folders in which nothing counts. */
  readonly ignoredAmong: (folders: readonly string[]) => Promise<ReadonlySet<string>>
}

/** More paths than this at once are as good as any path. */
const manyPaths = 200

/**
 * Watches a folder, in which nothing is ignored yet, and all below it, but for git's own, for what is ignored and for other repositories: one watch for each folder, not
 * one for each file.
 */
export async function watchFolder(watched: WatchedFolder): Promise<FolderWatch> {
  const watches = new Watches(watched)
  await watches.addAll(() => Promise.resolve(new Set()))
  return watches
}

class Watches implements FolderWatch {
  readonly #watched: WatchedFolder
  readonly #watchers = new Map<string, FSWatcher>()
  #paths = new Set<string>()
  /** Where a folder may have come, gone, or been replaced by another. */
  #moved = new Set<string>()
  #isExhausted = false
  #isClosed = false

  constructor(watched: WatchedFolder) {
    this.#watched = watched
  }

  async addAll(ignoredAmong = this.#watched.ignoredAmong): Promise<void> {
    await this.#addBelow(await this.#open(''), ignoredAmong)
  }

  async taken(): Promise<readonly string[] | null> {
    const [paths, moved] = [this.#paths, this.#moved]
    this.#paths = new Set()
    this.#moved = new Set()
    if (moved.has('') || [...paths].some((path) => /(?:^|\/)\.gitignore$/.test(path))) {
      this.#remove('')
      await this.addAll()
      return null
    }
    for (const path of moved) if (this.#watchers.has(path)) this.#remove(path)
    const ignored = await this.#addBelow(await foldersAmong(this.#watched.directory, [...moved]))
    if (this.#isExhausted || paths.size > manyPaths) return null
    return [...paths].filter((path) => !ignored.has(path))
  }

  close(): void {
    this.#isClosed = true
    this.#remove('')
  }

  /** Watches these folders and all below them, level by level; answers with those that are ignored. */
  async #addBelow(folders: readonly string[], ignoredAmong = this.#watched.ignoredAmong): Promise<ReadonlySet<string>> {
    const ignored = new Set<string>()
    for (let level = folders; level.length > 0 && !this.#isClosed && !this.#isExhausted;) {
      const left = await ignoredAmong(level)
      for (const folder of left) ignored.add(folder)
      const counting = level.filter((folder) => !left.has(folder))
      level = (await Promise.all(counting.map((folder) => this.#open(folder)))).flat()
    }
    return ignored
  }

  /** Watches one folder; answers with those in it. Watched before it is read, so that none is missed. */
  async #open(folder: string): Promise<readonly string[]> {
    if (this.#isClosed || this.#isExhausted || this.#watchers.has(folder)) return []
    const place = placeOf(this.#watched.directory, folder)
    try {
      const watcher = watch(place, { persistent: false, encoding: 'latin1' }, (event, name) => {
        this.#note(folder, event, name)
      })
      watcher.on('error', () => {
        this.#remove(folder)
      })
      this.#watchers.set(folder, watcher)
      const entries = await readdir(place, { withFileTypes: true, encoding: 'buffer' })
      const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name.toString('latin1'))
      const isRepository = folder !== '' && entries.some(({ name }) => name.toString('latin1') === '.git')
      if (isRepository) this.#remove(folder)
      return isRepository ? [] : names.filter((name) => name !== '.git').map((name) => inside(folder, name))
    } catch (error) {
      this.#meet(error as NodeJS.ErrnoException)
      return []
    }
  }

  /** A folder that has gone meanwhile is no trouble. */
  #meet({ code, message }: NodeJS.ErrnoException): void {
    if (this.#isExhausted || (code !== 'ENOSPC' && code !== 'EMFILE')) return
    this.#isExhausted = true
    this.#watched.exhausted(message)
  }

  #note(folder: string, event: string, name: string | null): void {
    if (name === '.git') return
    const path = name === null ? '' : inside(folder, name)
    if (this.#paths.size <= manyPaths) this.#paths.add(path)
    if (event === 'rename' || name === null) this.#moved.add(path)
    this.#watched.changed()
  }

  /** Ends the watches of a folder and of all below it. */
  #remove(folder: string): void {
    for (const [path, watcher] of this.#watchers) {
      if (folder !== '' && path !== folder && !path.startsWith(`${folder}/`)) continue
      watcher.close()
      this.#watchers.delete(path)
    }
  }
}

const inside = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`)

/** The absolute path of one in latin1. */
export const placeOf = (directory: string, path: string): Buffer =>
  Buffer.concat([Buffer.from(join(directory, '/')), Buffer.from(path, 'latin1')])

async function foldersAmong(directory: string, paths: readonly string[]): Promise<readonly string[]> {
  const areFolders = await Promise.all(paths.map((path) => isFolderAt(directory, path)))
  return paths.filter((_, at) => areFolders[at])
}

/** Whether a folder stands at a path, no link to one. */
export const isFolderAt = (directory: string, path: string): Promise<boolean> =>
  lstat(placeOf(directory, path)).then(
    (found) => found.isDirectory(),
    () => false,
  )
