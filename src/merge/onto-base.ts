import type { Objects } from '../changes/objects.ts'
import { TroupeError } from '../errors.ts'
import { asCommitId, asTreeId, type CommitId, type TreeId } from '../ids.ts'

/** A commit whose only parent is the base of a fold, or the base itself. */
export interface Based {
  readonly commit: CommitId
  readonly tree: TreeId
}

/**
 * A commit as work on a base: itself when its only parent is the base, otherwise one with its tree that has, so that git merges what
 * lies between the two and nothing else.
 * @throws TroupeError GIT_FAILED when it is missing; USAGE when it is no commit
 */
export async function ontoBase(objects: Objects, base: CommitId, commit: CommitId): Promise<Based> {
  const { tree, parents } = await readCommit(objects, commit)
  const isOnBase = commit === base || (parents.length === 1 && parents[0] === base)
  return { tree, commit: isOnBase ? commit : await commitOnto(objects, base, tree) }
}

/** A commit on the base that is never shown: it tells git what the tree was made from. */
export async function commitOnto(objects: Objects, base: CommitId | null, tree: TreeId): Promise<CommitId> {
  const who = 'Troupe <troupe@localhost> 946684800 +0000'
  const parent = base === null ? '' : `parent ${base}\n`
  const text = `tree ${tree}\n${parent}author ${who}\ncommitter ${who}\n\nfold\n`
  return asCommitId(await objects.write('commit', Buffer.from(text)))
}

/**
 * Two commits on a base that has no parents, with the trees of these: git looks for what two have in common in their histories, of which a
 * shallow clone lacks what a merge does not need.
 */
export async function withoutHistory(
  objects: Objects,
  base: CommitId,
  commits: readonly [CommitId, CommitId],
): Promise<readonly [CommitId, CommitId]> {
  const [start, ours, theirs] = await Promise.all([base, ...commits].map((commit) => readCommit(objects, commit)))
  if (start === undefined || ours === undefined || theirs === undefined) throw new RangeError('no two commits')
  const root = await commitOnto(objects, null, start.tree)
  return [await commitOnto(objects, root, ours.tree), await commitOnto(objects, root, theirs.tree)]
}

async function readCommit(
  objects: Objects,
  commit: CommitId,
): Promise<{ readonly tree: TreeId; readonly parents: readonly string[] }> {
  const { type, content } = await objects.read(commit)
  if (type !== 'commit') throw new TroupeError('USAGE', `${commit} is no commit but a ${type}`)
  const text = content.toString('latin1')
  const [first = '', ...others] = text.slice(0, text.indexOf('\n\n')).split('\n')
  const end = others.findIndex((line) => !line.startsWith('parent '))
  return {
    tree: asTreeId(first.slice('tree '.length)),
    parents: others.slice(0, end).map((line) => line.slice('parent '.length)),
  }
}
