import { openSlots } from '../changes/slots.ts'
import { diffTrees } from '../changes/tree-diff.ts'
import { editTree } from '../changes/tree-edit.ts'
import type { TreeEntry } from '../changes/tree-object.ts'
import type { CommitId, TreeId } from '../ids.ts'
import { compatibleSet } from './compatible-set.ts'
import type { ConflictedFile } from './conflicted-file.ts'
import { type FoldedGroup, FoldGroups } from './fold-groups.ts'
import { did, footprint, type Footprint, footprintsOf } from './footprint.ts'
import { type Based, ontoBase } from './onto-base.ts'
import { SideMerges } from './side-merges.ts'
import { sharedPaths, type Side, type Touching, touchingSides } from './sides.ts'
import type { SideResolution, SidesRequest } from './sides-request.ts'
import { openSpecialPaths, type SpecialPaths } from './special-paths.ts'
import { TextMerges } from './text-merges.ts'

/** Files on which two sides, by number from 0, do not go together; with them those whose syntax was not read any more for that. */
export interface SideConflict {
  readonly sides: readonly [number, number]
  readonly files: readonly ConflictedFile[]
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
 * Folds as many sides as go together into one tree, by objects alone. Of more than two the pairs that touch each other
 * are compared and the largest set without a conflict is taken. They are taken in the order of their ids, so that the same sides give
 * the same tree in whatever order they come.
 * Throws TroupeError GIT_FAILED when an object is missing, USAGE when an id is of no commit.
 */
export async function foldSides(request: SidesRequest): Promise<SidesFold> {
  const order = [...request.sides.keys()].toSorted((a, b) =>
    (request.sides[a] ?? '') < (request.sides[b] ?? '') ? -1 : 1,
  )
  const sides = order.flatMap((number) => request.sides[number] ?? [])
  const [one, two, third] = sides
  const isPair = one !== undefined && two !== undefined && third === undefined
  const folded = isPair ? await foldTwo(request, [one, two]) : await foldMany({ ...request, sides })
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

/** In memory where both changed texts only; where there can be renames git is called, which knows them. */
async function foldTwo(request: SidesRequest, pair: readonly [CommitId, CommitId]): Promise<SidesFold> {
  const { objects, base, policy } = request
  const merges = new SideMerges({ ...request, texts: new TextMerges(objects, policy), isThorough: false })
  const [start, ours, theirs] = await Promise.all([
    ontoBase(objects, base, base),
    ontoBase(objects, base, pair[0]),
    ontoBase(objects, base, pair[1]),
  ])
  const [one, two] = await Promise.all([ours, theirs].map(({ tree }) => diffTrees(objects, start.tree, tree)))
  if (one === undefined || two === undefined) throw new RangeError('no two sides')
  const inMemory = await merges.inMemory({ ...did(one), tree: ours.tree }, did(two))
  const { tree, resolved, left } = inMemory ?? (await merges.byGit(ours.commit, theirs.commit))
  if (left.length > 0) return { tree: null, landed: [0], conflicts: [{ sides: [0, 1], files: left }], resolved: [] }
  return { tree, landed: [0, 1], conflicts: [], resolved: resolved.map((file) => ({ ...file, side: 1 })) }
}

async function foldMany(request: SidesRequest): Promise<SidesFold> {
  const { objects, base, sides } = request
  const [start, ...based] = await Promise.all([base, ...sides].map((commit) => ontoBase(objects, base, commit)))
  if (start === undefined) throw new RangeError('no base')
  const alike = [...Map.groupBy(based.keys(), (number) => based[number]?.tree).values()]
  const different = alike.flatMap(([number = 0]) => based[number] ?? [])
  const folding = new Folding({ ...request, sides: different.map(({ commit }) => commit) }, start, different)
  return forAllAlike(await folding.fold(alike.map(({ length }) => length)), alike)
}

/** Of sides with the same tree one was folded for all. */
function forAllAlike(folded: SidesFold, alike: readonly (readonly number[])[]): SidesFold {
  const all = (number: number): readonly number[] => alike[number] ?? []
  return {
    ...folded,
    landed: folded.landed.flatMap(all),
    conflicts: folded.conflicts.flatMap(({ sides: [a, b], files }) =>
      all(a).flatMap((one) => all(b).map((other) => ({ sides: [one, other] as const, files }))),
    ),
    resolved: folded.resolved.map((one) => ({ ...one, side: all(one.side)[0] ?? one.side })),
  }
}

/** Up to this many sides their trees are compared here; for more one call of git is quicker. */
const walkedUpTo = 8

/** Merges by git at once: more only wait for the cores. */
const parallel = 4

/** How often the set is chosen anew when sides that go together two by two do not go together all. */
const mostRounds = 8

class Folding {
  readonly #request: SidesRequest
  readonly #base: Based
  readonly #sides: readonly Based[]
  readonly #texts: TextMerges
  readonly #merges: SideMerges
  readonly #special: SpecialPaths

  constructor(request: SidesRequest, base: Based, sides: readonly Based[]) {
    this.#request = request
    this.#base = base
    this.#sides = sides
    this.#texts = new TextMerges(request.objects, request.policy)
    this.#special = request.special ?? openSpecialPaths(request.git)
    this.#merges = new SideMerges({ ...request, special: this.#special, texts: this.#texts, isThorough: false })
  }

  /** @param weights how many sides each stands for */
  async fold(weights: readonly number[]): Promise<SidesFold> {
    const footprints = await this.#footprints()
    const touching = touchingSides(footprints, await this.#special.among(sharedPaths(footprints)))
    const conflicts = await this.#conflictingPairs(touching, footprints)
    const groups = await this.#bestGroups({ touching, footprints, conflicts, weights })
    const landed = membersOf(groups)
    const edits = new Map<string, TreeEntry | null>(groups.flatMap((group) => [...group.edits]))
    const refused = groups.flatMap((group) => group.refused)
    const isNothing = landed.length < 2 && this.#sides.length > 1 && landed.every((one) => weights[one] === 1)
    return {
      tree: isNothing ? null : await editTree(this.#request.objects, this.#base.tree, edits),
      landed,
      conflicts: [
        ...conflicts,
        ...refused.flatMap(({ side, near }) =>
          near.map((one) => ({ sides: [one.side, side] as const, files: one.files })),
        ),
      ],
      resolved: groups.flatMap((group) => group.resolved),
    }
  }

  async #footprints(): Promise<readonly Footprint<Side>[]> {
    const { git, objects, base } = this.#request
    const sides = this.#sides.map(({ commit }, number) => ({ base, commit, number }))
    if (sides.length > walkedUpTo) return await footprintsOf(git, sides)
    return await Promise.all(
      this.#sides.map(async ({ commit, tree }, number) =>
        footprint({ base, commit, number }, await diffTrees(objects, this.#base.tree, tree)),
      ),
    )
  }

  async #conflictingPairs(
    touching: readonly Touching[],
    footprints: readonly Footprint<Side>[],
  ): Promise<readonly SideConflict[]> {
    const slots = openSlots(parallel)
    const find = async (one: Touching): Promise<SideConflict> => ({
      sides: one.sides,
      files: await this.#merges.conflictsOf(one, footprints),
    })
    const found = await Promise.all(touching.map((one) => slots.use(() => find(one))))
    return found.filter(({ files }) => files.length > 0)
  }

  /** The best set by the pairs; should some of it not go together all, that is remembered, and the best set that is left is tried. */
  async #bestGroups({ touching, footprints, conflicts, weights }: Compared): Promise<readonly FoldedGroup[]> {
    const { length: count } = this.#sides
    // which sides a refused one touches is told by the files that are truly in conflict
    const merges = new SideMerges({ ...this.#request, special: this.#special, texts: this.#texts, isThorough: true })
    const folder = new FoldGroups({ request: this.#request, footprints, texts: this.#texts, merges })
    const pairs = conflicts.map((one) => one.sides)
    const sets: (readonly number[])[] = []
    const worth = (all: readonly number[]): number => all.reduce((sum, one) => sum + (weights[one] ?? 1), 0)
    let best: readonly FoldedGroup[] = []
    for (let round = 0; round < mostRounds; round += 1) {
      const chosen = compatibleSet({ count, pairs, sets, weights })
      if (round > 0 && worth(chosen) <= worth(membersOf(best))) break
      const folded = await folder.fold(chosen, touching)
      if (worth(membersOf(folded)) > worth(membersOf(best))) best = folded
      if (membersOf(folded).length === chosen.length) break
      sets.push(...folded.flatMap(({ refused }) => refused.map(({ side, among }) => [...among, side])))
    }
    return best
  }
}

interface Compared {
  readonly touching: readonly Touching[]
  readonly footprints: readonly Footprint<Side>[]
  readonly conflicts: readonly SideConflict[]
  readonly weights: readonly number[]
}

const membersOf = (groups: readonly FoldedGroup[]): readonly number[] => groups.flatMap(({ members }) => members)
