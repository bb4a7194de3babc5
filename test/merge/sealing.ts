import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ChangeSet } from '../../src/changes/change-set.ts'
import { type Git, openGit } from '../../src/changes/git.ts'
import { asAgentName, asCommitId, asRunId, asTaskId, asTreeId, type CommitId, type TreeId } from '../../src/ids.ts'
import type { Candidate } from '../../src/merge/candidate.ts'
import { initRepository } from '../init-repository.ts'

/** What a test puts at a path: text or bytes, a link, another mode, or nothing any more. */
export type Content = string | Buffer | { readonly link: string } | { readonly run: string } | null
export type Files = Readonly<Record<string, Content>>

export const run = asRunId('20260101-000000-00000000')
export const date = '2026-01-01T12:00:00Z'

const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'

/** A real repository in a folder of its own, written through `git fast-import`: any file name, no checkout involved. */
export class Sealing implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'troupe-merge-'))
  readonly git: Git = openGit(this.directory)

  /** Makes the repository; answers with its first commit. */
  async begin(files: Files): Promise<CommitId> {
    initRepository(this.directory)
    return this.commit('refs/heads/main', files, null)
  }

  /** Seals one task's change as the changes room does: one commit on its base. */
  async seal(task: string, base: CommitId, files: Files): Promise<ChangeSet> {
    const { commit, tree } = await this.#import(`refs/troupe/${run}/${task}/1`, files, base)
    const changed = await this.git.text(['diff-tree', '-r', '-z', '--name-only', '--no-renames', base, commit])
    const paths = changed.split('\0').slice(0, -1)
    const names = { task: asTaskId(task), agent: asAgentName('scripted'), attempt: 1 }
    return { ...names, base, commit, tree, files: paths.toSorted() }
  }

  async commit(ref: string, files: Files, parent: CommitId | null): Promise<CommitId> {
    return (await this.#import(ref, files, parent)).commit
  }

  /** One process of git for all of it, which tells the ids as well. */
  async #import(ref: string, files: Files, parent: CommitId | null): Promise<{ commit: CommitId; tree: TreeId }> {
    const lines: (string | Buffer)[] = [
      `commit ${ref}\nmark :1\ncommitter T <t@example.org> 1767225600 +0000\n`,
      data(ref),
      ...(parent === null ? [] : [`from ${parent}\n`]),
      ...Object.entries(files).flatMap(([path, content]) => fileChange(path, content)),
      '\nget-mark :1\nls :1 ""\n',
    ]
    const input = Buffer.concat(lines.map((line) => Buffer.from(line)))
    const told = await this.git.text(['fast-import', '--quiet', '--force', '--date-format=raw'], { input })
    const [, commit, tree = emptyTree] = /^(\w+)\n(?:040000 tree (\w+)\t|missing )/.exec(told) ?? []
    if (commit === undefined) throw new Error(`git fast-import told ${told}`)
    return { commit: asCommitId(commit), tree: asTreeId(tree) }
  }

  /** The text of a file in a commit or tree. */
  async read(commit: string, path: string): Promise<string> {
    return Buffer.from(await this.git.bytes(['cat-file', 'blob', `${commit}:${path}`])).toString()
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

function fileChange(path: string, content: Content): readonly (string | Buffer)[] {
  const name = `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
  if (content === null) return [`D ${name}\n`]
  if (typeof content === 'string' || Buffer.isBuffer(content)) return [`M 100644 inline ${name}\n`, data(content)]
  return 'link' in content
    ? [`M 120000 inline ${name}\n`, data(content.link)]
    : [`M 100755 inline ${name}\n`, data(content.run)]
}

function data(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content as string)
  return Buffer.concat([Buffer.from(`data ${bytes.length}\n`), bytes, Buffer.from('\n')])
}
