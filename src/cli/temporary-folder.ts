import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { messageOf, TroupeError } from '../errors.ts'

/** Makes a folder of its own where temporary files go. Throws TroupeError NO_TEMPORARY_FOLDER or NO_SPACE. */
export function temporaryFolder(prefix: string): string {
  try {
    return mkdtempSync(join(tmpdir(), prefix))
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code === 'ENOSPC' ? 'NO_SPACE' : 'NO_TEMPORARY_FOLDER'
    throw new TroupeError(code, `no folder can be made in ${tmpdir()}: ${messageOf(cause)}`, { cause })
  }
}
