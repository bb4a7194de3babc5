import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { asTreeId, type CommitId, type TreeId } from '../ids.ts'
import { mayHaveAttributes } from './attribute-files.ts'
import { hideNothing, type Redactor } from '../redaction.ts'
import type { Git } from './git.ts'
import { mayLeaveOut } from './left-out.ts'
import type { Objects } from './objects.ts'
import { editTree } from './tree-edit.ts'
import { folderMode, linkMode, readTree, type TreeEntry } from './tree-object.ts'
import { workspaceGit } from './workspace-git.ts'
import type { Worktree } from './worktree.ts'
import { refuseSecretIn } from './written-secrets.ts'

/** Makes trees of worktrees without an index, where little is known to have changed. */
export interface QuickTrees {
  /** `tree` with these paths as they are in the worktree now; null where only git's index can tell. Throws TroupeError SECRET_WRITTEN. */
  after(worktree: Worktree, tree: TreeId, paths: readonly string[]): Promise<TreeId | null>
  /** What a worktree holds after its checkout. */
  of(commit: CommitId): Promise<TreeId>
}

/** Only regular files of moderate size that git would take as they are: without attributes, and without settings that change them. */
export function openQuickTrees(git: Git, objects: Objects, hide: Redactor = hideNothing): QuickTrees {
  let plain: Promise<boolean> | null = null
  return {
    async after(worktree, tree, paths) {
      plain ??= isPlain(git)
      if (!(await plain) || paths.some((path) => mayHaveAttributes(worktree, path))) return null
      const found = await Promise.all(
        paths.map(async (path) => [path, await kindAt(join(worktree.directory, path))] as const),
      )
      const kinds = new Map(found)
      if ([...kinds.values()].includes('other')) return null
      const standing = new Map(
        await Promise.all(paths.map(async (path) => [path, await entryAt(objects, tree, path)] as const)),
      )
      if ([...standing.values()].some((entry) => entry?.mode === linkMode)) return null // a submodule's is no part of the tree
      const [files, absent] = [
        paths.filter((path) => kinds.get(path) !== null),
        paths.filter((path) => kinds.get(path) === null),
      ]
      if (absent.some((path) => standing.get(path) !== undefined) && (await mayLeaveOut(worktree))) return null
      const taken = await countingAmong(workspaceGit(git, worktree), files, (path) => isFile(standing.get(path)))
      const edits = new Map<string, TreeEntry | null>()
      for (const path of absent) edits.set(path, null)
      for (const path of taken) {
        const content = await readFile(join(worktree.directory, path))
        refuseSecretIn(Buffer.from(path), hide)
        refuseSecretIn(content, hide)
        const oid = await objects.write('blob', content)
        edits.set(path, { mode: String(kinds.get(path)), oid })
      }
      return await editTree(objects, tree, edits)
    },
    async of(commit) {
      return asTreeId(
        (await objects.read(commit)).content.toString('latin1').slice('tree '.length).split('\n', 1)[0] ?? '',
      )
    },
  }
}

/** Larger files are git's to read. */
const largestBytes = 4 * 1024 * 1024

/** What git would make of a path: a mode; null for nothing there, `other` for what is not decided here. */
type Kind = '100644' | '100755' | 'other' | null

async function kindAt(place: string): Promise<Kind> {
  try {
    const found = await lstat(place)
    if (!found.isFile() || found.size > largestBytes) return 'other'
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

/** Those of the files that are known already, or not ignored. */
async function countingAmong(
  git: Git,
  files: readonly string[],
  isKnown: (path: string) => boolean,
): Promise<readonly string[]> {
  const fresh = files.filter((path) => !isKnown(path))
  if (fresh.length === 0) return files
  const asked = { input: fresh.map((path) => `${path}\0`).join(''), accept: [0, 1] }
  const ignored = (await git.run(['check-ignore', '--no-index', '-z', '--stdin'], asked)).stdout.split('\0')
  return files.filter((path) => !ignored.includes(path))
}

const isFile = (entry: TreeEntry | undefined): boolean => entry !== undefined && entry.mode !== folderMode

/** What a tree has at a path; the submodule in whose folder it would be. */
async function entryAt(objects: Objects, tree: string, path: string): Promise<TreeEntry | undefined> {
  const [name = '', ...below] = path.split('/')
  const entry = readTree((await objects.read(tree)).content, tree).get(Buffer.from(name).toString('latin1'))
  if (below.length === 0 || entry?.mode === linkMode) return entry
  return entry?.mode === folderMode ? await entryAt(objects, entry.oid, below.join('/')) : undefined
}
