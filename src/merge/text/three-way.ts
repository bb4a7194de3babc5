import { diffLines, type LineHunk } from './line-diff.ts'

/** The three versions of one text, line by line. */
export interface Versions {
  readonly base: readonly string[]
  readonly ours: readonly string[]
  readonly theirs: readonly string[]
}

/** What each side changed, where that is known already. */
export interface SideHunks {
  readonly ours: readonly LineHunk[]
  readonly theirs: readonly LineHunk[]
}

/** What nobody changed. */
type Unchanged = { readonly kind: 'clean'; readonly by: null; readonly lines: readonly string[] }

/** A part of a merge of two texts. */
export type Segment =
  | Unchanged
  | {
      readonly kind: 'clean'
      readonly by: 'ours' | 'theirs' | 'both'
      readonly lines: readonly string[]
      readonly chunk: Chunk
    }
  | { readonly kind: 'conflict'; readonly chunk: Chunk }

/** A place that both sides changed, each in its own way. */
export interface Chunk extends Versions {
  /** Index of the first line in each version, from 0. */
  readonly at: { readonly base: number; readonly ours: number; readonly theirs: number }
}

/** Whether nobody changed a part. */
export const isUnchanged = (segment: Segment): segment is Unchanged => segment.kind === 'clean' && segment.by === null

/** The lines of a part in each version. */
export const versionsOf = (segment: Segment): Versions =>
  isUnchanged(segment) ? { base: segment.lines, ours: segment.lines, theirs: segment.lines } : segment.chunk

/**
 * Merges two texts line by line, as git's merge does with conflict style diff3: changes with no unchanged line of the base
 * between them meet (xdl_do_merge in xdiff/xmerge.c).
 * @param known the sides' changes, when they have been found already
 */
export function mergeThreeWays({ base, ours, theirs }: Versions, known?: SideHunks): readonly Segment[] {
  const hunks = known ?? { ours: diffLines(base, ours), theirs: diffLines(base, theirs) }
  const meetings = meetingsOf(hunks.ours, hunks.theirs)
  const segments: Segment[] = []
  let [at, oursShift, theirsShift] = [0, 0, 0]
  for (const meeting of meetings) {
    const { from, to } = meeting
    if (from > at) segments.push({ kind: 'clean', by: null, lines: base.slice(at, from) })
    const [oursGrowth, theirsGrowth] = [growthOf(meeting.ours), growthOf(meeting.theirs)]
    const chunk = {
      base: base.slice(from, to),
      ours: ours.slice(from + oursShift, to + oursShift + oursGrowth),
      theirs: theirs.slice(from + theirsShift, to + theirsShift + theirsGrowth),
      at: { base: from, ours: from + oursShift, theirs: from + theirsShift },
    }
    segments.push(segmentOf(meeting, chunk))
    oursShift += oursGrowth
    theirsShift += theirsGrowth
    at = to
  }
  if (at < base.length) segments.push({ kind: 'clean', by: null, lines: base.slice(at) })
  return segments
}

/** A run of changes that touch each other, with the lines of the base that they are about. */
interface Meeting {
  from: number
  to: number
  readonly ours: LineHunk[]
  readonly theirs: LineHunk[]
}

function meetingsOf(ours: readonly LineHunk[], theirs: readonly LineHunk[]): readonly Meeting[] {
  const changes = [
    ...ours.map((hunk) => ({ hunk, side: 'ours' as const })),
    ...theirs.map((hunk) => ({ hunk, side: 'theirs' as const })),
  ].toSorted((a, b) => a.hunk.oldFrom - b.hunk.oldFrom || a.hunk.oldTo - b.hunk.oldTo)
  const meetings: Meeting[] = []
  for (const { hunk, side } of changes) {
    let last = meetings.at(-1)
    if (last === undefined || last.to < hunk.oldFrom) {
      last = { from: hunk.oldFrom, to: hunk.oldTo, ours: [], theirs: [] }
      meetings.push(last)
    }
    last.to = Math.max(last.to, hunk.oldTo)
    last[side].push(hunk)
  }
  return meetings
}

const growthOf = (hunks: readonly LineHunk[]): number =>
  hunks.reduce((sum, { oldFrom, oldTo, newFrom, newTo }) => sum + newTo - newFrom - (oldTo - oldFrom), 0)

function segmentOf({ ours, theirs }: Meeting, chunk: Chunk): Segment {
  if (theirs.length === 0) return { kind: 'clean', by: 'ours', lines: chunk.ours, chunk }
  if (ours.length === 0) return { kind: 'clean', by: 'theirs', lines: chunk.theirs, chunk }
  return isSame(chunk.ours, chunk.theirs)
    ? { kind: 'clean', by: 'both', lines: chunk.ours, chunk }
    : { kind: 'conflict', chunk }
}

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((line, at) => line === b[at])
