import { randomUUID } from 'node:crypto'
import { lstatSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { messageOf } from '../../errors.ts'
import type { ResultReading } from './read-result.ts'

const maximumBytes = 4 * 1024 * 1024

/** A path nobody can guess, in a home or among temporary files; nothing is made there, so a program that writes nothing costs nothing. */
export const newResultPath = (home: string = tmpdir()): string => join(home, `troupe-result-${randomUUID()}.json`)

/** Reads and removes what the program wrote there; anything unexpected is said, never thrown. */
export async function takeResult(path: string): Promise<ResultReading> {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return { how: 'absent' }
  try {
    // a pipe or a link could block or lead elsewhere
    if (!stat.isFile()) return { how: 'unusable', why: 'TROUPE_RESULT is not a plain file' }
    if (stat.size > maximumBytes) return { how: 'unusable', why: `TROUPE_RESULT is larger than ${maximumBytes} bytes` }
    // few programs write one, and what checks it takes an actor longer to load than all else
    const { readResult } = await import('./read-result.ts')
    return readResult(readFileSync(path, 'utf8'))
  } catch (error) {
    return { how: 'unusable', why: `TROUPE_RESULT cannot be read: ${messageOf(error)}` }
  } finally {
    rmSync(path, { force: true, recursive: true })
  }
}
