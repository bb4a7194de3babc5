import type { ChangeSet } from '../changes/change-set.ts'
import type { Git } from '../changes/git.ts'
import { pathOf } from '../changes/path-bytes.ts'
import type { TreeEntry } from '../changes/tree-object.ts'
import { must, TroupeError } from '../errors.ts'
import type { CommitId } from '../ids.ts'

/** Two commits that differ in one side's work. */
type Change = Pick<ChangeSet, 'base' | 'commit'>

/** What a change set did to each path. */
export interface Footprint<Subject extends Change = ChangeSet> extends Did {
  readonly changeSet: Subject
}

/** What a change did to each path, and so which others it can meet. */
export interface Did {
  readonly results: Results
  /** What stood at those paths before; null for nothing. */
  readonly before: Results
  /** Folders that lost a file, with all above them but the root: they may have been renamed. */
  readonly thinned: ReadonlySet<string>
  /** Folders that something new is in, with all above them but the root. */
  readonly grown: ReadonlySet<string>
  /** Every folder that something of it is in, but the root. */
  readonly folders: ReadonlySet<string>
}

/** Path to `mode oid` of what stands there; null for nothing. */
export type Results = ReadonlyMap<string, string | null>

/** What a change left at each path, as edits of a tree. */
export const editsOf = (results: Results): Map<string, TreeEntry | null> =>
  new Map([...results].map(([path, result]) => [path, result === null ? null : entryOf(result)]))

/** What stands at a path, as an entry of a tree. */
export function entryOf(result: string): TreeEntry {
  const [mode = '', oid = ''] = result.split(' ')
  return { mode, oid }
}

/** The footprints of change sets, in their order, with one call of git for all of them. */
export async function footprintsOf<Subject extends Change>(
  git: Git,
  changeSets: readonly Subject[],
): Promise<readonly Footprint<Subject>[]> {
  const diffs = await diffTrees(git, new Set(changeSets.map(({ base, commit }) => `${commit} ${base}`)))
  return changeSets.map((changeSet) => footprint(changeSet, diffs.get(changeSet.commit) ?? noDiff))
}

/** What stands at each path that differs between two commits. */
export async function resultsBetween(git: Git, base: CommitId, commit: CommitId): Promise<Results> {
  return ((await diffTrees(git, new Set([`${commit} ${base}`]))).get(commit) ?? noDiff).results
}

/** Two trees' differing paths, on both sides. */
type Diff = Pick<Did, 'results' | 'before'>

const noDiff: Diff = { results: new Map(), before: new Map() }

/** Whether two change sets touch a common path, or one put something below a folder the other may have renamed. */
export function mayMeet(a: Did, b: Did): boolean {
  return hasSome(a.results.keys(), b.results) || isEitherWay(stoodOn, a, b) || isEitherWay(putsBelowMoved, a, b)
}

/** Whether one put something where a folder of the other stands. */
export const standsInTheWay = (a: Did, b: Did): boolean => isEitherWay(stoodOn, a, b)

/**
 * Whether it matters to one which renames git would see in the other: where it touches either end of one, or has put something below a
 * folder that may have moved. Git finds no others (`collect_rename_info` in merge-ort.c).
 */
export const renamesMatter = (a: Did, b: Did): boolean => isEitherWay(seesRenames, a, b)

type Relation = (one: Did, other: Did) => boolean

const isEitherWay = (holds: Relation, a: Did, b: Did): boolean => holds(a, b) || holds(b, a)

const stoodOn: Relation = (one, other) => hasSome(one.folders, other.results)

const putsBelowMoved: Relation = (one, other) => hasSome(one.grown, other.thinned)

const seesRenames: Relation = (one, other) =>
  mayRename(other) && (hasSome(endsOf(other), one.results) || putsBelowMoved(one, other))

/** A rename is a path that goes and one that comes. */
export const mayRename = ({ results, before }: Did): boolean =>
  [...results.values()].includes(null) && [...before.values()].includes(null)

/** What may be either end of a rename. */
const endsOf = ({ results, before }: Did): readonly string[] =>
  [...results.keys()].filter((path) => results.get(path) === null || before.get(path) === null)

/** Each line of `pairs` is a commit and the one it is compared with; a pair that does not differ has no entry. */
async function diffTrees(git: Git, pairs: ReadonlySet<string>): Promise<ReadonlyMap<string, Diff>> {
  if (pairs.size === 0) return new Map()
  const input = [...pairs].map((pair) => `${pair}\n`).join('')
  const args = ['diff-tree', '--stdin', '-r', '-z', '--raw', '--no-renames', '--no-abbrev', '--ignore-submodules=none']
  return readRawDiffs(Buffer.from(await git.bytes(args, { input })).toString('latin1'))
}

/** Each commit's id, then for each path one field `:mode mode oid oid status` and one with the path. */
function readRawDiffs(raw: string): ReadonlyMap<string, Diff> {
  const diffs = new Map<string, { results: Map<string, string | null>; before: Map<string, string | null> }>()
  let current = ''
  const fields = raw.split('\0').slice(0, -1)
  for (let at = 0; at < fields.length; at++) {
    const field = fields[at] ?? ''
    if (!field.startsWith(':')) {
      current = field
      diffs.set(current, { results: new Map(), before: new Map() })
      continue
    }
    at += 1
    const [oldMode = '', mode = '', oldOid = '', oid = ''] = field.slice(1).split(' ')
    const bytes = fields[at]
    if (bytes === undefined) throw new TroupeError('GIT_FAILED', `git diff-tree ended in the middle: ${field}`)
    const path = pathOf(bytes)
    const diff = must(diffs, current)
    diff.before.set(path, oldMode === '000000' ? null : `${oldMode} ${oldOid}`)
    diff.results.set(path, mode === '000000' ? null : `${mode} ${oid}`)
  }
  return diffs
}

/** The footprint of a change whose differing paths are known. */
export const footprint = <Subject extends Change>(changeSet: Subject, diff: Diff): Footprint<Subject> => ({
  changeSet,
  ...did(diff),
})

/** What a change did, from the paths that differ. */
export function did({ results, before }: Diff): Did {
  const [thinned, grown, folders] = [new Set<string>(), new Set<string>(), new Set<string>()]
  for (const [path, result] of results) {
    const isNew = before.get(path) === null
    for (const folder of foldersAbove(path)) {
      folders.add(folder)
      if (result === null) thinned.add(folder)
      if (isNew) grown.add(folder)
    }
  }
  return { results, before, thinned, grown, folders }
}

/** Every folder a path is in but the root, which is never renamed. */
export function foldersAbove(path: string): readonly string[] {
  const parts = path.split('/')
  return parts.slice(1).map((_, count) => parts.slice(0, count + 1).join('/'))
}

/** Whether it put something where a folder of the path stands, or may have renamed one of them. */
export function reachesFolderOf(path: string, { results, thinned }: Pick<Footprint, 'results' | 'thinned'>): boolean {
  return foldersAbove(path).some((folder) => results.has(folder) || thinned.has(folder))
}

function hasSome(names: Iterable<string>, among: { readonly size: number; has(name: string): boolean }): boolean {
  if (among.size === 0) return false
  for (const name of names) if (among.has(name)) return true
  return false
}
