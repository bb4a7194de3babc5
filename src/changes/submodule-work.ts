import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Git } from './git.ts'
import { nulSeparated } from './repository.ts'
import type { PrivateIndex } from './workspace-git.ts'

/**
 * The first submodule with work that a change set cannot carry, as it holds a link only: files that are not committed, or
 * commits that no remote has. Null for none; submodules that the agent left empty are not looked into.
 */
export async function submoduleWork({ git, root, env }: PrivateIndex): Promise<string | null> {
  const entries = nulSeparated(await git.text(['ls-files', '--stage', '-z'], { env }))
  for (const entry of entries) {
    const [, link = '', path = ''] = /^160000 (\S+) \d\t(.+)$/s.exec(entry) ?? []
    if (path !== '' && existsSync(join(root, path, '.git')) && (await hasWork(git, join(root, path), link))) return path
  }
  return null
}

/** The repository is named, since one that is broken would have git look at the one around it. */
async function hasWork(git: Git, directory: string, link: string): Promise<boolean> {
  const inside = git.at(directory)
  const named = ['--git-dir', join(directory, '.git'), '--work-tree', directory]
  if ((await inside.text([...named, 'status', '--porcelain', '--untracked-files=all'])) !== '') return true
  if ((await inside.text([...named, 'rev-parse', 'HEAD'])) === link) return false
  return (await inside.text([...named, 'rev-list', '--max-count=1', 'HEAD', '--not', '--remotes', '--'])) !== ''
}
