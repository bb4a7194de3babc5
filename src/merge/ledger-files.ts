import type { Git } from '../changes/git.ts'
import type { Objects } from '../changes/objects.ts'
import { pathOf } from '../changes/path-bytes.ts'
import type { CommitId } from '../ids.ts'
import type { Candidate } from './candidate.ts'
import type { Fold } from './fold.ts'
import type { LedgerFile } from './ledger.ts'
import { openSpecialPaths } from './special-paths.ts'
import { type Text, textOf } from './text-merges.ts'

interface Parts {
  readonly git: Git
  readonly objects: Objects
  readonly folded: Pick<Fold, 'base' | 'commit'>
  readonly candidates: readonly Candidate[]
}

/** Every file that a change set touched, as its task found and left it and as it is in the proposal. */
export async function ledgerFiles({ git, objects, folded, candidates }: Parts): Promise<readonly LedgerFile[]> {
  const changeSets = candidates.map(({ changeSet }) => changeSet)
  const starts = [...new Set(changeSets.map(({ base }) => base))]
  const pairs = [
    ...changeSets.map(({ base, commit }) => [base, commit] as const),
    ...starts.map((start) => [folded.base, start] as const),
    [folded.base, folded.commit] as const,
  ]
  const [changes, final] = await Promise.all([changesBetween(git, pairs), entriesOfTree(git, folded.commit)])
  // what is like the base's file no more may still be like the one that somebody moved
  const moves = [...changes.slice(0, changeSets.length), changes.at(-1) ?? []].flat()
  const moved = new Map(moves.flatMap(({ from, path }) => (from !== path && final.has(path) ? [[from, path]] : [])))
  const further = new Map(starts.map((start, number) => [start, namesIn(changes[changeSets.length + number] ?? [])]))
  const found: FoundFile[] = []
  for (const [number, { task, base }] of changeSets.entries()) {
    for (const change of changes[number] ?? []) {
      const path = final.has(change.path) ? change.path : (moved.get(change.path) ?? change.path)
      const isFurther = further.get(base)?.has(change.from) === true
      const there = await fileAt(objects, change, { path, now: final.get(path) ?? null })
      found.push({ task, ...there, ...(isFurther && { isFurther }) })
    }
  }
  const mixed = mixedAmong(found)
  const files = found.map((one) => inLines(one, mixed.has(one.path)))
  const special = await openSpecialPaths(git).among(files.flatMap(({ path, isSame }) => (isSame ? [] : path)))
  return files.map((file) => (special.has(file.path) ? { ...file, hasDriver: true } : file))
}

interface FoundFile extends Omit<LedgerFile, 'before' | 'after' | 'final'> {
  readonly before: Text | null
  readonly after: Text | null
  readonly final: Text | null
}

async function fileAt(
  objects: Objects,
  { path: own, from, before, after }: Change,
  { path, now }: { readonly path: string; readonly now: string | null },
): Promise<Omit<FoundFile, 'task'>> {
  const isSame = now === after
  return {
    path,
    ...(own !== path && { own }),
    ...(own !== from && { from }),
    before: await textAt(objects, before),
    after: await textAt(objects, after),
    final: isSame ? null : await textAt(objects, now),
    isSame,
  }
}

/** Paths whose texts are in several encodings. */
function mixedAmong(found: readonly FoundFile[]): ReadonlySet<string> {
  const [seen, mixed] = [new Map<string, Text['encoding']>(), new Set<string>()]
  for (const { path, before, after, final } of found)
    for (const text of [before, after, final]) {
      if (text === null) continue
      if ((seen.get(path) ?? text.encoding) !== text.encoding) mixed.add(path)
      seen.set(path, text.encoding)
    }
  return mixed
}

/** As lines; those of a path with several encodings are all read byte by byte, so that equal ones are equal. */
function inLines(found: FoundFile, isMixed: boolean): LedgerFile {
  const linesOf = (text: Text | null): LedgerFile['final'] =>
    isMixed && text?.encoding === 'utf8'
      ? text.lines.map((line) => Buffer.from(line).toString('latin1'))
      : (text?.lines ?? null)
  const { before, after, final } = found
  return { ...found, before: linesOf(before), after: linesOf(after), final: linesOf(final) }
}

async function textAt(objects: Objects, entry: string | null): Promise<Text | null> {
  if (entry === null || !entry.startsWith('100')) return null
  const oid = entry.slice(entry.indexOf(' ') + 1)
  return textOf((await objects.read(oid)).content, oid)
}

/** Both names of every path that differs. */
const namesIn = (changes: readonly Change[]): ReadonlySet<string> =>
  new Set(changes.flatMap(({ from, path }) => [from, path]))

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
