import type { ConflictKind } from './conflict.ts'
import type { MergeMessage, MergeTreeOutput, StageEntry } from './merge-tree-output.ts'

/** One side's version of a file in conflict, under the name it has there. */
export interface Stage {
  readonly mode: string
  readonly oid: string
  readonly path: string
}

/** A file that git could not merge; a side without it is null. */
export interface ConflictedFile {
  /** The name people know it by: the old one where a rename is in the way. */
  readonly path: string
  readonly kind: Exclude<ConflictKind, 'outside-owns'>
  readonly base: Stage | null
  readonly ours: Stage | null
  readonly theirs: Stage | null
  /** Git's own types of the conflict, sorted. */
  readonly types: readonly string[]
  /** Every path git named with it, sorted: the old and new names of a rename. */
  readonly paths: readonly string[]
}

/**
 * Gathers the stages and messages of a merge into one answer for each file in conflict, sorted by path.
 * Git splits some of them: a rename has its stages under several names, and two things that cannot share a name are set
 * apart as `name~commit`. Both are put together again here.
 * @param sides The two commits as they were named to git: what it appends to a name that is taken.
 */
export function conflictedFiles(output: MergeTreeOutput, sides: readonly string[]): readonly ConflictedFile[] {
  const known = (path: string): string => withoutSide(path, sides)
  const entries = output.entries.map((entry) => ({ ...entry, path: known(entry.path) }))
  const conflicts = output.messages
    .filter(({ type }) => type.startsWith('CONFLICT'))
    .map((message) => ({ ...message, paths: [...new Set(message.paths.map(known))] }))
    .filter((message) => !isSettled(message, entries))
  const groups = connected([...entries.map(({ path }) => [path]), ...conflicts.map(({ paths }) => paths)])
  return groups
    .map((paths) =>
      describe(
        paths,
        entries.filter(({ path }) => paths.includes(path)),
        conflicts.filter((message) => message.paths.some((path) => paths.includes(path))),
      ),
    )
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

/**
 * Whether git tells of a folder in the way of a file that nobody wants any more: one side put the folder in its place, the other left
 * it as it was. Git takes the file away and lists no version of it (`process_entry` in merge-ort.c); of any other such file it does.
 */
const isSettled = ({ type, paths }: MergeMessage, entries: readonly StageEntry[]): boolean =>
  type.includes('file/directory') && !entries.some(({ path }) => paths.includes(path))

function withoutSide(path: string, sides: readonly string[]): string {
  const match = /^(?<name>.+)~(?<side>[^~/]+?)(?:_\d+)?$/s.exec(path)?.groups
  return match !== undefined && sides.includes(match['side'] ?? '') ? (match['name'] ?? path) : path
}

/** Joins lists that share a member, each result sorted. */
function connected(lists: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const groups = new Map<string, Set<string>>()
  for (const list of lists) {
    const joined = new Set(list)
    for (const member of list) for (const other of groups.get(member) ?? []) joined.add(other)
    for (const member of joined) groups.set(member, joined)
  }
  return [...new Set(groups.values())].map((group) => [...group].toSorted())
}

function describe(
  paths: readonly string[],
  entries: readonly StageEntry[],
  messages: readonly MergeMessage[],
): ConflictedFile {
  const stages = { base: stageOf(entries, 'base'), ours: stageOf(entries, 'ours'), theirs: stageOf(entries, 'theirs') }
  const types = [...new Set(messages.map(({ type }) => type))].toSorted()
  return { path: knownName(paths, messages), kind: kindOf(types, stages), ...stages, types, paths }
}

function stageOf(entries: readonly StageEntry[], stage: StageEntry['stage']): Stage | null {
  const entry = entries.find((one) => one.stage === stage)
  return entry === undefined ? null : { mode: entry.mode, oid: entry.oid, path: entry.path }
}

// git's order of the paths in a message differs by its type
function knownName(paths: readonly string[], messages: readonly MergeMessage[]): string {
  const rename = messages.find(({ paths: named }) => named.length > 1)
  const [first = '', second = ''] = rename?.paths ?? paths
  const newNameFirst = rename !== undefined && /rename\/delete|directory rename/.test(rename.type)
  return newNameFirst ? second : first
}

type Stages = Pick<ConflictedFile, 'base' | 'ours' | 'theirs'>

/** The types are those of merge-ort.c, `type_short_descriptions`. */
function kindOf(types: readonly string[], stages: Stages): ConflictedFile['kind'] {
  const says = (word: string): boolean => types.some((type) => type.includes(word))
  if (says('rename')) return 'rename'
  if (says('distinct modes') || says('file/directory')) return 'mode'
  if (says('binary') || says('submodule') || hasGitlink(stages)) return 'binary'
  if (stages.ours === null || stages.theirs === null) return 'modify/delete'
  if (stages.ours.oid === stages.theirs.oid) return 'mode'
  return stages.base === null ? 'add/add' : 'content'
}

const hasGitlink = ({ base, ours, theirs }: Stages): boolean =>
  [base, ours, theirs].some((stage) => stage?.mode === '160000')
