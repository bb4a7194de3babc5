import type { Git } from '../changes/git.ts'
import type { TaskId } from '../ids.ts'
import { conflictMessage, quoted } from './conflict-message.ts'
import { placesOf } from './conflict-places.ts'
import { type FoundConflict, versionsOf } from './conflict-texts.ts'
import type { ConflictedFile } from './conflicted-file.ts'
import { diffHunks } from './diff-hunks.ts'
import { type Footprint, reachesFolderOf } from './footprint.ts'
import { conflictsBetween, type PairConflict, type PairWorld } from './pair.ts'

/** What has landed, and which of it may be in conflict with the one in question. */
interface Landed {
  readonly landed: readonly Footprint[]
  readonly rivals: readonly Footprint[]
}

/** A change set, and the files that could not be merged when it was brought onto all that landed. */
interface Refused {
  readonly theirs: Footprint
  readonly files: readonly ConflictedFile[]
}

/**
 * Says with whom a change set that did not merge is in conflict: with every landed one whose pair alone conflicts, at the lines
 * of the two change sets themselves. A file on which only the combination fails is told once for each landed task that touched
 * it, at the lines of the combination.
 */
export async function nameConflicts(
  world: PairWorld,
  { landed, rivals }: Landed,
  { theirs, files }: Refused,
): Promise<readonly FoundConflict[]> {
  const pairs: PairConflict[] = []
  for (const ours of rivals) for (const pair of await conflictsBetween(world, ours, theirs)) pairs.push(pair)
  const unexplained = files.filter((file) => !pairs.some((pair) => isSame(pair.file, file)))
  const combined = await Promise.all(
    unexplained.map((file) => combination(world.git, file, { landed, theirs: theirs.changeSet.task })),
  )
  const told = pairs.map(({ conflict, file }) => ({ ...conflict, versions: versionsOf(file) }))
  return [...told, ...combined.flat()]
}

/** A third task may have renamed the file: then the versions it is merged from are still the same. */
function isSame(a: ConflictedFile, b: ConflictedFile): boolean {
  if (a.paths.some((path) => b.paths.includes(path))) return true
  return a.theirs !== null && a.theirs.oid === b.theirs?.oid && a.base?.oid === b.base?.oid
}

async function combination(
  git: Git,
  file: ConflictedFile,
  { landed, theirs }: { readonly landed: readonly Footprint[]; readonly theirs: TaskId },
): Promise<readonly FoundConflict[]> {
  const tasks = involved(file, landed).map(({ changeSet }) => changeSet.task)
  const places = await placesOf((from, to) => diffHunks(git, from, to), file)
  return tasks.map((ours) => ({
    kind: file.kind,
    file: file.path,
    ours,
    theirs,
    places,
    versions: versionsOf(file),
    message:
      tasks.length === 1
        ? conflictMessage(file, { ours, theirs, places })
        : `${theirs} does not go with ${tasks.join(', ')} together in ${quoted(file.path)}.`,
  }))
}

/** Those that touched the file; if none did, those that may have moved its folder; if none did, everybody. */
function involved({ paths }: ConflictedFile, landed: readonly Footprint[]): readonly Footprint[] {
  const touching = landed.filter(({ results }) => paths.some((path) => results.has(path)))
  if (touching.length > 0) return touching
  const moving = landed.filter((footprint) => paths.some((path) => reachesFolderOf(path, footprint)))
  return moving.length > 0 ? moving : landed
}
