import type { Objects } from '../changes/objects.ts'
import { editTree } from '../changes/tree-edit.ts'
import type { TreeEntry } from '../changes/tree-object.ts'
import type { TreeId } from '../ids.ts'
import type { ConflictedFile, Stage } from './conflicted-file.ts'
import { doubted } from './doubt.ts'
import { finishMerges } from './finish-merges.ts'
import type { UncleanMerge } from './merge-tree.ts'
import { remadeBy } from './resolve-declared.ts'
import type { ResolvedChunk } from './resolve-text.ts'
import type { SpecialPaths } from './special-paths.ts'
import type { BegunText, TextMerges } from './text-merges.ts'

/** A file that git left in conflict and resolvers made whole. */
export interface ResolvedFile {
  readonly path: string
  readonly chunks: readonly ResolvedChunk[]
}

/** A merge after the resolvers: `tree` has all that they made whole, and is a result only when nothing is left. */
export interface MergeResolution {
  readonly tree: TreeId
  readonly resolved: readonly ResolvedFile[]
  readonly left: readonly ConflictedFile[]
}

/** What merges are resolved with, all of one repository. */
export interface ResolveWorld {
  readonly objects: Objects
  readonly texts: TextMerges
  readonly special: SpecialPaths
  /** Whether each file counts, also in a merge that cannot come whole (finish-merges.ts). */
  readonly isThorough: boolean
}

/**
 * Resolves what it can of a merge that did not come clean; the other files of the merge stay as git merged them, and so do those
 * for which the user has a merge driver, or has said that they are not to be merged.
 * @param pairs how many pairs of change sets meet in it: what bears doubt (doubt.ts)
 */
export async function resolveMerge(
  { objects, texts, special, isThorough }: ResolveWorld,
  merge: UncleanMerge,
  pairs: number,
): Promise<MergeResolution> {
  const contents = merge.conflicts.flatMap(({ kind, path }) => (kind === 'content' ? path : []))
  // git is asked while the resolvers work: few files have attributes
  const [decided, asTexts] = await Promise.all([
    special.among(contents),
    resolveFiles({ texts, isThorough }, merge, pairs),
  ])
  const tried = asTexts.map((one) =>
    decided.has(one.file.path) ? { file: one.file, whole: keptForNow(texts, one.file) } : one,
  )
  const wholes = doubted(
    tried.flatMap(({ file, whole }) => (whole === null ? [] : { ...whole, file })),
    pairs,
  )
  const kept = wholes.filter((whole) => texts.mayKeep(whole))
  const edits = new Map<string, TreeEntry>(kept.map(({ path, entry }) => [path, entry]))
  return {
    tree: await editTree(objects, merge.tree, edits),
    resolved: kept.map(({ path, chunks }) => ({ path, chunks })),
    left: merge.conflicts.filter((file) => !kept.some((whole) => whole.file === file)),
  }
}

interface Tried {
  readonly file: ConflictedFile
  readonly whole: Whole | null
}

interface Whole extends ResolvedFile {
  readonly entry: TreeEntry
}

/** A file whose text is being merged: the path and the mode it is to have. */
interface Begun {
  readonly path: string
  readonly mode: string
  readonly text: BegunText
}

async function resolveFiles(
  { texts, isThorough }: Pick<ResolveWorld, 'texts' | 'isThorough'>,
  { conflicts }: UncleanMerge,
  pairs: number,
): Promise<readonly Tried[]> {
  const files: { readonly file: ConflictedFile; readonly begun: Begun | null; readonly kept: Whole | null }[] = []
  for (const file of conflicts) {
    const begun = file.kind === 'content' ? await begin(texts, file, isThorough) : null
    files.push({ file, begun, kept: file.kind === 'content' ? null : keptForNow(texts, file) })
  }
  const isLost = files.some(({ begun, kept }) => begun === null && kept === null)
  const open = files.flatMap(({ begun }) => begun?.text ?? [])
  const merges = isThorough ? open : await finishMerges(open, { upTo: texts.upTo, pairs, isLost })
  const tried: Tried[] = []
  let at = 0
  for (const { file, begun, kept } of files)
    tried.push({ file, whole: begun === null ? kept : await wholeOf(texts, begun, merges[at++]) })
  return tried
}

/** Null where its versions are not plain files of one name. One that counts in any case is finished before the next: memory. */
async function begin(texts: TextMerges, file: ConflictedFile, isThorough: boolean): Promise<Begun | null> {
  const { base, ours, theirs } = file
  if (base === null || ours === null || theirs === null) return null
  if (![base, ours, theirs].every((stage) => isPlain(stage) && stage.path === ours.path)) return null
  const { path } = ours
  const versions = { path, base: base.oid, ours: ours.oid, theirs: theirs.oid }
  const text = isThorough ? await texts.merge(versions) : await texts.begin(versions)
  return { path, text, mode: ours.mode === base.mode ? theirs.mode : ours.mode }
}

async function wholeOf(texts: TextMerges, { path, mode }: Begun, merge: BegunText | undefined): Promise<Whole | null> {
  // with no chunk to tell of, git saw something else than lines: a driver of the user's, for one
  if (merge?.how !== 'merged' || merge.chunks.length === 0) return null
  return { path, chunks: merge.chunks, entry: { mode, oid: await texts.store(merge.text) } }
}

/** A version of a file that a command makes anew later, where its text cannot be merged at all: ours, if there is one. */
function keptForNow(texts: TextMerges, { base, ours, theirs }: ConflictedFile): Whole | null {
  const stages = [base, ours, theirs].filter((stage) => stage !== null)
  const kept = ours ?? theirs
  if (kept === null || !stages.every((one) => isPlain(one) && one.path === kept.path)) return null
  const rule = texts.remakes(kept.path)
  if (rule === null) return null
  const chunk = { base: [], ours: [], theirs: [], at: { base: 0, ours: 0, theirs: 0 } }
  const chunks = [{ ...remadeBy(rule), line: 1, lines: 0, chunk }]
  return { path: kept.path, chunks, entry: { mode: kept.mode, oid: kept.oid } }
}

const isPlain = ({ mode }: Stage): boolean => mode === '100644' || mode === '100755'
