import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { messageOf, TroupeError } from '../errors.ts'

/**
 * Why something that Troupe keeps cannot be read or written: no room, or anything else that the user can mend.
 * @param what as a sentence without its end: `cannot write /a/file`
 */
export function storeFailure(what: string, cause: unknown): TroupeError {
  const { code, path } = cause as NodeJS.ErrnoException
  const inTheWay = code === 'ENOTDIR' && path !== undefined ? noFolderAt(path) : null
  const why = inTheWay === null ? messageOf(cause) : `${inTheWay} is a file, not a folder (${code})`
  return new TroupeError(code === 'ENOSPC' ? 'NO_SPACE' : 'STORE_FAILED', `${what}: ${why}`, { cause })
}

/** The path or what is above it, whichever is there and is no folder; null for none. */
function noFolderAt(path: string): string | null {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === false) return path
  } catch {
    // it is further above
  }
  return dirname(path) === path ? null : noFolderAt(dirname(path))
}
