import type { Parser } from '../syntax/parser.ts'
import {
  type ByLines,
  type ConflictedText,
  type HowToResolve,
  resolveByLines,
  resolveChunks,
  type UseOfLists,
} from './resolve-chunks.ts'
import { brokenIn } from './resolvers/file-guards.ts'
import { fileFacts } from './resolvers/file-facts.ts'
import type { Grade, ResolverPolicy } from './resolvers/resolver.ts'
import { brokenSyntax } from './syntax/syntax-guards.ts'
import { type Trees, treesOf } from './syntax/trees.ts'
import { newWordsOf } from './syntax/words.ts'
import { joinLines } from './text/line-ends.ts'
import type { Chunk } from './text/three-way.ts'

/** One chunk that a resolver made one. */
export interface ResolvedChunk {
  readonly resolver: string
  readonly grade: Grade
  readonly evidence: string
  /** First line in the result, from 1, and how many lines it has there. */
  readonly line: number
  readonly lines: number
  readonly chunk: Chunk
}

/** What became of a text in conflict. */
export type TextResolution =
  | { readonly how: 'resolved'; readonly text: string; readonly chunks: readonly ResolvedChunk[] }
  /** Not every chunk has a resolver, or the result is not sound. */
  | { readonly how: 'left'; readonly reason: string }

/**
 * Merges a text that git could not, chunk by chunk with the first resolver that holds; all chunks or none. What lines say comes to
 * nothing where the result cannot be right; then the lists of its syntax are asked first.
 * @param parse reads source texts; without it nothing is decided or held against a result by its syntax
 * @param known what the rules for lines make of it, where they have been asked already
 */
export function resolveText(
  text: ConflictedText,
  policy: ResolverPolicy,
  parse: Parser | null = null,
  known: ByLines = resolveByLines(text, policy),
): TextResolution {
  if (fileFacts(text.path).kind === 'lock') return { how: 'left', reason: 'a lock file is made again, never merged' }
  const trees = treesOf(text.path, parse)
  const uses: readonly UseOfLists[] = trees === null ? ['never'] : ['where lines are not certain', 'first', 'never']
  let reason: string | null = null
  for (const use of uses) {
    const attempt = attemptAt(text, policy, { trees, known, use })
    if (attempt.how === 'resolved') return attempt
    reason ??= attempt.reason
    if (attempt.reason === unresolved) break
  }
  return { how: 'left', reason: reason ?? unresolved }
}

const unresolved = 'no resolver holds'

interface Ways extends HowToResolve {
  readonly trees: Trees | null
}

function attemptAt(text: ConflictedText, policy: ResolverPolicy, { trees, ...how }: Ways): TextResolution {
  const { segments, found } = resolveChunks(text, policy, trees, how)
  const result: string[] = []
  const chunks: ResolvedChunk[] = []
  for (const segment of segments) {
    if (segment.kind === 'clean') {
      for (const line of segment.lines) result.push(line)
      continue
    }
    const { chunk } = segment
    const resolution = found.get(chunk) ?? null
    if (resolution === null) return { how: 'left', reason: unresolved }
    const { lines, ...rest } = resolution
    chunks.push({ ...rest, line: result.length + 1, lines: lines.length, chunk })
    for (const line of lines) result.push(line)
  }
  const whole = joinLines(result, text)
  const [base, ours, theirs] = [text.base.join(''), text.ours.join(''), text.theirs.join('')]
  const broken =
    brokenIn(whole, { file: fileFacts(text.path), ours, theirs }) ??
    (trees && brokenSyntax(whole, { base, ours, theirs }, trees, newWordsOf(text, text.changes)))
  return broken === null ? { how: 'resolved', text: whole, chunks } : { how: 'left', reason: broken }
}
