import { realpathSync } from 'node:fs'
import type { Repository } from './repository.ts'

/** A checkout of a repository, its main one or a linked worktree. */
export interface Checkout {
  /** Its root; null where only whoever is in it knows: git keeps the place of its files, not the other way round. */
  readonly folder: string | null
  /** The branch's ref; null where none is checked out. */
  readonly ref: string | null
}

/** Every checkout of a repository, also one whose folder is not there at the moment. */
export async function checkoutsOf(repository: Repository): Promise<readonly Checkout[]> {
  const listed = await repository.git.text(['worktree', 'list', '--porcelain', '-z'])
  const [main, ...linked] = listed.split('\0\0').filter((record) => record !== '')
  if (main === undefined) return []
  const { folder, ref } = checkoutIn(main)
  const isBare = main.split('\0').includes('bare')
  return [{ ref, folder: isBare ? folder : await mainFolder(repository, folder) }, ...linked.map(checkoutIn)]
}

function checkoutIn(record: string): Checkout {
  const valueOf = (key: string): string | null =>
    record
      .split('\0')
      .find((field) => field.startsWith(`${key} `))
      ?.slice(key.length + 1) ?? null
  return { folder: valueOf('worktree'), ref: valueOf('branch') }
}

/** Of the main checkout git lists where its `.git` would be, which is not the place of a submodule, or of one made with --separate-git-dir. */
async function mainFolder(repository: Repository, listed: string | null): Promise<string | null> {
  const { git, root, gitDirectory, commonDirectory } = repository
  if (gitDirectory === commonDirectory) return root
  const asked = ['--git-dir', commonDirectory, 'rev-parse', '--show-toplevel']
  const { exitCode, stdout } = await git.at(commonDirectory).run(asked, { accept: [0, 128] })
  const told = stdout.replace(/\n$/, '')
  // without a core.worktree it names the folder it was asked in
  if (exitCode === 0 && !isSame(told, commonDirectory)) return told
  return listed === null || isSame(listed, commonDirectory) ? null : listed
}

/** Whether a path, by whatever links, leads to what `real` is the true path of. */
export function isSame(path: string, real: string): boolean {
  try {
    return realpathSync(path) === real
  } catch {
    return false // it is not there
  }
}
