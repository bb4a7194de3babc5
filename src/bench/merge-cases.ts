import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

/** A real merge with two sides that git left in conflict, and what people made of it. */
export interface MergeCase {
  readonly id: string
  readonly repo: string
  /** Only the files in conflict; null is a file that is not there. */
  readonly files: readonly {
    readonly path: string
    readonly base: string | null
    readonly left: string | null
    readonly right: string | null
    readonly human: string | null
  }[]
}

/** Reads a gzipped file with a case as JSON on each line. */
export const readCases = (path: string): readonly MergeCase[] =>
  gunzipSync(readFileSync(path))
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as MergeCase)

/** Whether texts are the same, white space and the order of lines aside. */
export const isAlike = (a: string, b: string): boolean => bag(a).join('\n') === bag(b).join('\n')

/** Whether people kept every line that either side had added. */
export function isBothKept({ files }: MergeCase): boolean {
  return files.every(({ base, left, right, human }) => {
    if (base === null || left === null || right === null || human === null) return false
    const known = new Set([...bag(base), ...bag(human)])
    return [...bag(left), ...bag(right)].every((line) => known.has(line))
  })
}

/** Lines that say something, without white space, in an order that does not matter. */
const bag = (text: string): readonly string[] =>
  text
    .split('\n')
    .flatMap((line) => line.replaceAll(/\s+/g, '') || [])
    .toSorted()
