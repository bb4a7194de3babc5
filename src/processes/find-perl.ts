import { constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { isAccessible } from './is-accessible.ts'

/** Path of the Perl that runs the fork server and the tool server; null where there is none, or no use for it. */
export function findPerl(environment: Readonly<Record<string, string | undefined>>): string | null {
  if (process.platform === 'win32') return null
  const candidates = (environment['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'perl'))
  return candidates.find((path) => isAccessible(path, constants.X_OK)) ?? null
}
