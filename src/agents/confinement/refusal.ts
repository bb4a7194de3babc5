/** A path may not be used as it was asked; the message is a sentence that a model understands. */
export class PathRefused extends Error {
  override readonly name = 'PathRefused'
}

/** What came of something that was asked of a confinement. */
export type Confined<Value> =
  | { readonly ok: true; readonly value: Value }
  /** `reason` is a sentence that a model understands. */
  | { readonly ok: false; readonly reason: string }

/** Runs `work`; a refused path and what the system refuses become a reason. */
export async function confined<Value>(path: string, work: () => Value | Promise<Value>): Promise<Confined<Value>> {
  try {
    return { ok: true, value: await work() }
  } catch (error) {
    if (error instanceof PathRefused) return { ok: false, reason: error.message }
    const { code } = error as NodeJS.ErrnoException
    if (typeof code !== 'string' || code.startsWith('ERR_')) throw error
    return { ok: false, reason: reasons.get(code)?.(path) ?? `${path} cannot be used: ${code}` }
  }
}

const reasons: ReadonlyMap<string, (path: string) => string> = new Map([
  ['ENOENT', (path) => `${path} does not exist`],
  ['ENOTDIR', (path) => `a part of ${path} is a file or a link, not a folder`],
  ['EISDIR', (path) => `${path} is a folder`],
  ['ELOOP', (path) => `${path} became a link meanwhile`],
  ['EACCES', (path) => `the system does not allow it for ${path}`],
  ['EPERM', (path) => `the system does not allow it for ${path}`],
  ['ENAMETOOLONG', (path) => `the name ${path.slice(0, 60)}… is too long`],
])
