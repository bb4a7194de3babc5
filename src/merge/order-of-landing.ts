import type { Git } from '../changes/git.ts'
import type { CommitId } from '../ids.ts'
import { compatibleSet } from './compatible-set.ts'
import type { Footprint } from './footprint.ts'
import type { Candidate } from './candidate.ts'
import type { MergePolicy } from './merge-policy.ts'
import type { UncleanMerge } from './merge-tree.ts'
import { outsideOwns } from './outside-owns.ts'
import { conflictsBetween } from './pair.ts'
import type { Resolving } from './resolving.ts'
import { sharedPaths, touchingSides } from './sides.ts'

/** Change sets that ask to land, needs before their dependants, with what each touched. */
interface Asking {
  readonly ordered: readonly Candidate[]
  readonly footprints: readonly Footprint[]
  readonly resolving: Resolving
}

/** In which order candidates are tried. */
export interface Order {
  readonly numbers: readonly number[]
  /** Whether two candidates are known to go together; false where nothing is known. */
  goTogether(a: number, b: number): boolean
}

/**
 * The numbers of all candidates in the order in which they are to be tried: as given, or first those of the set that is worth most
 * together. The pairs decide: change sets that go together two by two go together all (docs/merging.md), and where they do not, the
 * fold finds out.
 */
export async function orderOfLanding(
  { git, base, policy }: { readonly git: Git; readonly base: CommitId; readonly policy: MergePolicy },
  { ordered, footprints, resolving }: Asking,
): Promise<Order> {
  const all = [...ordered.keys()]
  if (policy.strategy !== 'best-set') return { numbers: all, goTogether: () => false }
  const pairs = await incompatiblePairs({ git, base }, { footprints, resolving })
  const known = new Set(pairs.map((pair) => pair.join()))
  const goTogether = (a: number, b: number): boolean => !known.has([Math.min(a, b), Math.max(a, b)].join())
  if (pairs.length === 0) return { numbers: all, goTogether }
  const numberOf = new Map(footprints.map(({ changeSet }, number) => [changeSet.task, number]))
  const needs = ordered.map((one) => one.needs.flatMap((need) => numberOf.get(need) ?? []))
  const chosen = new Set(compatibleSet({ count: all.length, pairs, needs, weights: weightsOf(ordered, footprints) }))
  const numbers = [...all.filter((one) => chosen.has(one)), ...all.filter((one) => !chosen.has(one))]
  return { numbers, goTogether }
}

/** The pairs that do not go together, resolvers included; those of the run's base that only changed texts are compared in memory. */
async function incompatiblePairs(
  { git, base }: { readonly git: Git; readonly base: CommitId },
  { footprints, resolving }: Pick<Asking, 'footprints' | 'resolving'>,
): Promise<readonly (readonly [number, number])[]> {
  const sides = footprints.map((one, number) => {
    const { changeSet } = one
    return { ...one, changeSet: { base: changeSet.base, commit: changeSet.commit, number } }
  })
  const world = { git, resolve: async (merge: UncleanMerge) => (await resolving.resolve(merge, 1)).left }
  const pairs: (readonly [number, number])[] = []
  for (const touching of touchingSides(sides, await resolving.special.among(sharedPaths(sides)))) {
    const [ours, theirs] = touching.sides.map((number) => footprints[number])
    if (ours === undefined || theirs === undefined) continue
    const isOfBase = ours.changeSet.base === base && theirs.changeSet.base === base
    const conflicts =
      isOfBase && touching.files !== null
        ? await resolving.sides.conflictsOf(touching, sides)
        : await conflictsBetween(world, ours, theirs)
    if (conflicts.length > 0) pairs.push(touching.sides)
  }
  return pairs
}

/** A greater priority outweighs every number of tasks of a lower one; what may not land at all is worth nothing. */
function weightsOf(ordered: Asking['ordered'], footprints: Asking['footprints']): readonly number[] {
  const ranks = [...new Set(ordered.map(({ priority = 0 }) => priority))].toSorted((a, b) => a - b)
  return ordered.map((candidate, number) => {
    const files = [...(footprints[number]?.results.keys() ?? [])]
    const mayLand = candidate.barred === undefined && outsideOwns(candidate, files).length === 0
    return mayLand ? (ordered.length + 1) ** Math.min(ranks.indexOf(candidate.priority ?? 0), 5) : 0
  })
}
