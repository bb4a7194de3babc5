import { rmSync } from 'node:fs'
import { type Git, openGit } from '../../changes/git.ts'
import { catalogue, type ErrorCode, messageOf, TroupeError } from '../../errors.ts'
import { asCommitId, type CommitId } from '../../ids.ts'
import { mergeCommits } from '../../merge/merge-tree.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { type Check, fine, wrong } from './check.ts'

/** Git, tried for real: in a temporary repository two changes must merge and two must be found to be in conflict. */
export async function checkGit(): Promise<Check> {
  let directory: string | null = null
  try {
    directory = temporaryFolder('troupe-doctor-')
    const git = openGit(directory)
    const version = (await git.text(['--version'])).replace('git version ', '')
    await tryMerges(git)
    return fine('git', `${version}, merges without a checkout`)
  } catch (error) {
    const code = error instanceof TroupeError && toldAsTheyAre.has(error.code) ? error.code : 'GIT_TOO_OLD'
    return wrong('git', messageOf(error).split('\n')[0] ?? '', catalogue[code].fix)
  } finally {
    if (directory !== null) rmSync(directory, { recursive: true, force: true })
  }
}

/** Anything else that goes wrong here an older git does wrong. */
const toldAsTheyAre: ReadonlySet<ErrorCode> = new Set(['GIT_MISSING', 'NO_SPACE', 'NO_TEMPORARY_FOLDER'])

async function tryMerges(git: Git): Promise<void> {
  await git.run(['init', '--quiet'])
  const base = await commit(git, 'a\n\n\n\nz\n', [])
  const [top, bottom, other] = await Promise.all(
    ['A\n\n\n\nz\n', 'a\n\n\n\nZ\n', 'B\n\n\n\nz\n'].map((text) => commit(git, text, ['-p', base])),
  )
  if (top === undefined || bottom === undefined || other === undefined) return
  const together = await mergeCommits(git, top, bottom)
  const apart = await mergeCommits(git, top, other)
  if (!together.clean || apart.clean)
    throw new TroupeError('GIT_TOO_OLD', 'merge-tree --write-tree gives wrong answers')
}

async function commit(git: Git, text: string, parents: readonly string[]): Promise<CommitId> {
  const blob = await git.text(['hash-object', '-w', '--stdin'], { input: text })
  const tree = await git.text(['mktree'], { input: `100644 blob ${blob}\tfile\n` })
  return asCommitId(await git.text(['commit-tree', tree, ...parents, '-m', 'doctor']))
}
