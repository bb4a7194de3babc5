import { catalogue, type ErrorCode, messageOf, TroupeError } from '../errors.ts'

/** Something thrown, as plain data. */
export interface Thrown {
  readonly name: string
  readonly message: string
  readonly stack: string | null
  /** The code of a TroupeError. */
  readonly code: ErrorCode | null
}

/** Makes anything thrown fit to cross a process. */
export function toThrown(thrown: unknown): Thrown {
  return {
    name: thrown instanceof Error ? thrown.name : 'Error',
    message: messageOf(thrown),
    stack: thrown instanceof Error ? (thrown.stack ?? null) : null,
    code: thrown instanceof TroupeError ? thrown.code : null,
  }
}

/** The error again: a TroupeError with its code, anything else an Error with its name. */
export function toError(thrown: Thrown): Error {
  const { name, message, stack, code } = thrown
  const error =
    code !== null && code in catalogue ? new TroupeError(code, message) : Object.assign(new Error(message), { name })
  if (stack !== null) error.stack = stack
  return error
}
