import type { Git } from '../changes/git.ts'
import { openObjects } from '../changes/objects.ts'
import type { Conflict } from './conflict.ts'
import { type Footprint, mayMeet } from './footprint.ts'
import { conflictsBetween, describeConflict, unresolved } from './pair.ts'
import { SideMerges } from './side-merges.ts'
import { commonTexts, type Side } from './sides.ts'
import type { SpecialPaths } from './special-paths.ts'
import { TextMerges } from './text-merges.ts'

/** Compares pairs of change sets: without a process of git where both only changed texts of one base. */
export interface PairsInMemory extends AsyncDisposable {
  /** @param ours The one that comes first in the manifest. */
  conflictsBetween(ours: Footprint, theirs: Footprint): Promise<readonly Conflict[]>
}

interface PairsParts {
  readonly git: Git
  readonly special: SpecialPaths
  /** All that come as `theirs`: git is asked about the attributes of their paths together. */
  readonly among: readonly Footprint[]
}

/** Every conflict that git would see is told, whatever resolvers can do about it. */
export function openPairsInMemory({ git, special, among }: PairsParts): PairsInMemory {
  const objects = openObjects(git)
  const texts = new TextMerges(objects, null)
  const merges = new SideMerges({ git, objects, texts })
  let specials: Promise<ReadonlySet<string>> | null = null

  async function byGit(ours: Footprint, theirs: Footprint): Promise<readonly Conflict[]> {
    return (await conflictsBetween({ git, resolve: unresolved }, ours, theirs)).map(({ conflict }) => conflict)
  }

  return {
    async conflictsBetween(ours, theirs) {
      if (!mayMeet(ours, theirs)) return []
      const [a, b] = [ours.changeSet, theirs.changeSet]
      if (a.base !== b.base) return await byGit(ours, theirs)
      specials ??= special.among([...new Set(among.flatMap(({ results }) => [...results.keys()]))])
      const common = commonTexts(ours, theirs, await specials)
      if (common === null) return await byGit(ours, theirs)
      const files = await merges.conflictsOf({ sides: [0, 1], texts: common }, [sideOf(ours, 0), sideOf(theirs, 1)])
      const hunksOf = (from: string, to: string) => texts.hunksBetween(from, to)
      return await Promise.all(files.map((file) => describeConflict(hunksOf, file, [a.task, b.task])))
    },
    [Symbol.asyncDispose]: () => objects[Symbol.asyncDispose](),
  }
}

const sideOf = (one: Footprint, number: number): Footprint<Side> => ({
  ...one,
  changeSet: { base: one.changeSet.base, commit: one.changeSet.commit, number },
})
