import type { Grammar } from '../../syntax/grammar.ts'
import { type Chunk, isUnchanged, type Segment, type Versions, versionsOf } from '../text/three-way.ts'
import { outlineOf } from './outline.ts'
import { changedScopes } from './scope-changes.ts'
import { inVersions } from './versions.ts'

/** A merge without the insides of blocks that nobody changed: a line stands for each, the same in every version. */
export interface Excerpt extends Versions {
  readonly segments: readonly Segment[]
  /** What was left out, by the line that stands for it. */
  readonly hidden: ReadonlyMap<string, readonly string[]>
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
  if ([merge.base, merge.ours, merge.theirs].some(isMarked)) return null
  const hidden = new Map<string, readonly string[]>()
  const fromIndent = changedScopes(merge.segments)
  const leaveOut = (lines: readonly string[], standIn: (name: string) => string): string => {
    const line = standIn(`${mark}${hidden.size}`)
    hidden.set(line, lines)
    return line
  }
  const segments = merge.segments.map((segment): Segment => {
    if (!isUnchanged(segment)) return segment
    return { ...segment, lines: outlineOf(segment.lines, { grammar, leaveOut, fromIndent }) }
  })
  if (lengthOf(hidden) < hardlyAny) return null
  const versions = inVersions((name) => segments.flatMap((segment) => versionsOf(segment)[name]))
  return { segments, ...versions, hidden }
}

/** All of a merge as an excerpt. */
export const unabridged = ({ segments, base, ours, theirs }: Merge): Excerpt => ({
  segments,
  base,
  ours,
  theirs,
  hidden: new Map(),
})

/** Lines of an excerpt with what was left out. */
export const wholeLines = (lines: readonly string[], hidden: Excerpt['hidden']): readonly string[] =>
  hidden.size === 0 ? lines : lines.flatMap((line) => (line.includes(mark) ? (hidden.get(line) ?? line) : line))

/** What number a line of an excerpt has in the merge, both from 1. */
export const wholeLine = (line: number, lines: readonly string[], { hidden }: Excerpt): number =>
  wholeLines(lines.slice(0, line - 1), hidden).length + 1

/** A chunk of an excerpt as it is in the merge. */
export function wholeChunk(chunk: Chunk, excerpt: Excerpt): Chunk {
  const { hidden } = excerpt
  const lines = inVersions((name) => wholeLines(chunk[name], hidden))
  return { ...lines, at: inVersions((name) => wholeLines(excerpt[name].slice(0, chunk.at[name]), hidden).length) }
}

/** Whether lines hold all that was left out, each once and as it was. */
export function holdsAll(lines: readonly string[], { hidden }: Excerpt): boolean {
  if (hidden.size === 0) return true
  const marked = lines.filter((line) => line.includes(mark))
  return (
    marked.length === hidden.size && new Set(marked).size === hidden.size && marked.every((line) => hidden.has(line))
  )
}

/** For private use: no standard gives it a meaning. A text that has it is read whole. */
const mark = '\u{F7A1}'

const isMarked = (lines: readonly string[]): boolean => lines.some((line) => line.includes(mark))

const lengthOf = (hidden: Excerpt['hidden']): number =>
  [...hidden.values()].flat().reduce((sum, { length }) => sum + length, 0)
