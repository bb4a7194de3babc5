import { statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

/** The file behind a program's name, as the system would find it by the PATH of an environment; null where there is none. */
export function findProgram(name: string, environment: Readonly<Record<string, string | undefined>>): string | null {
  const isPath = /[/\\]/.test(name)
  const folders = isPath ? [''] : (environment['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder))
  const paths = folders.map((folder) => join(folder, name))
  return paths.find((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true) ?? null
}
