import { diffLines } from '../text/line-diff.ts'
import type { Chunk } from '../text/three-way.ts'
import { saysSomething } from './outermost-lines.ts'

/** What a side did with the signs of comments: lines that it put out of use, and lines that it put to use again. */
export interface Switched {
  readonly off: readonly string[]
  readonly on: readonly string[]
}

/** The lines, without signs and the space around them, that a side made comments of or that were comments before. */
export function switchedBy(side: readonly string[], base: readonly string[]): Switched {
  const hunks = diffLines(base, side)
  const were = hunks.flatMap(({ oldFrom, oldTo }) => base.slice(oldFrom, oldTo)).filter(saysSomething)
  const are = hunks.flatMap(({ newFrom, newTo }) => side.slice(newFrom, newTo)).filter(saysSomething)
  return { off: commentsOf(are, were), on: commentsOf(were, are) }
}

/** Of lines those that are others behind the sign of a comment. */
function commentsOf(lines: readonly string[], others: readonly string[]): readonly string[] {
  const bare = new Set(others.map((line) => line.trim()))
  return lines.flatMap((line) => {
    const text = sign.exec(line)?.[1]?.trim() ?? ''
    return bare.has(text) ? [text] : []
  })
}

const sign = /^\s*(?:\/\/+|#+|--|;+|%+)(.*)/

/** Whether both sides switched lines by the signs of comments, and not only off: mostly one line is to be used instead of another. */
export function areSwitched({ base, ours, theirs }: Chunk): boolean {
  const [mine, other] = [switchedBy(ours, base), switchedBy(theirs, base)]
  const haveAll = [mine, other].every(({ off, on }) => off.length + on.length > 0)
  return haveAll && mine.on.length + other.on.length > 0
}
