import { TroupeError } from '../errors.ts'
import { quoted } from './conflict-message.ts'
import type { Footprint, Results } from './footprint.ts'
import type { IdenticalChange } from './proposal.ts'

/** The files that several change sets left in the very same state (content and mode, or gone), sorted. */
export function identicalChanges(landed: readonly Footprint[]): readonly IdenticalChange[] {
  const byResult = new Map<string, Map<string | null, Footprint[]>>()
  for (const footprint of landed) {
    for (const [path, result] of footprint.results) {
      const same = byResult.get(path) ?? new Map<string | null, Footprint[]>()
      byResult.set(path, same.set(result, [...(same.get(result) ?? []), footprint]))
    }
  }
  return [...byResult]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([file, same]) =>
      [...same.values()]
        .filter((footprints) => footprints.length > 1)
        .map((footprints) => ({ file, tasks: footprints.map(({ changeSet }) => changeSet.task) })),
    )
}

/**
 * A last guard against losing work in silence: what shares no path with any other must be in the result as it was sealed.
 * @param held those of them that are looked at: what began from work that is not among them need not be there as sealed
 * @throws TroupeError INTERNAL when it is not.
 */
export function mustHoldAll(results: Results, landed: readonly Footprint[], held = landed): void {
  const touched = new Map<string, number>()
  for (const { results: paths } of landed) {
    for (const path of paths.keys()) touched.set(path, (touched.get(path) ?? 0) + 1)
  }
  for (const { changeSet, results: paths } of held) {
    if ([...paths.keys()].some((path) => touched.get(path) !== 1)) continue
    const lost = [...paths].find(([path, result]) => results.get(path) !== result)
    if (lost === undefined) continue
    throw new TroupeError('INTERNAL', `the merge lost what ${changeSet.task} did to ${quoted(lost[0])}`)
  }
}
