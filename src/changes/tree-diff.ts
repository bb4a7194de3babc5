import type { Objects } from './objects.ts'
import { pathOf } from './path-bytes.ts'
import { folderMode, readTree, type TreeEntry } from './tree-object.ts'

/** Paths that differ between two trees, with `mode oid` of what stands there; null for nothing. */
export interface TreeDiff {
  readonly before: Map<string, string | null>
  readonly results: Map<string, string | null>
}

/** Compares two trees, reading only the folders that differ. Renames are a removal and an addition. */
export async function diffTrees(objects: Objects, from: string, to: string): Promise<TreeDiff> {
  const diff: TreeDiff = { before: new Map(), results: new Map() }
  await walk({ objects, diff }, '', [from, to])
  return diff
}

interface Walk {
  readonly objects: Objects
  readonly diff: TreeDiff
}

/** Ids of two folders at one place; null where there is none. */
type Folders = readonly [string | null, string | null]

async function walk(parts: Walk, prefix: string, folders: Folders): Promise<void> {
  const [before, after] = await Promise.all(folders.map((oid) => entriesOf(parts.objects, oid)))
  const names = new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])
  await Promise.all(
    [...names].map(async (name) => {
      const [was, is] = [before?.get(name), after?.get(name)]
      if (was?.oid === is?.oid && was?.mode === is?.mode) return
      const path = prefix + pathOf(name)
      note(parts.diff, path, [was, is])
      const inside: Folders = [folderId(was), folderId(is)]
      if (inside[0] !== null || inside[1] !== null) await walk(parts, `${path}/`, inside)
    }),
  )
}

async function entriesOf(objects: Objects, oid: string | null): Promise<ReadonlyMap<string, TreeEntry>> {
  return oid === null ? new Map() : readTree((await objects.read(oid)).content, oid)
}

const folderId = (entry: TreeEntry | undefined): string | null => (entry?.mode === folderMode ? entry.oid : null)

function note({ before, results }: TreeDiff, path: string, [was, is]: readonly (TreeEntry | undefined)[]): void {
  const [old, now] = [textOf(was), textOf(is)]
  if (old === null && now === null) return
  before.set(path, old)
  results.set(path, now)
}

/** Folders are nothing by themselves. */
const textOf = (entry: TreeEntry | undefined): string | null =>
  entry === undefined || entry.mode === folderMode ? null : `${entry.mode} ${entry.oid}`
