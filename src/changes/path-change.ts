import type { Git } from './git.ts'
import { nulSeparated } from './repository.ts'

/** One path that differs between two trees; a mode of 000000 means that it is not there. */
export interface PathChange {
  readonly path: string
  readonly oldMode: string
  readonly newMode: string
}

/** The paths that differ between two commits or trees, sorted; renames are a removal and an addition. */
export async function changesBetween(git: Git, from: string, to: string): Promise<readonly PathChange[]> {
  const parts = nulSeparated(await git.text(['diff-tree', '-r', '-z', '--no-renames', from, to]))
  const changes: PathChange[] = []
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [oldMode = '', newMode = ''] = (parts[at] ?? '').slice(1).split(' ')
    changes.push({ oldMode, newMode, path: parts[at + 1] ?? '' })
  }
  return changes.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}
