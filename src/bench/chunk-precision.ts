import { resolveChunks } from '../merge/resolve-chunks.ts'
import type { Grade, ResolverPolicy } from '../merge/resolvers/resolver.ts'
import type { Parser } from '../syntax/parser.ts'
import { treesOf } from '../merge/syntax/trees.ts'
import { diffLines } from '../merge/text/line-diff.ts'
import { linesOf } from '../merge/text/lines.ts'
import { type Chunk, mergeThreeWays, type Segment } from '../merge/text/three-way.ts'
import { isAlike, type MergeCase } from './merge-cases.ts'

/** One chunk of a real conflict: what a resolver made of it, and what people did. */
export interface ChunkAnswer {
  readonly id: string
  readonly repo: string
  readonly path: string
  readonly chunk: Chunk
  /** Null where no resolver holds. */
  readonly found: { readonly resolver: string; readonly grade: Grade; readonly lines: readonly string[] } | null
  readonly human: readonly string[]
  readonly isRight: boolean
}

/** What people made of chunks that they answered alike. */
export type Kept = 'ours' | 'theirs' | 'base' | 'both' | 'something else'

/** Every chunk of real conflicts whose place in what people committed is known. */
export function chunkAnswers(
  cases: readonly MergeCase[],
  policy: ResolverPolicy,
  parse: Parser | null,
): readonly ChunkAnswer[] {
  return cases.flatMap(({ id, repo, files }) =>
    files.flatMap(({ path, base, left, right, human }) => {
      if (base === null || left === null || right === null || human === null) return []
      const versions = { base: linesOf(base), ours: linesOf(left), theirs: linesOf(right) }
      const segments = mergeThreeWays(versions)
      const resolved = resolveChunks({ path, segments, ...versions }, policy, treesOf(path, parse))
      const answers = answersOf(resolved.segments, linesOf(human))
      return [...resolved.found].flatMap(([chunk, found], at) => {
        const answer = answers[at]
        if (answer === undefined || answer === null) return []
        const isRight = found !== null && isAlike(found.lines.join(''), answer.join(''))
        return { id, repo, path, chunk, found, human: answer, isRight }
      })
    }),
  )
}

/** Which side's lines people kept. */
export function keptIn({ chunk, human }: ChunkAnswer): Kept {
  const is = (lines: readonly string[]): boolean => isAlike(lines.join(''), human.join(''))
  if (is(chunk.ours)) return 'ours'
  if (is(chunk.theirs)) return 'theirs'
  if (is(chunk.base)) return 'base'
  const known = new Set([...chunk.base, ...human].map((line) => line.trim()))
  return [...chunk.ours, ...chunk.theirs].every((line) => known.has(line.trim())) ? 'both' : 'something else'
}

/** For each conflict the lines that stand in its place; null where people also changed the lines around it. */
function answersOf(segments: readonly Segment[], human: readonly string[]): readonly (readonly string[] | null)[] {
  // a line that no text has holds the place of each
  const holder = (number: number): string => `\0${number}`
  const lines = segments.flatMap((segment, number) => (segment.kind === 'clean' ? segment.lines : [holder(number)]))
  const places = new Map(
    diffLines(lines, human)
      .filter(({ oldFrom, oldTo }) => oldTo - oldFrom === 1)
      .map((hunk) => [lines[hunk.oldFrom], human.slice(hunk.newFrom, hunk.newTo)]),
  )
  return segments.flatMap((segment, number) =>
    segment.kind === 'conflict' ? [places.get(holder(number)) ?? null] : [],
  )
}
