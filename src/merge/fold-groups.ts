import type { TreeEdits } from '../changes/tree-edit.ts'
import type { ConflictedFile } from './conflicted-file.ts'
import type { Hunk } from './diff-hunks.ts'
import { editsOf, entryOf, type Footprint, footprintsOf } from './footprint.ts'
import type { SideResolution, SidesRequest } from './sides-request.ts'
import { commitOnto } from './onto-base.ts'
import type { SideMerges } from './side-merges.ts'
import type { Side, Touching } from './sides.ts'
import { TextGroup } from './text-group.ts'
import type { TextMerges } from './text-merges.ts'

/** Sides that touch something of each other, ascending. */
interface Group {
  readonly members: readonly number[]
  /** Whether no two of them are a matter for git. */
  readonly isText: boolean
}

interface Near {
  readonly side: number
  readonly files: readonly ConflictedFile[]
}

/** A side that goes with each of some others, but not with all of them. */
export interface Refusal {
  readonly side: number
  /** Those that changed the files as well. */
  readonly among: readonly number[]
  /** Those of them that changed something where it did, each with the files in which; all where nobody did. */
  readonly near: readonly Near[]
  readonly files: readonly ConflictedFile[]
}

/** A group that was brought together, as far as that went. */
export interface FoldedGroup {
  readonly members: readonly number[]
  readonly edits: TreeEdits
  readonly resolved: readonly SideResolution[]
  readonly refused: readonly Refusal[]
}

interface FoldGroupsParts {
  readonly request: SidesRequest
  readonly footprints: readonly Footprint<Side>[]
  readonly texts: TextMerges
  readonly merges: SideMerges
}

/** Brings sides together in groups that touch nothing of each other; each group once. */
export class FoldGroups {
  readonly #parts: FoldGroupsParts
  readonly #known = new Map<string, Promise<FoldedGroup>>()

  constructor(parts: FoldGroupsParts) {
    this.#parts = parts
  }

  async fold(chosen: readonly number[], touching: readonly Touching[]): Promise<readonly FoldedGroup[]> {
    const folded: FoldedGroup[] = []
    for (const group of groupsOf(chosen, touching)) {
      const name = group.members.join()
      const one = this.#known.get(name) ?? this.#foldOne(group)
      this.#known.set(name, one)
      folded.push(await one)
    }
    return folded
  }

  async #foldOne({ members, isText }: Group): Promise<FoldedGroup> {
    return (isText ? await this.#inMemory(members) : null) ?? (await this.#byGit(members))
  }

  /** null when git must judge after all. */
  async #inMemory(wanted: readonly number[]): Promise<FoldedGroup | null> {
    const group = new TextGroup(this.#parts.texts)
    const [members, resolved, refused]: [number[], SideResolution[], Refusal[]] = [[], [], []]
    for (const number of wanted) {
      const footprint = this.#parts.footprints[number]
      if (footprint === undefined) continue
      const taken = await group.take(footprint)
      if (taken.how === 'unlike') return null
      if (taken.how === 'refused') {
        refused.push(await this.#refusal(number, members, taken.conflicts))
        continue
      }
      for (const file of taken.resolved) resolved.push({ ...file, side: number })
      members.push(number)
    }
    return { members, resolved, refused, edits: await group.edits() }
  }

  async #byGit(wanted: readonly number[]): Promise<FoldedGroup> {
    const { git, objects, base, sides } = this.#parts.request
    const [first = 0, ...others] = wanted
    const [members, resolved, refused]: [number[], SideResolution[], Refusal[]] = [[first], [], []]
    let commit = sides[first] ?? base
    for (const number of others) {
      const met = await this.#parts.merges.byGit(commit, sides[number] ?? base, Infinity)
      if (met.left.length > 0) {
        refused.push(await this.#refusal(number, members, met.left))
        continue
      }
      for (const file of met.resolved) resolved.push({ ...file, side: number })
      members.push(number)
      commit = await commitOnto(objects, base, met.tree)
    }
    const [whole] = await footprintsOf(git, [{ base, commit, number: first }])
    return { members, resolved, refused, edits: editsOf(whole?.results ?? new Map()) }
  }

  async #refusal(side: number, members: readonly number[], files: readonly ConflictedFile[]): Promise<Refusal> {
    const paths = files.flatMap((file) => file.paths)
    const touching = members.filter((one) => paths.some((path) => this.#parts.footprints[one]?.results.has(path)))
    const among = touching.length > 1 ? touching : [...members]
    const near: Near[] = []
    for (const one of among) {
      const meet = await Promise.all(files.map((file) => this.#meet(file, one, side)))
      if (meet.includes(true)) near.push({ side: one, files: files.filter((_, at) => meet[at]) })
    }
    return { side, files, among, near: near.length === 0 ? among.map((one) => ({ side: one, files })) : near }
  }

  /** Whether two sides changed the same lines of a file, or lines beside each other. */
  async #meet({ paths }: ConflictedFile, one: number, other: number): Promise<boolean> {
    for (const path of paths) {
      const [some, others] = await Promise.all([this.#hunksOf(path, one), this.#hunksOf(path, other)])
      if (some.some((a) => others.some((b) => a.oldFrom <= b.oldTo && b.oldFrom <= a.oldTo))) return true
    }
    return false
  }

  async #hunksOf(path: string, side: number): Promise<readonly Hunk[]> {
    const { before, results } = this.#parts.footprints[side] ?? noFootprint
    const [was, is] = [before.get(path), results.get(path)].map((found) => (found ? entryOf(found) : null))
    const areFiles = was?.mode.startsWith('100') === true && is?.mode.startsWith('100') === true
    return areFiles ? await this.#parts.texts.hunksBetween(was.oid, is.oid) : []
  }
}

const noFootprint: Pick<Footprint, 'before' | 'results'> = { before: new Map(), results: new Map() }

/** The chosen sides in groups that touch nothing of each other, each ascending. */
function groupsOf(chosen: readonly number[], touching: readonly Touching[]): readonly Group[] {
  const groups = new Map(chosen.map((one) => [one, { members: [one], isText: true }]))
  for (const { sides, files } of touching) {
    const [first, second] = [groups.get(sides[0]), groups.get(sides[1])]
    if (first === undefined || second === undefined) continue
    first.isText &&= files !== null
    if (first === second) continue
    first.isText &&= second.isText
    first.members.push(...second.members)
    for (const one of second.members) groups.set(one, first)
  }
  return [...new Set(groups.values())].map(({ members, isText }) => ({
    members: members.toSorted((a, b) => a - b),
    isText,
  }))
}
