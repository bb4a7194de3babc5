import { type Chunk, isUnchanged, type Segment } from '../text/three-way.ts'
import { indentOf, isBlank } from './blocks.ts'

/**
 * How far what follows some change is indented whose scope differs between the versions, the least of all: where a side took away the end
 * of one class and the beginning of the next, the members of both are in one. Infinity where each line has one scope in all versions, as
 * far as indentation tells.
 */
export function changedScopes(segments: readonly Segment[]): number {
  const indents = segments.map((segment, at) => {
    const [before] = segments.slice(Math.max(0, at - 1), at)
    if (before === undefined || isUnchanged(before)) return Infinity
    const next = firstLine(segment)
    if (next === undefined) return Infinity
    const indent = indentOf(next).length
    return isOneScope(before.chunk, indent) ? Infinity : indent
  })
  return indents.reduce((least, indent) => Math.min(least, indent), Infinity)
}

/** Two changes never touch: behind one comes what nobody changed. */
const firstLine = (segment: Segment): string | undefined =>
  isUnchanged(segment) ? segment.lines.find((line) => !isBlank(line)) : undefined

/** Whether all versions of a change end in the same line that is indented less, or in none. */
function isOneScope({ base, ours, theirs }: Chunk, indent: number): boolean {
  const [was, mine, other] = [base, ours, theirs].map((lines) =>
    lines.findLast((line) => !isBlank(line) && indentOf(line).length < indent),
  )
  return was === mine && was === other
}
