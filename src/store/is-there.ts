import { readdirSync, statSync } from 'node:fs'
import { storeFailure } from './store-failure.ts'

/** Whether something is there, also where a link leads; what may not be looked at is not for that reason nothing. Throws TroupeError STORE_FAILED. */
export function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  } catch (cause) {
    throw storeFailure(`cannot read ${path}`, cause)
  }
}

/** The names in a folder; none in one that is gone. Throws TroupeError STORE_FAILED. */
export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw storeFailure(`cannot read ${folder}`, cause)
  }
}
