import { diffLines } from '../text/line-diff.ts'

/** Longer lists are not compared in order: that may take the square of their length. */
const mostInOrder = 8_000

/** How much two lists have in common, from 0 to 1: twice what is equal, in order, over both lengths. Of long ones the order is not looked at. */
export function similarity(a: readonly string[], b: readonly string[]): number {
  const length = a.length + b.length
  if (length === 0) return 1
  if (length > mostInOrder) return (2 * commonIn(a, b)) / length
  const changed = diffLines(a, b).reduce((sum, hunk) => sum + hunk.oldTo - hunk.oldFrom + hunk.newTo - hunk.newFrom, 0)
  return (length - changed) / length
}

function commonIn(a: readonly string[], b: readonly string[]): number {
  const counts = new Map<string, number>()
  for (const one of a) counts.set(one, (counts.get(one) ?? 0) + 1)
  let common = 0
  for (const one of b) {
    const left = counts.get(one) ?? 0
    if (left > 0) common += 1
    counts.set(one, left - 1)
  }
  return common
}

/** Whether a list has all of another, in its order. */
export function holdsInOrder(all: readonly string[], some: readonly string[]): boolean {
  let at = 0
  for (const one of all) if (one === some[at]) at += 1
  return at === some.length
}

/** Whether texts are short enough to be merged word by word. */
export const areShort = (...texts: readonly (readonly string[])[]): boolean =>
  texts.every((tokens) => tokens.length <= mostInOrder / 2)

/** The words of a text, in order. */
export const wordsOf = (text: string): readonly string[] => text.match(/[\p{L}\p{N}_$]+/gu) ?? []

/** The words, version numbers, runs of white space and single signs of a text. */
export const tokensOf = (text: string): readonly string[] =>
  text.match(/\d+(?:\.\w+)+|[\p{L}\p{N}_$]+|[^\S\n]+|\n|[^\p{L}\p{N}_$\s]/gu) ?? []
