import type { Git } from '../../changes/git.ts'
import type { CommitId, TaskId } from '../../ids.ts'
import { quoted, rangeText } from '../../merge/conflict-message.ts'
import type { Conflict, ConflictPlace, LineRange } from '../../merge/conflict.ts'
import type { Proposal } from '../../merge/proposal.ts'
import { plainLines } from '../../monitor/plain-text.ts'

/** One place of a conflict with the text of both sides and of what both started from. */
export interface ConflictText {
  readonly place: ConflictPlace
  readonly ours: readonly string[]
  readonly base: readonly string[]
  readonly theirs: readonly string[]
}

/** A conflict with its texts; there are none for a kind without lines. */
export interface ToldConflict extends Conflict {
  readonly texts: readonly ConflictText[]
}

/** Reads the texts of a proposal's conflicts from the commits of the tasks. */
export function tellConflicts(git: Git, { conflicts, tasks }: Proposal): Promise<readonly ToldConflict[]> {
  const commits = new Map(
    tasks.flatMap(({ task, disposition }) => ('commit' in disposition ? [[task, disposition.commit] as const] : [])),
  )
  return Promise.all(conflicts.map(async (conflict) => ({ ...conflict, texts: await textsOf(git, conflict, commits) })))
}

/** A conflict as people know it from git: both sides between markers, in the manner of diff3. */
export function conflictText({ kind, file, ours, theirs, message, texts }: ToldConflict): string {
  const name = quoted(file)
  const head = `${name} (${kind}): ${message}`
  const blocks = texts.map(({ place, ...text }) =>
    [
      `<<<<<<< ${ours ?? 'base'} ${name}:${rangeText(place.ours)}`,
      ...text.ours,
      `||||||| base ${name}:${rangeText(place.base)}`,
      ...text.base,
      '=======',
      ...text.theirs,
      `>>>>>>> ${theirs} ${name}:${rangeText(place.theirs)}`,
    ].join('\n'),
  )
  return plainLines([head, ...blocks].join('\n'))
}

async function textsOf(
  git: Git,
  { file, ours, theirs, places }: Conflict,
  commits: ReadonlyMap<TaskId, CommitId>,
): Promise<readonly ConflictText[]> {
  const sides = [ours === null ? undefined : commits.get(ours), commits.get(theirs)]
  const [one, another] = sides
  if (one === undefined || another === undefined || places.length === 0) return []
  const base = (await git.run(['merge-base', one, another], { accept: [0, 1] })).stdout.trim()
  const [oursLines, baseLines, theirsLines] = await Promise.all(
    [one, base, another].map((at) => linesAt(git, at, file)),
  )
  return places.map((place) => ({
    place,
    ours: within(oursLines, place.ours),
    base: within(baseLines, place.base),
    theirs: within(theirsLines, place.theirs),
  }))
}

/** Lines of a file in a commit; none where it is not there. */
async function linesAt(git: Git, commit: string, file: string): Promise<readonly string[]> {
  const { exitCode, stdout } = await git.run(['cat-file', 'blob', `${commit}:${file}`], { accept: [0, 128] })
  return exitCode === 0 ? stdout.split('\n') : []
}

const within = (lines: readonly string[] = [], { from, to }: LineRange): readonly string[] => lines.slice(from - 1, to)
