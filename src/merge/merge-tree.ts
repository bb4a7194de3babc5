import type { Git } from '../changes/git.ts'
import { TroupeError } from '../errors.ts'
import type { CommitId, TreeId } from '../ids.ts'
import { timeless, writeCommit } from '../changes/commit.ts'
import { type ConflictedFile, conflictedFiles } from './conflicted-file.ts'
import { crashed, hasCrashed, mergeAfterCrash } from './crashed-merge.ts'
import { readMergeTreeOutput } from './merge-tree-output.ts'

/** How a merge came out. The tree of one that is not clean holds conflict markers and must not be used as a result. */
export type MergeResult =
  | { readonly clean: true; readonly tree: TreeId }
  | { readonly clean: false; readonly tree: TreeId; readonly conflicts: readonly ConflictedFile[] }

/** A merge that is not clean. */
export type UncleanMerge = Extract<MergeResult, { readonly clean: false }>

/**
 * Merges two commits by objects alone, with the base their histories have in common; no checkout, index or ref is touched.
 * Where git itself crashes they are in conflict.
 * @throws TroupeError GIT_FAILED when git could not merge at all (a missing object, unrelated histories).
 */
export async function mergeCommits(git: Git, ours: CommitId, theirs: CommitId): Promise<MergeResult> {
  const args = [...sameForEveryone, 'merge-tree', '--write-tree', '-z', ours, theirs]
  const result = await git.run(args, { accept: [0, 1, ...crashed], encoding: 'latin1' })
  if (hasCrashed(result)) return await mergeAfterCrash(git, ours, theirs)
  const { exitCode, stdout, stderr } = result
  if (stdout === '') throw new TroupeError('GIT_FAILED', `git could not merge ${ours} and ${theirs}: ${stderr.trim()}`)
  const output = readMergeTreeOutput(stdout)
  return exitCode === 0
    ? { clean: true, tree: output.tree }
    : { clean: false, tree: output.tree, conflicts: conflictedFiles(output, [ours, theirs]) }
}

/**
 * Brings the change from `base` to `theirs` onto a tree. A commit made for the purpose, with the tree and the base as its
 * parent, says which base is meant: git before 2.40 cannot be told otherwise.
 * @param theirs A commit whose parent is `base`.
 */
export async function mergeOnto(
  git: Git,
  tree: TreeId,
  { base, theirs }: { readonly base: CommitId; readonly theirs: CommitId },
): Promise<MergeResult> {
  const draft = { tree, parents: [base], message: 'merge base\n', seconds: timeless }
  return mergeCommits(git, await writeCommit(git, draft), theirs)
}

// a user's own settings must not change what a run proposes
const sameForEveryone = [
  '-c',
  'merge.renames=true',
  '-c',
  'merge.directoryRenames=conflict',
  '-c',
  'merge.renameLimit=7000',
  '-c',
  'merge.renormalize=false',
]
