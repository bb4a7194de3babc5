import type { Git, GitOptions } from './git.ts'
import { nulSeparated } from './repository.ts'

/** One path that differs between a commit and the index; a mode of 000000 means that it is not there. */
export interface PathChange {
  readonly path: string
  readonly oldMode: string
  readonly newMode: string
}

/** The paths in which an index differs from a commit, sorted; renames are a removal and an addition. */
export async function changesInIndex(git: Git, from: string, options: GitOptions): Promise<readonly PathChange[]> {
  const args = ['diff-index', '--cached', '-z', '--no-renames', '--ignore-submodules=none', from, '--']
  const parts = nulSeparated(await git.text(args, options))
  const changes: PathChange[] = []
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [oldMode = '', newMode = ''] = (parts[at] ?? '').slice(1).split(' ')
    changes.push({ oldMode, newMode, path: parts[at + 1] ?? '' })
  }
  return changes.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}
