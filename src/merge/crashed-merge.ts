import type { Git, GitResult } from '../changes/git.ts'
import { asCommitId, asTreeId, type CommitId, type TreeId } from '../ids.ts'
import type { ConflictedFile } from './conflicted-file.ts'
import { type Footprint, footprintsOf } from './footprint.ts'

/** Exit codes of a git that a signal ended, told by Node or by a shell around git. */
export const crashed = [-1, 128 + 6, 128 + 11] as const

/** Whether git gave up by itself, as some renames of folders make it do; that somebody killed it says nothing about the merge. */
export const hasCrashed = ({ exitCode, stderr }: GitResult): boolean =>
  exitCode > 128 || (exitCode === -1 && /SIG(?:ABRT|IOT|SEGV|BUS|FPE|ILL|TRAP)$/.test(stderr))

/** The merge of two commits on which git crashes: nobody knows what it would come to, so they are in conflict. */
export async function mergeAfterCrash(
  git: Git,
  ours: CommitId,
  theirs: CommitId,
): Promise<{ readonly clean: false; readonly tree: TreeId; readonly conflicts: readonly ConflictedFile[] }> {
  const base = asCommitId(await git.text(['merge-base', ours, theirs]))
  const [one, other] = await footprintsOf(git, [
    { base, commit: ours },
    { base, commit: theirs },
  ])
  const tree = asTreeId(await git.text(['rev-parse', `${ours}^{tree}`]))
  if (one === undefined || other === undefined) throw new RangeError('no two sides')
  const suspects = [...new Set([...suspectsIn(one, other), ...suspectsIn(other, one)])].toSorted()
  const paths = suspects.length > 0 ? suspects : [...one.results.keys(), ...other.results.keys()].toSorted()
  return { clean: false, tree, conflicts: paths.map(inQuestion) }
}

/** What both touched, and what came or went: only renames are hard for git. */
const suspectsIn = (
  { results, before }: Pick<Footprint, 'results' | 'before'>,
  other: Pick<Footprint, 'results'>,
): readonly string[] =>
  [...results].flatMap(([path, result]) =>
    other.results.has(path) || result === null || (before.get(path) ?? null) === null ? path : [],
  )

/** Without any version, so that no resolver makes something of it. */
const inQuestion = (path: string): ConflictedFile => ({
  path,
  kind: 'rename',
  base: null,
  ours: null,
  theirs: null,
  types: [],
  paths: [path],
})
