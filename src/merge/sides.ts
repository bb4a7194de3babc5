import type { CommitId } from '../ids.ts'
import { type Footprint, mayMeet } from './footprint.ts'

/** A commit on the base, by its number among all sides. */
export interface Side {
  readonly base: CommitId
  readonly commit: CommitId
  readonly number: number
}

/** Two sides that touch something in common, the lower number first. */
export interface Touching {
  readonly sides: readonly [number, number]
  /** Files that both changed, each in its own way, and that can be merged as texts; null when the pair is a matter for git. */
  readonly texts: readonly string[] | null
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

function foldersAbove(path: string): readonly string[] {
  const parts = path.split('/')
  return parts.slice(1).map((_, count) => parts.slice(0, count + 1).join('/'))
}

/** A rename is a path that goes and one that comes. */
function mayRename({ results, before }: Did): boolean {
  return [...results.values()].includes(null) && [...before.values()].includes(null)
}

function touching(
  footprints: readonly Footprint<Side>[],
  sides: readonly [number, number],
  special: ReadonlySet<string>,
): Touching {
  const [a, b] = [footprints[sides[0]], footprints[sides[1]]]
  if (a === undefined || b === undefined) throw new RangeError(`no sides ${sides.join()}`)
  return { sides, texts: commonTexts(a, b, special) }
}

/** Files that two changes of one base both made, each in its own way, as texts; null when the pair is a matter for git. */
export function commonTexts(a: Did, b: Did, special: ReadonlySet<string>): readonly string[] | null {
  if (mayRename(a) || mayRename(b) || standsInTheWay(a, b) || standsInTheWay(b, a)) return null
  const shared = [...a.results.keys()].filter((path) => b.results.has(path))
  const differing = shared.filter((path) => a.results.get(path) !== b.results.get(path))
  return differing.every((path) => !special.has(path) && isText(a, path) && isText(b, path)) ? differing : null
}

/** What a change did to each path. */
export type Did = Pick<Footprint, 'results' | 'before'>

/** A file of one where the other has a folder. */
const standsInTheWay = (a: Did, b: Did): boolean =>
  [...a.results.keys()].some((path) => foldersAbove(path).some((folder) => b.results.has(folder)))

/** A plain file that stays one, with its mode. */
function isText({ results, before }: Did, path: string): boolean {
  const [was, is] = [before.get(path) ?? '', results.get(path) ?? '']
  return /^100(?:644|755) /.test(was) && was.slice(0, 6) === is.slice(0, 6)
}
