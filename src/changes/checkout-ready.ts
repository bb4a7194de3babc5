import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Git } from './git.ts'
import { pathOf } from './path-bytes.ts'

/** What git is in the middle of in a checkout, in words; null when it is in the middle of nothing. */
export async function underWay(git: Git): Promise<string | null> {
  const folder = await git.text(['rev-parse', '--absolute-git-dir'])
  for (const [name, what] of tracks) if (existsSync(join(folder, name))) return `${what} is under way`
  const { stdout } = await git.run(['ls-files', '--unmerged', '-z'], { encoding: 'latin1' })
  const [, path] = /^[^\t]*\t([^\0]+)\0/.exec(stdout) ?? []
  return path === undefined ? null : `${JSON.stringify(pathOf(path))} is in conflict`
}

/** What git leaves for as long as it waits for somebody. */
const tracks = [
  ['MERGE_HEAD', 'a merge'],
  ['CHERRY_PICK_HEAD', 'a cherry-pick'],
  ['REVERT_HEAD', 'a revert'],
  ['rebase-apply', 'a rebase or git am'],
  ['rebase-merge', 'a rebase'],
] as const
