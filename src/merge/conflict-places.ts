import type { ConflictPlace, LineRange } from './conflict.ts'
import type { ConflictedFile } from './conflicted-file.ts'
import type { Hunk, HunksOf } from './diff-hunks.ts'

/**
 * Where in a file two sides disagree, in the lines of each version; empty for kinds without lines.
 * Nothing is read out of conflict markers, so text that looks like them does no harm: two diffs against the base say what each
 * side changed, and changes that overlap or touch are a conflict. A file without a base (add/add) is in conflict where the two
 * versions differ.
 */
export async function placesOf(hunksOf: HunksOf, file: ConflictedFile): Promise<readonly ConflictPlace[]> {
  const { base, ours, theirs } = file
  if (ours === null || theirs === null || isLink(ours.mode) || isLink(theirs.mode)) return []
  if (file.kind === 'add/add') return (await hunksOf(ours.oid, theirs.oid)).map(differing)
  if (file.kind !== 'content' || base === null) return []
  const changes = [hunksOf(base.oid, ours.oid), hunksOf(base.oid, theirs.oid)] as const
  const [oursHunks, theirsHunks] = await Promise.all(changes)
  return meetings(oursHunks, theirsHunks).map(meetingPlace)
}

const isLink = (mode: string): boolean => mode === '120000'

const differing = (hunk: Hunk): ConflictPlace => ({
  ours: lines(hunk.oldFrom, hunk.oldTo),
  base: lines(0, 0),
  theirs: lines(hunk.newFrom, hunk.newTo),
})

interface Meeting {
  readonly from: number
  readonly to: number
  readonly ours: readonly Hunk[]
  readonly theirs: readonly Hunk[]
}

/**
 * The runs of changes that meet: no unchanged line of the base lies between them (the rule of `xdl_do_merge` in git's
 * xdiff/xmerge.c). A change that both sides made alike is no conflict.
 */
function meetings(ours: readonly Hunk[], theirs: readonly Hunk[]): readonly Meeting[] {
  const changes = [
    ...ours.map((hunk) => ({ from: hunk.oldFrom, to: hunk.oldTo, ours: [hunk], theirs: [] })),
    ...theirs.map((hunk) => ({ from: hunk.oldFrom, to: hunk.oldTo, ours: [], theirs: [hunk] })),
  ].toSorted((a, b) => a.from - b.from || a.to - b.to)
  const met: Meeting[] = []
  for (const change of changes) {
    const last = met.at(-1)
    if (last === undefined || last.to < change.from) met.push(change)
    else met.splice(-1, 1, joined(last, change))
  }
  return met.filter((meeting) => meeting.ours.length > 0 && meeting.theirs.length > 0 && !isAlike(meeting))
}

const joined = (a: Meeting, b: Meeting): Meeting => ({
  from: a.from,
  to: Math.max(a.to, b.to),
  ours: [...a.ours, ...b.ours],
  theirs: [...a.theirs, ...b.theirs],
})

function isAlike({ ours, theirs }: Meeting): boolean {
  const [one, another] = [ours[0], theirs[0]]
  if (one === undefined || another === undefined || ours.length > 1 || theirs.length > 1) return false
  return one.oldFrom === another.oldFrom && one.oldTo === another.oldTo && one.text === another.text
}

const meetingPlace = ({ from, to, ours, theirs }: Meeting): ConflictPlace => ({
  ours: sideLines(from, to, ours),
  base: lines(from, to),
  theirs: sideLines(from, to, theirs),
})

/** The lines of the base `from`..`to` as one side has them, moved by what its first and last change there add. */
function sideLines(from: number, to: number, hunks: readonly Hunk[]): LineRange {
  const [first, last] = [hunks[0], hunks.at(-1)]
  const before = first === undefined ? 0 : first.newFrom - first.oldFrom
  const after = last === undefined ? 0 : last.newTo - last.oldTo
  return lines(from + before, to + after)
}

const lines = (from: number, to: number): LineRange => ({ from: from + 1, to })
