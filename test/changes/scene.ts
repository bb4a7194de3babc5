import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { openRepository, type Repository } from '../../src/changes/repository.ts'
import { seal, type SealOrder, type Sealed } from '../../src/changes/seal.ts'
import { openWorktrees, type Worktree, type Worktrees } from '../../src/changes/worktree.ts'
import { asAgentName, asTaskId, type CommitId } from '../../src/ids.ts'
import { emptyFolder, git } from '../acceptance/troupe.ts'
import { initRepository } from '../init-repository.ts'

/** What stands at a path: text or bytes, a link, or a program. */
export type Content = string | Buffer | { readonly link: string } | { readonly run: string }
export type Files = Readonly<Record<string, Content>>

interface Teardown {
  teardown(work: () => void): void
}

/** A real repository, opened, with a folder for worktrees as a run has it. */
export interface Scene {
  readonly root: string
  readonly repository: Repository
  readonly base: CommitId
  readonly worktrees: Worktrees
  seal(worktree: Worktree, more?: Partial<SealOrder>): Promise<Sealed>
}

/** A repository with these files in one commit. */
export async function sceneOf(
  t: Teardown,
  files: Files,
  settings: Readonly<Record<string, string>> = {},
): Promise<Scene> {
  const root = emptyFolder(t)
  initRepository(root)
  for (const [name, value] of Object.entries(settings)) git(root, 'config', name, value)
  put(root, files)
  git(root, 'add', '--all')
  git(root, 'commit', '--quiet', '--allow-empty', '--message', 'base')
  return await sceneAt(root)
}

/** The repository around a folder. */
export async function sceneAt(folder: string): Promise<Scene> {
  const repository = await openRepository(folder)
  const { root } = repository
  const base = await repository.resolveBase('HEAD')
  const worktrees = openWorktrees({ repository, folder: join(root, '.agents/runs/run-1/work'), parallel: 4 })
  writeFileSync(join(repository.commonDirectory, 'info/exclude'), '/.agents/\n')
  return {
    root,
    repository,
    base,
    worktrees,
    seal: (worktree, more = {}) => seal(repository.git, { ...orderFor(worktree), ...more }),
  }
}

function orderFor(worktree: Worktree): SealOrder {
  const ref = `refs/troupe/run-1/${worktree.name}/1`
  const names = { task: asTaskId(worktree.name), agent: asAgentName('scripted'), run: 'run-1' }
  return { worktree, ...names, attempt: 1, message: `${worktree.name}: edit`, ref, at: 1_767_225_600 }
}

/** Writes files below a folder. */
export function put(folder: string, files: Files): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    if (typeof content === 'string' || Buffer.isBuffer(content)) writeFileSync(path, content)
    else if ('link' in content) symlinkSync(content.link, path)
    else {
      writeFileSync(path, content.run)
      chmodSync(path, 0o755)
    }
  }
}

/** Every path of a commit with what stands there, as git tells it. */
export function contentOf(root: string, commit: string): Readonly<Record<string, string>> {
  const lines = git(root, 'ls-tree', '-r', '-z', commit).split('\0').slice(0, -1)
  const entries = lines.map((line) => /^(\d+) (\w+) (\w+)\t(.*)$/s.exec(line) ?? [])
  const blobs = blobsOf(
    root,
    entries.flatMap(([, , kind, id = '']) => (kind === 'blob' ? [id] : [])),
  )
  return Object.fromEntries(
    entries.map(([, mode = '', , id = '', path = '']) => [path, `${mode} ${blobs.get(id) ?? id}`]),
  )
}

/** What these blobs hold, by one process of git. */
function blobsOf(root: string, ids: readonly string[]): ReadonlyMap<string, string> {
  const told = execFileSync('git', ['cat-file', '--batch'], { cwd: root, input: ids.map((id) => `${id}\n`).join('') })
  let at = 0
  return new Map(
    ids.map((id) => {
      const from = told.indexOf('\n', at) + 1
      const size = Number(told.toString('latin1', at, from).split(' ')[2])
      at = from + size + 1
      return [id, told.toString('utf8', from, from + size)]
    }),
  )
}

/** The content of a change set; throws where nothing changed. */
export function sealedContent(root: string, sealed: Sealed): Readonly<Record<string, string>> {
  if (!sealed.changed) throw new Error('nothing was sealed')
  return contentOf(root, sealed.changeSet.commit)
}

/** Every file of a checkout and of its `.git`, byte for byte, but for objects, refs of Troupe and the folder of runs. */
export function everything(root: string): Readonly<Record<string, string>> {
  const entries = readdirSync(root, { withFileTypes: true, recursive: true })
  const paths = entries.map((entry) => relative(root, join(entry.parentPath, entry.name)))
  const kept = paths.filter((path) => !/^(?:\.git\/(?:objects|refs\/troupe)|\.agents)(?:\/|$)/.test(path)).toSorted()
  return Object.fromEntries(kept.map((path) => [path, digest(join(root, path))]))
}

function digest(path: string): string {
  const found = lstatSync(path)
  if (found.isDirectory()) return 'folder'
  const content = found.isSymbolicLink() ? readlinkSync(path) : readFileSync(path)
  return `${found.mode.toString(8)} ${createHash('sha256').update(content).digest('hex')}`
}
