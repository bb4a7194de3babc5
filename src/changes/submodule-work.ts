import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Git } from './git.ts'
import { filesBelow, ignoredAmong } from './nested-repository.ts'
import { nulSeparated } from './repository.ts'
import type { PrivateIndex } from './workspace-git.ts'

/**
 * The first submodule with work that a change set cannot carry, as it holds a link only, in words: files that are not committed,
 * commits that no remote has, or files in the folder of a submodule that is not there. Null for none.
 */
export async function submoduleWork(own: PrivateIndex): Promise<string | null> {
  const { git, root, env } = own
  if (!(await mayHoldLinks(env.GIT_INDEX_FILE))) return null
  const entries = nulSeparated(await git.text(['ls-files', '--stage', '-z'], { env }))
  for (const entry of entries) {
    const [, link = '', path = ''] = /^160000 (\S+) \d\t(.+)$/s.exec(entry) ?? []
    if (path === '') continue
    if (!existsSync(join(root, path, '.git'))) {
      if (await hasFiles(own, path))
        return `files were written into the folder of the submodule ${path}, which is not there`
    } else if (await hasWork(git, join(root, path), link)) return `the submodule ${path} holds work that no remote has`
  }
  return null
}

/** The mode of a link as an index has it (gitformat-index(5)); by chance it stands elsewhere, which costs a look. */
const modeInIndex = Buffer.from([0, 0, 0xe0, 0])

const mayHoldLinks = async (index: string): Promise<boolean> => (await readFile(index)).includes(modeInIndex)

/** Git tells of no file where it knows a submodule. */
async function hasFiles(own: PrivateIndex, path: string): Promise<boolean> {
  const folder = Buffer.from(path).toString('latin1')
  const files = await filesBelow(own.root, folder).catch(() => []) // taken away, or something else in its place
  return files.length > (await ignoredAmong(own, files)).length
}

/** The repository is named, since one that is broken would have git look at the one around it. */
async function hasWork(git: Git, directory: string, link: string): Promise<boolean> {
  const inside = git.at(directory)
  const named = ['--git-dir', join(directory, '.git'), '--work-tree', directory]
  if (
    (await inside.text([...named, 'status', '--porcelain', '--untracked-files=all', '--ignore-submodules=none'])) !== ''
  )
    return true
  if ((await inside.text([...named, 'rev-parse', 'HEAD'])) === link) return false
  return (await inside.text([...named, 'rev-list', '--max-count=1', 'HEAD', '--not', '--remotes', '--'])) !== ''
}
