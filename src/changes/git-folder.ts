import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The repository's own folder, where the files around it tell (gitrepository-layout(5)): a bare repository, or a checkout whose `.git`
 * is a folder. Null for a linked worktree, a submodule, or a folder further down: only git knows those.
 */
export function gitFolder(directory: string): string | null {
  const inside = join(directory, '.git')
  const folder = existsSync(inside) ? inside : directory
  try {
    return statSync(join(folder, 'objects')).isDirectory() && statSync(join(folder, 'HEAD')).isFile() ? folder : null
  } catch {
    return null
  }
}
