import { diffLines } from '../text/line-diff.ts'

/** How much two lists have in common, from 0 to 1: twice what is equal, in order, over both lengths. */
export function similarity(a: readonly string[], b: readonly string[]): number {
  const length = a.length + b.length
  if (length === 0) return 1
  const changed = diffLines(a, b).reduce((sum, hunk) => sum + hunk.oldTo - hunk.oldFrom + hunk.newTo - hunk.newFrom, 0)
  return (length - changed) / length
}

/** The words of a text, in order. */
export const wordsOf = (text: string): readonly string[] => text.match(/[\p{L}\p{N}_$]+/gu) ?? []

/** The words, version numbers, runs of white space and single signs of a text. */
export const tokensOf = (text: string): readonly string[] =>
  text.match(/\d+(?:\.\w+)+|[\p{L}\p{N}_$]+|[^\S\n]+|\n|[^\p{L}\p{N}_$\s]/gu) ?? []
