import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ChangeSet } from '../../src/changes/change-set.ts'
import { type Git, openGit } from '../../src/changes/git.ts'
import { asAgentName, asCommitId, asRunId, asTaskId, asTreeId, type CommitId, type TreeId } from '../../src/ids.ts'
import type { Candidate } from '../../src/merge/candidate.ts'
import { initRepository } from '../init-repository.ts'
import { type Entry, PlainObjects } from './plain-objects.ts'

/** What a test puts at a path: text or bytes, a link, another mode, or nothing any more. */
export type Content = string | Buffer | { readonly link: string } | { readonly run: string } | null
export type Files = Readonly<Record<string, Content>>

export const run = asRunId('20260101-000000-00000000')
export const date = '2026-01-01T12:00:00Z'

/** A real repository in a folder of its own, written object by object: any file name, no checkout, and no process of git. */
export class Sealing implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'troupe-merge-'))
  readonly git: Git = openGit(this.directory)
  readonly #objects = new PlainObjects(join(this.directory, '.git/objects'))
  /** What each commit holds, by path. */
  readonly #held = new Map<CommitId, ReadonlyMap<string, Entry>>()

  /** Makes the repository; answers with its first commit. */
  async begin(files: Files): Promise<CommitId> {
    initRepository(this.directory)
    return this.commit('refs/heads/main', files, null)
  }

  /** Seals one task's change as the changes room does: one commit on its base. */
  async seal(task: string, base: CommitId, files: Files): Promise<ChangeSet> {
    const before = await this.#heldBy(base)
    const after = this.#with(before, files)
    const { commit, tree } = this.#commit(`refs/troupe/${run}/${task}/1`, after, base)
    const paths = [...new Set([...before.keys(), ...after.keys()])].filter((path) => {
      const [was, is] = [before.get(path), after.get(path)]
      return was?.oid !== is?.oid || was?.mode !== is?.mode
    })
    const names = { task: asTaskId(task), agent: asAgentName('scripted'), attempt: 1 }
    return { ...names, base, commit, tree, files: paths.toSorted() }
  }

  async commit(ref: string, files: Files, parent: CommitId | null): Promise<CommitId> {
    const before = parent === null ? new Map<string, Entry>() : await this.#heldBy(parent)
    return this.#commit(ref, this.#with(before, files), parent).commit
  }

  /** What was not made here is asked of git. */
  async #heldBy(commit: CommitId): Promise<ReadonlyMap<string, Entry>> {
    const known = this.#held.get(commit)
    if (known !== undefined) return known
    const told = await this.listing(commit)
    return new Map(told.map((line) => parseEntry(line)))
  }

  #with(before: ReadonlyMap<string, Entry>, files: Files): ReadonlyMap<string, Entry> {
    const after = new Map(before)
    for (const [path, content] of Object.entries(files)) {
      for (const other of after.keys())
        if (other.startsWith(`${path}/`) || path.startsWith(`${other}/`)) after.delete(other)
      if (content === null) after.delete(path)
      else after.set(path, this.#entryOf(content))
    }
    return after
  }

  #entryOf(content: Exclude<Content, null>): Entry {
    if (typeof content === 'string' || Buffer.isBuffer(content))
      return { mode: '100644', oid: this.#objects.write('blob', content) }
    return 'link' in content
      ? { mode: '120000', oid: this.#objects.write('blob', content.link) }
      : { mode: '100755', oid: this.#objects.write('blob', content.run) }
  }

  #commit(
    ref: string,
    files: ReadonlyMap<string, Entry>,
    parent: CommitId | null,
  ): { readonly commit: CommitId; readonly tree: TreeId } {
    const tree = asTreeId(this.#objects.writeTree(files))
    const who = 'T <t@example.org> 1767225600 +0000'
    const parents = parent === null ? '' : `parent ${parent}\n`
    const text = `tree ${tree}\n${parents}author ${who}\ncommitter ${who}\n\n${ref}`
    const commit = asCommitId(this.#objects.write('commit', text))
    this.#held.set(commit, files)
    const path = join(this.directory, '.git', ref)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, `${commit}\n`)
    return { commit, tree }
  }

  /** The text of a file in a commit or tree. */
  async read(commit: string, path: string): Promise<string> {
    return this.#objects.read(commit, path).toString()
  }

  /** Every path of a commit with its mode and content id. */
  async listing(commit: string): Promise<readonly string[]> {
    return (await this.git.text(['ls-tree', '-r', '-z', commit])).split('\0').slice(0, -1)
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** A change set that asks to land. */
export function candidate(changeSet: ChangeSet, more: Partial<Candidate> = {}): Candidate {
  return { changeSet, owns: null, needs: [], message: `${changeSet.task}\n`, ...more }
}

/** The lines 1 to `count`, some replaced; a replacement may hold several lines or none. */
export function numbered(count: number, replaced: Readonly<Record<number, string>> = {}): string {
  return Array.from({ length: count }, (_, index) => replaced[index + 1] ?? `line ${index + 1}\n`).join('')
}

/** A line of `git ls-tree`. */
function parseEntry(line: string): [string, Entry] {
  const [, mode = '', oid = '', path = ''] = /^(\d+) \w+ (\w+)\t(.*)$/s.exec(line) ?? []
  return [path, { mode, oid }]
}
