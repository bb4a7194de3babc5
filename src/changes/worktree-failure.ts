import { messageOf, TroupeError } from '../errors.ts'

/** What went wrong with a worktree, as NO_SPACE or GIT_FAILED, whether git or the file system said so. */
export function worktreeFailure(what: string, cause: unknown): TroupeError {
  const full = cause instanceof Error && 'code' in cause && fullDisk.has(String(cause.code))
  return new TroupeError(full ? 'NO_SPACE' : 'GIT_FAILED', `${what}: ${messageOf(cause)}`, { cause })
}

const fullDisk = new Set(['NO_SPACE', 'ENOSPC', 'EDQUOT'])
