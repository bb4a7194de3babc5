import { messageOf, TroupeError } from '../errors.ts'

/** Why something that Troupe keeps cannot be read or written: no room, or anything else that the user can mend. */
export function storeFailure(path: string, cause: unknown, verb: 'read' | 'write' = 'write'): TroupeError {
  const code = (cause as NodeJS.ErrnoException).code === 'ENOSPC' ? 'NO_SPACE' : 'STORE_FAILED'
  return new TroupeError(code, `cannot ${verb} ${path}: ${messageOf(cause)}`, { cause })
}

/** Does what touches the disk; what goes wrong there is told with the path. */
export function inStore<Result>(path: string, verb: 'read' | 'write', work: () => Result): Result {
  try {
    return work()
  } catch (cause) {
    throw storeFailure(path, cause, verb)
  }
}
