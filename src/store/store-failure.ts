import { messageOf, TroupeError } from '../errors.ts'

/**
 * Why something that Troupe keeps cannot be read or written: no room, or anything else that the user can mend.
 * @param what as a sentence without its end: `cannot write /a/file`
 */
export function storeFailure(what: string, cause: unknown): TroupeError {
  const code = (cause as NodeJS.ErrnoException).code === 'ENOSPC' ? 'NO_SPACE' : 'STORE_FAILED'
  return new TroupeError(code, `${what}: ${messageOf(cause)}`, { cause })
}
