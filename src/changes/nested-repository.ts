import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { TroupeError } from '../errors.ts'
import { bytePaths, nulTerminated } from './path-bytes.ts'
import type { PrivateIndex } from './workspace-git.ts'

/**
 * Takes repositories inside a workspace into the index as plain files, without their history. `git add` would make each a link
 * to a commit that only the workspace has, and its files would be lost. Ignored files stay out, whoever ignores them.
 * Paths are relative to the root and, as all here, in latin1: any bytes come back as they were.
 */
export async function flatten({ git, root, env }: PrivateIndex, folders: readonly string[]): Promise<void> {
  await git.run(['update-index', '--force-remove', '-z', '--stdin'], { env, input: nulTerminated(folders) })
  const files = (await Promise.all(folders.map((folder) => filesBelow(root, folder)))).flat()
  const ignored = new Set(await ignoredAmong({ git, env }, files))
  const kept = files.filter((file) => !ignored.has(file))
  const take = ['update-index', '--add', '--replace', '-z', '--stdin']
  const { stderr } = await git.run(take, { env, input: nulTerminated(kept) })
  const [refused] = /^Ignoring path .*$/m.exec(stderr) ?? []
  if (refused !== undefined) throw new TroupeError('GIT_FAILED', `git does not take in every file: ${refused}`)
}

/** Regular files and symbolic links, but for what belongs to the repositories themselves. */
export async function filesBelow(root: string, folder: string): Promise<readonly string[]> {
  const place = Buffer.concat([Buffer.from(join(root, '/')), Buffer.from(folder, 'latin1')])
  const entries = await readdir(place, { withFileTypes: true, encoding: 'buffer' })
  const below = entries.map(async (entry) => {
    const name = entry.name.toString('latin1')
    const path = `${folder}/${name}`
    if (name === '.git') return []
    if (entry.isDirectory()) return await filesBelow(root, path)
    return entry.isFile() || entry.isSymbolicLink() ? [path] : []
  })
  return (await Promise.all(below)).flat()
}

/** Those of these files that are ignored, by whatever rule. */
export async function ignoredAmong(
  { git, env }: Pick<PrivateIndex, 'git' | 'env'>,
  files: readonly string[],
): Promise<readonly string[]> {
  if (files.length === 0) return []
  const options = { env, input: nulTerminated(files), accept: [0, 1] }
  return bytePaths(await git.bytes(['check-ignore', '--no-index', '-z', '--stdin'], options))
}
