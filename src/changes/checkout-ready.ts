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
  return path === undefined ? null : `${shownPath(pathOf(path))} is in conflict`
}

/** What git leaves for as long as it waits for somebody. */
const tracks = [
  ['MERGE_HEAD', 'a merge'],
  ['CHERRY_PICK_HEAD', 'a cherry-pick'],
  ['REVERT_HEAD', 'a revert'],
  ['rebase-apply', 'a rebase or git am'],
  ['rebase-merge', 'a rebase'],
] as const

/** The setting that has a branch merge signed commits only; null for none. */
export async function wantsSignatures(git: Git, branch: string): Promise<string | null> {
  const ask = async (key: string, ...more: readonly string[]): Promise<string> =>
    (await git.run(['config', ...more, '--get', key], { accept: [0, 1] })).stdout
  if ((await ask('merge.verifySignatures', '--bool')) === 'true\n') return 'merge.verifySignatures'
  const options = `branch.${branch}.mergeOptions`
  return /(?:^|\s)--verify-signatures(?:\s|$)/.test(await ask(options)) ? options : null
}

/** A path that can stand in a line of text: with quotes and escapes only where it needs them. */
export const shownPath = (path: string): string => (/[\p{C}"\\]|^\s|\s$/u.test(path) ? JSON.stringify(path) : path)
