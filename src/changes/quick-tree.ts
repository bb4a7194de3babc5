import { existsSync, readFileSync } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import type { TreeId } from '../ids.ts'
import type { Git } from './git.ts'
import type { Objects } from './objects.ts'
import { editTree } from './tree-edit.ts'
import { folderMode, readTree, type TreeEntry } from './tree-object.ts'
import { workspaceGit } from './workspace-git.ts'
import type { Worktree } from './worktree.ts'

/** Makes trees of worktrees without an index, where little is known to have changed. */
export interface QuickTrees {
  /** `tree` with these paths as they are in the worktree now; null where only git's index can tell. */
  after(worktree: Worktree, tree: TreeId, paths: readonly string[]): Promise<TreeId | null>
}

/** Only regular files that git would take as they are, or through filters that need nothing but their path. */
export function openQuickTrees(git: Git, objects: Objects): QuickTrees {
  let plain: Promise<boolean> | null = null
  return {
    async after(worktree, tree, paths) {
      plain ??= isPlain(git)
      if (!(await plain) || convertsLineEnds(worktree.directory)) return null
      const found = await Promise.all(
        paths.map(async (path) => [path, await kindAt(join(worktree.directory, path))] as const),
      )
      const kinds = new Map(found)
      if ([...kinds.values()].includes('other')) return null
      const files = paths.filter((path) => kinds.get(path) !== null)
      const own = workspaceGit(git, worktree)
      const taken = await countingAmong(own, files, { objects, tree })
      const edits = new Map<string, TreeEntry | null>()
      for (const path of paths) if (kinds.get(path) === null) edits.set(path, null)
      const ids = await blobsOf(own, taken)
      for (const [at, path] of taken.entries()) {
        edits.set(path, { mode: String(kinds.get(path)), oid: ids[at] ?? '' })
      }
      return await editTree(objects, tree, edits)
    },
  }
}

/** What git would make of a path: a mode; null for nothing there, `other` for what is not decided here. */
type Kind = '100644' | '100755' | 'other' | null

async function kindAt(place: string): Promise<Kind> {
  try {
    const found = await lstat(place)
    if (!found.isFile()) return 'other'
    return (found.mode & 0o100) === 0 ? '100644' : '100755'
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '') ? null : 'other'
  }
}

/** Settings under which git would need its index to know how to take a file. */
async function isPlain(git: Git): Promise<boolean> {
  const names = String.raw`^core\.(autocrlf|filemode|ignorecase|precomposeunicode|attributesfile)$`
  const { stdout } = await git.run(['config', '--null', '--get-regexp', names], { accept: [0, 1] })
  const usual = new Set(['core.autocrlf\nfalse', 'core.filemode\ntrue', 'core.ignorecase\nfalse'])
  return stdout.split('\0').every((one) => one === '' || usual.has(one.toLowerCase()))
}

/** Whether the line ends of a file in the repository may depend on those that it has there already. */
function convertsLineEnds(directory: string): boolean {
  const attributes = join(directory, '.gitattributes')
  return existsSync(attributes) && /auto|eol/.test(readFileSync(attributes, 'latin1'))
}

/** Those of the files that are known already, or not ignored. */
async function countingAmong(
  git: Git,
  files: readonly string[],
  known: { readonly objects: Objects; readonly tree: TreeId },
): Promise<readonly string[]> {
  const isKnown = await Promise.all(files.map((path) => isIn(known.objects, known.tree, path)))
  const fresh = files.filter((_, at) => !isKnown[at])
  if (fresh.length === 0) return files
  const asked = { input: fresh.map((path) => `${path}\0`).join(''), accept: [0, 1] }
  const ignored = (await git.run(['check-ignore', '--no-index', '-z', '--stdin'], asked)).stdout.split('\0')
  return files.filter((path) => !ignored.includes(path))
}

async function isIn(objects: Objects, tree: string, path: string): Promise<boolean> {
  const [name = '', ...below] = path.split('/')
  const entry = readTree((await objects.read(tree)).content, tree).get(Buffer.from(name).toString('latin1'))
  if (below.length === 0) return entry !== undefined && entry.mode !== folderMode
  return entry?.mode === folderMode && (await isIn(objects, entry.oid, below.join('/')))
}

/** Ids of the blobs that git makes of these files, stored. */
async function blobsOf(git: Git, files: readonly string[]): Promise<readonly string[]> {
  if (files.length === 0) return []
  const input = files.map((path) => `${path}\n`).join('')
  return (await git.text(['hash-object', '-w', '--stdin-paths'], { input })).split('\n')
}
