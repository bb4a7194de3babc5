import { lstat, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Git } from './git.ts'
import { nulSeparated } from './repository.ts'

interface Looking {
  readonly env: Readonly<Record<string, string>>
  readonly base: string
}

/**
 * Folders that are repositories of their own and not submodules of the base, relative to the root.
 * `git add` would make each a gitlink and lose its files.
 */
export async function nestedRepositories(git: Git, { env, base }: Looking): Promise<readonly string[]> {
  const others = await git.text(['ls-files', '-z', '--others', '--exclude-standard'], { env })
  const folders = nulSeparated(others).filter((path) => path.endsWith('/'))
  const known = await submodulesOf(git, base)
  return folders.map((folder) => folder.slice(0, -1)).filter((folder) => !known.has(folder))
}

async function submodulesOf(git: Git, base: string): Promise<ReadonlySet<string>> {
  const tree = nulSeparated(await git.text(['ls-tree', '-r', '-z', base]))
  const links = tree.filter((line) => line.startsWith('160000 '))
  return new Set(links.map((line) => line.slice(line.indexOf('\t') + 1)))
}

interface Flattening {
  readonly env: Readonly<Record<string, string>>
  readonly root: string
  readonly folder: string
}

/** Adds the files of a nested repository to the index one by one; its history stays behind. */
export async function flatten(git: Git, { env, root, folder }: Flattening): Promise<void> {
  const entries: string[] = []
  for (const path of await filesBelow(root, folder)) {
    const found = await lstat(join(root, path))
    const mode = found.isSymbolicLink() ? '120000' : (found.mode & 0o100) === 0 ? '100644' : '100755'
    const hash = found.isSymbolicLink()
      ? await git.text(['hash-object', '-w', '--stdin'], { env, input: await readlink(join(root, path)) })
      : await git.text(['hash-object', '-w', '--path', path, '--', join(root, path)], { env })
    entries.push(`${mode} ${hash}\t${path}`)
  }
  if (entries.length === 0) return
  await git.run(['update-index', '-z', '--index-info'], { env, input: `${entries.join('\0')}\0` })
}

async function filesBelow(root: string, folder: string): Promise<readonly string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true })
  const below = entries
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(async (entry) => {
      if (entry.name === '.git') return []
      const path = `${folder}/${entry.name}`
      return entry.isDirectory() ? await filesBelow(root, path) : [path]
    })
  return (await Promise.all(below)).flat()
}
