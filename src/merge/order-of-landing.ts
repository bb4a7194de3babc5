import type { Git } from '../changes/git.ts'
import { compatibleSet } from './compatible-set.ts'
import type { Footprint } from './footprint.ts'
import type { Candidate } from './candidate.ts'
import type { MergePolicy } from './merge-policy.ts'
import { outsideOwns } from './outside-owns.ts'
import { conflictsBetween } from './pair.ts'
import type { Resolving } from './resolving.ts'

/** Change sets that ask to land, needs before their dependants, with what each touched. */
interface Asking {
  readonly ordered: readonly Candidate[]
  readonly footprints: readonly Footprint[]
  readonly resolving: Resolving
}

/**
 * The numbers of all candidates in the order in which they are to be tried: as given, or first those of the set that is worth most
 * together. The pairs decide: change sets that go together two by two go together all (docs/merging.md), and where they do not, the
 * fold finds out.
 */
export async function orderOfLanding(
  { git, policy }: { readonly git: Git; readonly policy: MergePolicy },
  { ordered, footprints, resolving }: Asking,
): Promise<readonly number[]> {
  const all = [...ordered.keys()]
  if (policy.strategy !== 'best-set') return all
  const world = {
    git,
    resolve: async (...merge: Parameters<Resolving['resolve']>) => (await resolving.resolve(...merge)).left,
  }
  const pairs: (readonly [number, number])[] = []
  for (const [first, ours] of footprints.entries()) {
    for (const [distance, theirs] of footprints.slice(first + 1).entries()) {
      const conflicts = await conflictsBetween(world, ours, theirs)
      if (conflicts.length > 0) pairs.push([first, first + 1 + distance])
    }
  }
  if (pairs.length === 0) return all
  const numberOf = new Map(footprints.map(({ changeSet }, number) => [changeSet.task, number]))
  const needs = ordered.map((one) => one.needs.flatMap((need) => numberOf.get(need) ?? []))
  const chosen = new Set(compatibleSet({ count: all.length, pairs, needs, weights: weightsOf(ordered, footprints) }))
  return [...all.filter((one) => chosen.has(one)), ...all.filter((one) => !chosen.has(one))]
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
