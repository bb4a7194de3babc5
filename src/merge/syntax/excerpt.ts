import type { Grammar } from '../../syntax/grammar.ts'
import type { Chunk, Segment, Versions } from '../text/three-way.ts'
import { outlineOf } from './outline.ts'
import { inVersions, type VersionName } from './versions.ts'

/** A merge without the insides of blocks that nobody changed: a line stands for each, the same in every version. */
export interface Excerpt extends Versions {
  readonly segments: readonly Segment[]
  /** All that was left out. */
  readonly hidden: string
  /** Lines of it with what was left out. */
  readonly whole: (lines: readonly string[]) => readonly string[]
}

interface Merge extends Versions {
  readonly segments: readonly Segment[]
}

/** So few characters are read as soon as they are left out. */
const hardlyAny = 4_000

/**
 * Leaves out what of a source text no syntax need be read of: reading all of a long one takes longer than all else of its merge. Lines
 * may mislead about where blocks are, as those of a text within the text do: an excerpt counts only as long as it parses.
 * @returns null where hardly anything can be left out
 */
export function excerptOf(merge: Merge, grammar: Grammar): Excerpt | null {
  const hidden = new Map<string, readonly string[]>()
  const leaveOut = (lines: readonly string[]): string => {
    const name = `${mark}${hidden.size}`
    hidden.set(name, lines)
    return name
  }
  const segments = merge.segments.map((segment): Segment => {
    if (segment.kind === 'conflict' || segment.by !== null) return segment
    return { ...segment, lines: outlineOf(segment.lines, { grammar, leaveOut }) }
  })
  const text = [...hidden.values()].flat().join('')
  if (text.length < hardlyAny || [merge.ours, merge.theirs].some(isMarked)) return null
  return {
    segments,
    ...inVersions((name) => segments.flatMap((segment) => linesIn(segment, name))),
    hidden: text,
    whole: (lines) => lines.flatMap((line) => hidden.get(nameIn(line)) ?? [line]),
  }
}

/** All of a merge as an excerpt. */
export const unabridged = ({ segments, base, ours, theirs }: Merge): Excerpt => ({
  segments,
  base,
  ours,
  theirs,
  hidden: '',
  whole: (lines) => lines,
})

/** A chunk of an excerpt as it is in the merge. */
export function wholeChunk(chunk: Chunk, excerpt: Excerpt): Chunk {
  const lines = inVersions((name) => excerpt.whole(chunk[name]))
  return { ...lines, at: inVersions((name) => excerpt.whole(excerpt[name].slice(0, chunk.at[name])).length) }
}

/** What number a line of an excerpt has in the merge, both from 1. */
export const wholeLine = (line: number, lines: readonly string[], excerpt: Excerpt): number =>
  excerpt.whole(lines.slice(0, line - 1)).length + 1

/** Of a part of Unicode that nobody may give a meaning to. */
const mark = '\u{F7A1}'

const nameIn = (line: string): string => line.slice(line.indexOf(mark)).trimEnd()

const isMarked = (lines: readonly string[]): boolean => lines.some((line) => line.includes(mark))

const linesIn = (segment: Segment, name: VersionName): readonly string[] =>
  segment.kind === 'clean' && segment.by === null ? segment.lines : segment.chunk[name]
