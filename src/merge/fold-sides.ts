import type { Git } from '../changes/git.ts'
import type { Objects } from '../changes/objects.ts'
import { openSlots } from '../changes/slots.ts'
import { diffTrees } from '../changes/tree-diff.ts'
import { editTree, type TreeEdits } from '../changes/tree-edit.ts'
import type { TreeEntry } from '../changes/tree-object.ts'
import { asCommitId, asTreeId, type CommitId, type TreeId } from '../ids.ts'
import { compatibleSet } from './compatible-set.ts'
import type { ConflictedFile } from './conflicted-file.ts'
import { footprint, type Footprint, footprintsOf, type Results } from './footprint.ts'
import type { ResolvedFile } from './resolve-merge.ts'
import type { ResolverPolicy } from './resolvers/resolver.ts'
import { SideMerges } from './side-merges.ts'
import { sharedPaths, type Side, type Touching, touchingSides } from './sides.ts'
import { openSpecialPaths, type SpecialPaths } from './special-paths.ts'
import { TextGroup } from './text-group.ts'
import { TextMerges } from './text-merges.ts'

/** Sides of one base that are to become one tree. */
export interface SidesRequest {
  readonly git: Git
  /** Of the same repository. */
  readonly objects: Objects
  readonly base: CommitId
  /** Commits whose only parent is the base. */
  readonly sides: readonly CommitId[]
  readonly policy: ResolverPolicy
  /** Of the same repository; opened anew when left out. */
  readonly special?: SpecialPaths
}

/** Files on which two sides, by number from 0, do not go together. */
export interface SideConflict {
  readonly sides: readonly [number, number]
  readonly files: readonly ConflictedFile[]
}

/** A file that was resolved while a side was brought in. */
export interface SideResolution extends ResolvedFile {
  /** The side that was brought in. */
  readonly side: number
}

/** Sides as one tree. */
export interface SidesFold {
  /** Null when there were several sides and no two of them go together. */
  readonly tree: TreeId | null
  /** Numbers of the sides in the tree, ascending. */
  readonly landed: readonly number[]
  readonly conflicts: readonly SideConflict[]
  readonly resolved: readonly SideResolution[]
}

/**
 * Folds as many sides as go together into one tree, by objects alone: the pairs that touch each other are compared, the largest set
 * without a conflict is taken. They are taken in the order of their ids, so that the same sides give the same tree in whatever order they come.
 * Throws TroupeError GIT_FAILED when an object is missing.
 */
export async function foldSides(request: SidesRequest): Promise<SidesFold> {
  const order = [...request.sides.keys()].toSorted((a, b) =>
    (request.sides[a] ?? '') < (request.sides[b] ?? '') ? -1 : 1,
  )
  const folding = new Folding({ ...request, sides: order.flatMap((number) => request.sides[number] ?? []) })
  const folded = request.sides.length === 2 ? await folding.foldTwo() : await folding.foldMany()
  return asGiven(folded, order)
}

/** With the numbers that the sides were given with. */
function asGiven({ tree, landed, conflicts, resolved }: SidesFold, order: readonly number[]): SidesFold {
  const given = (number: number): number => order[number] ?? number
  return {
    tree,
    landed: landed.map(given).toSorted((a, b) => a - b),
    conflicts: conflicts.map(({ sides: [a, b], files }) => ({
      sides: [Math.min(given(a), given(b)), Math.max(given(a), given(b))],
      files,
    })),
    resolved: resolved.map((one) => ({ ...one, side: given(one.side) })),
  }
}

/** Up to this many sides their trees are compared here; for more one call of git is quicker. */
const walkedUpTo = 8

/** Merges by git at once: more only wait for the cores. */
const parallel = 4

class Folding {
  readonly #request: SidesRequest
  readonly #texts: TextMerges
  readonly #merges: SideMerges
  readonly #special: SpecialPaths
  readonly #conflicts: SideConflict[] = []
  readonly #resolved: SideResolution[] = []

  constructor(request: SidesRequest) {
    this.#request = request
    this.#texts = new TextMerges(request.objects, request.policy)
    this.#merges = new SideMerges({ ...request, texts: this.#texts })
    this.#special = request.special ?? openSpecialPaths(request.git)
  }

  async #footprints(): Promise<readonly Footprint<Side>[]> {
    const { git, objects, base, sides } = this.#request
    if (sides.length > walkedUpTo)
      return await footprintsOf(
        git,
        sides.map((commit, number) => ({ base, commit, number })),
      )
    const from = await this.#treeOf(base)
    return await Promise.all(
      sides.map(async (commit, number) =>
        footprint({ base, commit, number }, await diffTrees(objects, from, await this.#treeOf(commit))),
      ),
    )
  }

  /** For two that meet one call of git is enough, and it knows renames. */
  async foldTwo(): Promise<SidesFold> {
    const [first, second] = this.#request.sides
    if (first === undefined || second === undefined) throw new RangeError('two sides are needed')
    const footprints = await this.#footprints()
    const [touching] = touchingSides(footprints, await this.#special.among(sharedPaths(footprints)))
    if (touching === undefined || touching.texts !== null) return await this.foldMany(footprints)
    const { tree, resolved, left } = await this.#merges.byGit(first, second)
    if (left.length > 0) return { tree: null, landed: [0], conflicts: [{ sides: [0, 1], files: left }], resolved: [] }
    return { tree, landed: [0, 1], conflicts: [], resolved: resolved.map((file) => ({ ...file, side: 1 })) }
  }

  async foldMany(known?: readonly Footprint<Side>[]): Promise<SidesFold> {
    const { objects, base, sides } = this.#request
    const footprints = known ?? (await this.#footprints())
    const touching = touchingSides(footprints, await this.#special.among(sharedPaths(footprints)))
    await this.#tryPairs(touching, footprints)
    const chosen = compatibleSet({ count: sides.length, pairs: this.#conflicts.map((one) => one.sides) })
    const landed: number[] = []
    const edits = new Map<string, TreeEntry | null>()
    for (const group of groupsOf(chosen, touching)) {
      const folded = await this.#foldGroup(group, footprints)
      landed.push(...folded.members)
      for (const [path, entry] of folded.edits) edits.set(path, entry)
    }
    const tree = await editTree(objects, asTreeId(await this.#treeOf(base)), edits)
    return {
      tree: landed.length < 2 && sides.length > 1 ? null : tree,
      landed: landed.toSorted((a, b) => a - b),
      conflicts: this.#conflicts,
      resolved: this.#resolved,
    }
  }

  async #tryPairs(touching: readonly Touching[], footprints: readonly Footprint<Side>[]): Promise<void> {
    const slots = openSlots(parallel)
    const find = async (one: Touching): Promise<SideConflict> => ({
      sides: one.sides,
      files: await this.#merges.conflictsOf(one, footprints),
    })
    const found = await Promise.all(touching.map((one) => slots.use(() => find(one))))
    this.#conflicts.push(...found.filter(({ files }) => files.length > 0))
  }

  /** Sides that touch each other, one onto the other; one that goes with each but not with all is left out. */
  async #foldGroup(
    { members: wanted, isText }: Group,
    footprints: readonly Footprint<Side>[],
  ): Promise<{ readonly members: readonly number[]; readonly edits: TreeEdits }> {
    if (!isText) return await this.#foldByGit(wanted)
    const group = new TextGroup(this.#texts)
    const members: number[] = []
    for (const number of wanted) {
      const footprint = footprints[number]
      if (footprint === undefined) continue
      const taken = await group.take(footprint)
      if (taken.how === 'refused') {
        this.#conflicts.push({ sides: [members.at(-1) ?? number, number], files: taken.conflicts })
        continue
      }
      this.#resolved.push(...taken.resolved.map((file) => ({ ...file, side: number })))
      members.push(number)
    }
    return { members, edits: await group.edits() }
  }

  async #foldByGit(
    wanted: readonly number[],
  ): Promise<{ readonly members: readonly number[]; readonly edits: TreeEdits }> {
    const { git, base, sides } = this.#request
    const [first = 0, ...others] = wanted
    const members = [first]
    let commit = sides[first] ?? base
    for (const number of others) {
      const met = await this.#merges.byGit(commit, sides[number] ?? base)
      if (met.left.length > 0) {
        this.#conflicts.push({ sides: [members.at(-1) ?? first, number], files: met.left })
        continue
      }
      this.#resolved.push(...met.resolved.map((file) => ({ ...file, side: number })))
      members.push(number)
      commit = await this.#commitOf(met.tree)
    }
    const [whole] = await footprintsOf(git, [{ base, commit, number: first }])
    return { members, edits: editsOf(whole?.results ?? new Map()) }
  }

  async #treeOf(commit: CommitId): Promise<string> {
    const { content } = await this.#request.objects.read(commit)
    return content.toString('latin1', 'tree '.length, content.indexOf(10))
  }

  /** A commit on the base that is never shown: it tells git what the tree was made from. */
  async #commitOf(tree: TreeId): Promise<CommitId> {
    const who = 'Troupe <troupe@localhost> 946684800 +0000'
    const text = `tree ${tree}\nparent ${this.#request.base}\nauthor ${who}\ncommitter ${who}\n\nfold\n`
    return asCommitId(await this.#request.objects.write('commit', Buffer.from(text)))
  }
}

interface Group {
  readonly members: readonly number[]
  /** Whether no two of them are a matter for git. */
  readonly isText: boolean
}

/** The chosen sides in groups that touch nothing of each other, each ascending. */
function groupsOf(chosen: readonly number[], touching: readonly Touching[]): readonly Group[] {
  const groups = new Map(chosen.map((one) => [one, { members: [one], isText: true }]))
  for (const { sides, texts } of touching) {
    const [first, second] = [groups.get(sides[0]), groups.get(sides[1])]
    if (first === undefined || second === undefined) continue
    first.isText &&= texts !== null
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

const editsOf = (results: Results): TreeEdits =>
  new Map([...results].map(([path, result]) => [path, result === null ? null : entryOf(result)]))

function entryOf(result: string): TreeEntry {
  const [mode = '', oid = ''] = result.split(' ')
  return { mode, oid }
}
