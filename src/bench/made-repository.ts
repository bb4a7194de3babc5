import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeCommit } from '../changes/commit.ts'
import { type Git, openGit } from '../changes/git.ts'
import type { Objects } from '../changes/objects.ts'
import { editTree } from '../changes/tree-edit.ts'
import type { TreeEntry } from '../changes/tree-object.ts'
import { asCommitId, asTreeId, type CommitId, type TreeId } from '../ids.ts'

/** The commit that all changes start from. */
export interface Start {
  readonly base: CommitId
  readonly tree: TreeId
}

/** One line of one file, by number; file 0 is the one that many share. */
export interface LineChange {
  readonly file: number
  readonly line: number
}

/** A change of some lines, sealed as a commit on the base. */
export interface MadeChange {
  readonly commit: CommitId
  readonly tree: TreeId
  /** Sorted. */
  readonly files: readonly string[]
}

/** A repository of many small texts, in a folder of its own, in which many change sets are made. */
export class MadeRepository implements Disposable {
  readonly folder: string
  readonly git: Git
  readonly #files: number
  readonly #linesInShared: number

  constructor({ name, files, linesInShared }: { name: string; files: number; linesInShared: number }) {
    this.folder = mkdtempSync(join(tmpdir(), `troupe-${name}-`))
    this.git = openGit(this.folder)
    this.#files = files
    this.#linesInShared = linesInShared
  }

  /** Commits all files. */
  async begin(): Promise<Start> {
    await this.git.text(['init', '--quiet', '--initial-branch', 'main'])
    for (let file = 0; file < this.#files; file += 1) {
      const path = join(this.folder, nameOf(file))
      mkdirSync(join(path, '..'), { recursive: true })
      writeFileSync(path, this.#textOf(file))
    }
    await this.git.text(['add', '--all'])
    await this.git.text(['commit', '--quiet', '--message', 'base'])
    const [base = '', tree = ''] = (await this.git.text(['rev-parse', 'HEAD', 'HEAD^{tree}'])).split('\n')
    return { base: asCommitId(base), tree: asTreeId(tree) }
  }

  /** Changes these lines to one that names `by`. */
  async change(
    objects: Objects,
    { base, tree }: Start,
    { by, lines }: { readonly by: string; readonly lines: readonly LineChange[] },
  ): Promise<MadeChange> {
    const edits = new Map<string, TreeEntry>()
    for (const { file, line } of lines) {
      const text = Buffer.from(this.#textOf(file, { line, by }))
      edits.set(nameOf(file), { mode: '100644', oid: await objects.write('blob', text) })
    }
    const changed = asTreeId(await editTree(objects, tree, edits))
    const commit = await writeCommit(this.git, { tree: changed, parents: [base], message: `${by}\n`, seconds: 1 })
    return { commit, tree: changed, files: [...edits.keys()].toSorted() }
  }

  #textOf(file: number, change?: { readonly line: number; readonly by: string }): string {
    return Array.from({ length: file === 0 ? this.#linesInShared : linesInFile }, (_, line) =>
      line === change?.line ? `changed by ${change.by}` : `line ${line} of ${file}`,
    ).join('\n')
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Of every file but the shared one. */
export const linesInFile = 40

const nameOf = (file: number): string => `d${file % 50}/f${file}.txt`
