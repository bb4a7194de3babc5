import type { Git } from '../changes/git.ts'
import type { ChangeSet } from '../changes/change-set.ts'
import { type Objects, openObjects } from '../changes/objects.ts'
import { diffTrees } from '../changes/tree-diff.ts'
import type { CommitId } from '../ids.ts'
import type { Conflict } from './conflict.ts'
import { type Footprint, footprint, mayMeet } from './footprint.ts'
import { conflictsBetween, describeConflict, unresolved } from './pair.ts'
import { SideMerges } from './side-merges.ts'
import { sharedFiles, type Side } from './sides.ts'
import { openSpecialPaths } from './special-paths.ts'
import { TextMerges } from './text-merges.ts'

/** Compares pairs of change sets: without a process of git where both only changed texts of one base. */
export interface PairsInMemory extends AsyncDisposable {
  footprintOf(changeSet: ChangeSet): Promise<Footprint>
  /** Before some are compared: git is asked about the attributes of all paths that they have in common together. */
  expect(footprints: readonly Footprint[]): Promise<void>
  /** @param ours The one that comes first in the manifest. */
  conflictsBetween(ours: Footprint, theirs: Footprint): Promise<readonly Conflict[]>
}

/** Every conflict that git would see is told, whatever resolvers can do about it. */
export function openPairsInMemory(git: Git): PairsInMemory {
  const attributes = openAttributes(git)
  let objects = openObjects(git)
  let texts = new TextMerges(objects, null)

  /** What has failed once, as a git that was killed, is not asked again. */
  async function renewing<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    try {
      return await work()
    } catch (error) {
      void objects[Symbol.asyncDispose]()
      objects = openObjects(git)
      texts = new TextMerges(objects, null)
      throw error
    }
  }

  async function compare(ours: Footprint, theirs: Footprint): Promise<readonly Conflict[]> {
    const [a, b] = [ours.changeSet, theirs.changeSet]
    if (a.base !== b.base) return await byGit(ours, theirs)
    const shared = sharedFiles(ours, theirs, await attributes.specialAmong(commonPaths([ours, theirs])))
    if (shared === null) return await byGit(ours, theirs)
    const merges = new SideMerges({ git, objects, texts, isThorough: true })
    const files = await merges.conflictsOf({ sides: [0, 1], files: shared }, [sideOf(ours, 0), sideOf(theirs, 1)])
    const hunksOf = (from: string, to: string) => texts.hunksBetween(from, to)
    return await Promise.all(files.map((file) => describeConflict(hunksOf, file, [a.task, b.task])))
  }

  async function byGit(ours: Footprint, theirs: Footprint): Promise<readonly Conflict[]> {
    return (await conflictsBetween({ git, resolve: unresolved }, ours, theirs)).map(({ conflict }) => conflict)
  }

  return {
    footprintOf: (changeSet) =>
      renewing(async () => {
        const [before, after] = await Promise.all([treeIn(objects, changeSet.base), treeIn(objects, changeSet.commit)])
        return footprint(changeSet, await diffTrees(objects, before, after))
      }),
    async expect(footprints) {
      texts = new TextMerges(objects, null) // what it remembers would only grow
      await attributes.learn(commonPaths(footprints))
    },
    async conflictsBetween(ours, theirs) {
      return mayMeet(ours, theirs) ? await renewing(() => compare(ours, theirs)) : []
    },
    [Symbol.asyncDispose]: () => objects[Symbol.asyncDispose](),
  }
}

interface Attributes {
  learn(paths: readonly string[]): Promise<void>
  specialAmong(paths: readonly string[]): Promise<ReadonlySet<string>>
}

/** What git has said of a path is not asked again. */
function openAttributes(git: Git): Attributes {
  const asked = openSpecialPaths(git)
  const known = new Map<string, boolean>()
  const learn = async (paths: readonly string[]): Promise<void> => {
    const fresh = paths.filter((path) => !known.has(path))
    const special = await asked.among(fresh)
    for (const path of fresh) known.set(path, special.has(path))
  }
  return {
    learn,
    async specialAmong(paths) {
      await learn(paths)
      return new Set(paths.filter((path) => known.get(path)))
    },
  }
}

/** Paths that more than one of them touches. */
function commonPaths(footprints: readonly Footprint[]): readonly string[] {
  const once = new Set<string>()
  const more = new Set<string>()
  for (const { results } of footprints) for (const path of results.keys()) (once.has(path) ? more : once).add(path)
  return [...more]
}

async function treeIn(objects: Objects, commit: CommitId): Promise<string> {
  const { content } = await objects.read(commit)
  return content.toString('latin1').slice('tree '.length).split('\n', 1)[0] ?? ''
}

const sideOf = (one: Footprint, number: number): Footprint<Side> => ({
  ...one,
  changeSet: { base: one.changeSet.base, commit: one.changeSet.commit, number },
})
