import { type FSWatcher, mkdirSync, readFileSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import { type Change, updateLocked } from './locked-file.ts'

/** A small text that several processes read and change, each change alone. */
export interface SharedText {
  /** What stands there now; null when there is nothing. */
  read(): string | null
  update<Result>(change: Change<Result>): Promise<Result>
  /** Has `told` called after changes, by whomever; some may be missed, so look now and then as well. Returns what ends it. */
  watch(told: () => void): () => void
}

/** A file that is guarded by a lock; its folder is made when it is first needed. */
export function sharedFile(path: string): SharedText {
  return {
    read: () => contentOf(path),
    update: (change) => updateLocked(path, change),
    watch(told) {
      const watcher = watchFolder(path, told)
      return () => watcher?.close()
    },
  }
}

function contentOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

/** The folder, since the file is replaced with every change; null where the system has no watch left. */
function watchFolder(path: string, told: () => void): FSWatcher | null {
  try {
    mkdirSync(dirname(path), { recursive: true })
    const watcher = watch(dirname(path), { persistent: false }, (_kind, name) => {
      if (name === basename(path)) told()
    })
    return watcher.on('error', () => {
      watcher.close()
    })
  } catch {
    return null
  }
}
