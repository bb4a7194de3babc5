import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Path of the Perl that runs the fork server and the tool server; null where there is none, or no use for it. */
export function findPerl(environment: Readonly<Record<string, string | undefined>>): string | null {
  if (process.platform === 'win32') return null
  const candidates = (environment['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'perl'))
  return candidates.find(isExecutable) ?? null
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
