import { asTreeId, type TreeId } from '../ids.ts'
import type { Objects } from './objects.ts'
import { bytesOfPath } from './path-bytes.ts'
import { folderMode, printTree, readTree, type TreeEntry } from './tree-object.ts'

/** Entries to put at paths, with slashes; null takes away what is there. */
export type TreeEdits = ReadonlyMap<string, TreeEntry | null>

/** A tree with other entries at some paths, made of new trees along those paths only. Folders that become empty go. */
export async function editTree(objects: Objects, tree: TreeId, edits: TreeEdits): Promise<TreeId> {
  if (edits.size === 0) return tree
  const all = [...edits].map(([path, entry]) => ({ path: bytesOfPath(path).toString('latin1'), entry }))
  const root = await editFolder(objects, tree, all)
  return asTreeId(root ?? (await objects.write('tree', Buffer.alloc(0))))
}

interface Edit {
  /** From the folder on, one letter for each byte. */
  readonly path: string
  readonly entry: TreeEntry | null
}

/** The folder's new id; null when nothing is left in it. `oid` is null for a folder that is not there yet. */
async function editFolder(objects: Objects, oid: string | null, edits: readonly Edit[]): Promise<string | null> {
  const entries = oid === null ? new Map<string, TreeEntry>() : readTree((await objects.read(oid)).content, oid)
  for (const { path, entry } of edits.filter((edit) => !edit.path.includes('/'))) put(entries, path, entry)
  const deeper = edits.filter(({ path }) => path.includes('/'))
  const folders = Map.groupBy(deeper, ({ path }) => path.slice(0, path.indexOf('/')))
  for (const [name, below] of folders) {
    const known = entries.get(name)
    const inside = below.map(({ path, entry }) => ({ path: path.slice(name.length + 1), entry }))
    const isFolder = known?.mode === folderMode
    // what was taken from below a file is gone already
    if (known !== undefined && !isFolder && inside.every(({ entry }) => entry === null)) continue
    const folder = await editFolder(objects, isFolder ? known.oid : null, inside)
    put(entries, name, folder === null ? null : { mode: folderMode, oid: folder })
  }
  return entries.size === 0 ? null : await objects.write('tree', printTree(entries))
}

function put(entries: Map<string, TreeEntry>, name: string, entry: TreeEntry | null): void {
  if (entry === null) entries.delete(name)
  else entries.set(name, { mode: entry.mode.replace(/^0/, ''), oid: entry.oid })
}
