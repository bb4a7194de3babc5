import { statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

/** The file behind a program's name, as the system would find it by the PATH of an environment; null where there is none. */
export function findProgram(name: string, environment: Readonly<Record<string, string | undefined>>): string | null {
  const isPath = /[/\\]/.test(name)
  const folders = isPath ? [''] : (environment['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder))
  const paths = folders.map((folder) => join(folder, name))
  return paths.find(isFile) ?? null
}

/** What may not be looked at could not be started either, so that the next folder of the PATH is asked. */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}
