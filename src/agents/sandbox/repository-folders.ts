import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** Where git keeps what belongs to a checkout: it is read there. The common folder first, then the one in which it lies. */
export function repositoryFolders(directory: string): readonly string[] {
  const common = commonFolder(join(directory, '.git'))
  return common === null ? [] : [common, dirname(common)]
}

function commonFolder(place: string): string | null {
  try {
    const [, administration] = /^gitdir: (.+)$/m.exec(readFileSync(place, 'utf8')) ?? []
    return administration === undefined ? null : dirname(dirname(resolve(dirname(place), administration)))
  } catch {
    return existsSync(place) ? place : null // a folder, or nothing
  }
}
