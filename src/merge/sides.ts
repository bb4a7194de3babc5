import type { CommitId } from '../ids.ts'
import {
  type Did,
  type Footprint,
  foldersAbove,
  mayMeet,
  mayRename,
  renamesMatter,
  standsInTheWay,
} from './footprint.ts'

/** A commit on the base, by its number among all sides. */
export interface Side {
  readonly base: CommitId
  readonly commit: CommitId
  readonly number: number
}

/** Two sides that touch something in common, the lower number first. */
export interface Touching {
  readonly sides: readonly [number, number]
  /** Files that both changed, each in its own way; null when the pair is a matter for git. */
  readonly files: readonly SharedFile[] | null
}

/** A plain file that two sides changed: both its text, or one that both added, or one that either has deleted. */
export interface SharedFile {
  readonly path: string
  readonly how: 'texts' | 'add/add' | 'modify/delete'
}

/** Which sides touch something in common, and how they can be merged. `special` are paths with a merge driver of their own. */
export function touchingSides(
  footprints: readonly Footprint<Side>[],
  special: ReadonlySet<string>,
): readonly Touching[] {
  const pairs = new Map<string, readonly [number, number]>()
  for (const [a, b] of [...pairsOnPaths(footprints), ...pairsWithRenames(footprints)]) {
    const pair = [Math.min(a, b), Math.max(a, b)] as const
    if (a !== b) pairs.set(pair.join(), pair)
  }
  return [...pairs.values()].toSorted(byNumbers).map((sides) => touching(footprints, sides, special))
}

/** Sides that touch the same path, or a path and a folder above it. */
function* pairsOnPaths(footprints: readonly Footprint<Side>[]): Generator<readonly [number, number]> {
  const byPath = sidesByPath(footprints)
  for (const [path, sides] of byPath) {
    const above = foldersAbove(path).flatMap((folder) => byPath.get(folder) ?? [])
    for (const [at, one] of sides.entries()) {
      for (const other of sides.slice(at + 1)) yield [one, other]
      for (const other of above) yield [one, other]
    }
  }
}

function* pairsWithRenames(footprints: readonly Footprint<Side>[]): Generator<readonly [number, number]> {
  for (const [one, a] of footprints.entries()) {
    if (!mayRename(a)) continue
    for (const [other, b] of footprints.entries()) if (mayMeet(a, b)) yield [one, other]
  }
}

const byNumbers = (a: readonly [number, number], b: readonly [number, number]): number => a[0] - b[0] || a[1] - b[1]

/** Paths that more than one side touches. */
export function sharedPaths(footprints: readonly Did[]): readonly string[] {
  return [...sidesByPath(footprints)].filter(([, sides]) => sides.length > 1).map(([path]) => path)
}

function sidesByPath(footprints: readonly Did[]): ReadonlyMap<string, readonly number[]> {
  const byPath = new Map<string, number[]>()
  for (const [number, { results }] of footprints.entries()) {
    for (const path of results.keys()) {
      const known = byPath.get(path)
      if (known === undefined) byPath.set(path, [number])
      else known.push(number)
    }
  }
  return byPath
}

function touching(
  footprints: readonly Footprint<Side>[],
  sides: readonly [number, number],
  special: ReadonlySet<string>,
): Touching {
  const [a, b] = [footprints[sides[0]], footprints[sides[1]]]
  if (a === undefined || b === undefined) throw new RangeError(`no sides ${sides.join()}`)
  return { sides, files: sharedFiles(a, b, special) }
}

/** Files that two changes of one base both made, each in its own way; null when the pair is a matter for git. */
export function sharedFiles(a: Did, b: Did, special: ReadonlySet<string>): readonly SharedFile[] | null {
  if (renamesMatter(a, b) || standsInTheWay(a, b)) return null
  const files: SharedFile[] = []
  for (const [path, result] of a.results) {
    if (!b.results.has(path) || b.results.get(path) === result) continue
    const how = howShared(a, b, path)
    if (how === null || (how !== 'modify/delete' && special.has(path))) return null
    files.push({ path, how })
  }
  return files
}

/** Those that two changes of one base both made, where each is a text to both; null when something is not. */
export function commonTexts(a: Did, b: Did, special: ReadonlySet<string>): readonly string[] | null {
  const files = sharedFiles(a, b, special)
  return files?.every(({ how }) => how === 'texts') === true ? files.map(({ path }) => path) : null
}

const modeLength = '100644'.length

/** Null where one of the versions is no plain file, or its mode has changed. */
function howShared(a: Did, b: Did, path: string): SharedFile['how'] | null {
  const [was, ours, theirs] = [a.before.get(path), a.results.get(path), b.results.get(path)]
  const modes = new Set([was, ours, theirs].flatMap((one) => one?.slice(0, modeLength) ?? []))
  if (modes.size !== 1 || !/^100(?:644|755)$/.test([...modes][0] ?? '')) return null
  if (ours === null || theirs === null) return 'modify/delete'
  return was === null ? 'add/add' : 'texts'
}
