import type { Git } from '../changes/git.ts'
import type { Objects } from '../changes/objects.ts'
import { pathOf } from '../changes/path-bytes.ts'
import type { CommitId } from '../ids.ts'
import type { Candidate } from './candidate.ts'
import type { Fold } from './fold.ts'
import type { LedgerFile } from './ledger.ts'
import { openSpecialPaths } from './special-paths.ts'
import { textOf } from './text-merges.ts'

interface Parts {
  readonly git: Git
  readonly objects: Objects
  readonly folded: Pick<Fold, 'base' | 'commit'>
  readonly candidates: readonly Candidate[]
}

/** Every file that a change set touched, as its task found and left it and as it is in the proposal. */
export async function ledgerFiles({ git, objects, folded, candidates }: Parts): Promise<readonly LedgerFile[]> {
  const pairs = [
    ...candidates.map(({ changeSet: { base, commit } }) => [base, commit] as const),
    [folded.base, folded.commit] as const,
  ]
  const [changes, final] = await Promise.all([changesBetween(git, pairs), entriesOfTree(git, folded.commit)])
  const moved = new Map((changes.at(-1) ?? []).map((change) => [change.from, change.path]))
  const linesOf = async (entry: string | null): Promise<readonly string[] | null> => {
    if (entry === null || !entry.startsWith('100')) return null
    const oid = entry.slice(entry.indexOf(' ') + 1)
    return textOf((await objects.read(oid)).content, oid)?.lines ?? null
  }
  const files: LedgerFile[] = []
  for (const [number, { changeSet }] of candidates.entries()) {
    for (const { path: own, before, after } of changes[number] ?? []) {
      const path = final.has(own) ? own : (moved.get(own) ?? own)
      const now = final.get(path) ?? null
      const isSame = now === after
      files.push({
        task: changeSet.task,
        path,
        ...(own !== path && { own }),
        before: await linesOf(before),
        after: await linesOf(after),
        final: isSame ? null : await linesOf(now),
        isSame,
      })
    }
  }
  const special = await openSpecialPaths(git).among(files.flatMap(({ path, isSame }) => (isSame ? [] : path)))
  return files.map((file) => (special.has(file.path) ? { ...file, hasDriver: true } : file))
}

/** One path that differs; `from` is its old name. Entries are `mode oid`, null for nothing. */
interface Change {
  readonly path: string
  readonly from: string
  readonly before: string | null
  readonly after: string | null
}

/** What differs between pairs of commits, renames found, in their order. */
async function changesBetween(
  git: Git,
  pairs: readonly (readonly [CommitId, CommitId])[],
): Promise<readonly (readonly Change[])[]> {
  const input = pairs.map(([base, commit]) => `${commit} ${base}\n`).join('')
  const options = ['--stdin', '-r', '-z', '--raw', '-M', '--no-abbrev', '--always', '--ignore-submodules=none']
  const args = ['-c', 'diff.renameLimit=7000', 'diff-tree', ...options]
  const fields = fieldsOf(await git.bytes(args, { input }))
  const diffs: Change[][] = []
  for (let at = 0; at < fields.length;) {
    const field = fields[at] ?? ''
    if (field.startsWith(':')) {
      const names = /[RC]\d*$/.test(field) ? 2 : 1
      diffs.at(-1)?.push(changeOf(field, fields.slice(at + 1, at + 1 + names)))
      at += 1 + names
    } else {
      diffs.push([])
      at += 1
    }
  }
  return diffs
}

/** `:mode mode oid oid status` with one path, or with the old one and the new one. */
function changeOf(field: string, names: readonly string[]): Change {
  const [oldMode = '', mode = '', oldOid = '', oid = ''] = field.slice(1).split(' ')
  const entry = (of: string, id: string): string | null => (of === '000000' ? null : `${of} ${id}`)
  return {
    from: pathOf(names[0] ?? ''),
    path: pathOf(names.at(-1) ?? ''),
    before: entry(oldMode, oldOid),
    after: entry(mode, oid),
  }
}

/** Every entry of a commit's tree, by path. */
async function entriesOfTree(git: Git, commit: CommitId): Promise<ReadonlyMap<string, string>> {
  const fields = fieldsOf(await git.bytes(['ls-tree', '-r', '-z', '--full-tree', commit]))
  return new Map(
    fields.map((field) => {
      const tab = field.indexOf('\t')
      const [mode = '', , oid = ''] = field.slice(0, tab).split(' ')
      return [pathOf(field.slice(tab + 1)), `${mode} ${oid}`]
    }),
  )
}

/** Each of the fields that end in NUL, one letter for each byte. */
const fieldsOf = (output: Uint8Array): readonly string[] =>
  Buffer.from(output).toString('latin1').split('\0').slice(0, -1)
