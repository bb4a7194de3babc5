import type { Parser } from '../syntax/parser.ts'
import {
  type ByLines,
  type ConflictedText,
  resolveByLines,
  resolveChunks,
  type ResolvedChunks,
  type UseOfLists,
} from './resolve-chunks.ts'
import { brokenIn } from './resolvers/file-guards.ts'
import { fileFacts } from './resolvers/file-facts.ts'
import type { Grade, ResolverPolicy } from './resolvers/resolver.ts'
import { type Excerpt, excerptOf, holdsAll, unabridged, wholeChunk, wholeLine, wholeLines } from './syntax/excerpt.ts'
import type { AroundText } from './syntax/stale-name.ts'
import { brokenSyntax, faultInWords, misread, parses } from './syntax/syntax-guards.ts'
import { treesOf } from './syntax/trees.ts'
import { inVersions } from './syntax/versions.ts'
import { type ChangedWords, changedWordsOf } from './syntax/words.ts'
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
  const reading = { text, policy, known, excerpt: unabridged(text) }
  const trees = treesOf(text.path, parse)
  if (trees === null) return withoutSyntax(reading)
  const syntax = { trees, ...changedWordsOf(text, text.changes) }
  const excerpt = excerptOf(text, trees.grammar)
  const byExcerpt = excerpt === null ? null : resolveBySyntax({ ...reading, excerpt, syntax })
  return byExcerpt ?? resolveBySyntax({ ...reading, syntax }) ?? left(unresolved)
}

const unresolved = 'no resolver holds'

const left = (reason: string): TextResolution => ({ how: 'left', reason })

/** A text that is being resolved. */
interface Reading {
  readonly text: ConflictedText
  readonly policy: ResolverPolicy
  readonly known: ByLines
  /** What is read of it. */
  readonly excerpt: Excerpt
}

interface SyntaxReading extends Reading {
  readonly syntax: ChangedWords & Pick<AroundText, 'trees'>
}

function withoutSyntax(reading: Reading): TextResolution {
  const { text, policy, known } = reading
  const put = putTogether(resolveChunks(text, policy, null, { known, use: 'never' }), reading)
  return put === null ? left(unresolved) : sound(put, reading)
}

/** null where an excerpt misleads. */
function resolveBySyntax(reading: SyntaxReading): TextResolution | null {
  let reason: string | null = null
  for (const use of ['where lines are not certain', 'first', 'never'] as const) {
    const attempt = attemptAt(use, reading)
    if (attempt?.how !== 'left') return attempt
    reason ??= attempt.reason
    if (attempt.reason === unresolved) break
  }
  return isReadable(reading) ? left(reason ?? unresolved) : null
}

function isReadable({ excerpt, syntax: { trees } }: SyntaxReading): boolean {
  const versions = [excerpt.base, excerpt.ours, excerpt.theirs]
  return excerpt.hidden.size === 0 || versions.every((lines) => parses(lines.join(''), trees))
}

function attemptAt(use: UseOfLists, reading: SyntaxReading): TextResolution | null {
  const { text, policy, known, excerpt, syntax } = reading
  const { segments, base, ours, theirs, hidden } = excerpt
  const read = { path: text.path, segments, base, ours, theirs, hidden }
  const put = putTogether(resolveChunks(read, policy, syntax.trees, { known, use }), reading)
  if (put === null) return left(unresolved)
  if (!holdsAll(put.lines, excerpt)) return null
  const resolution = sound(put, reading)
  if (resolution.how === 'left') return resolution
  const versions = inVersions((name) => excerpt[name].join(''))
  const fault = brokenSyntax(joinLines(put.lines, excerpt), versions, { ...syntax, hidden })
  if (fault === null) return resolution
  return fault === misread ? null : left(faultInWords(fault, (line) => wholeLine(line, put.lines, excerpt)))
}

interface PutTogether {
  readonly lines: readonly string[]
  readonly chunks: readonly ResolvedChunk[]
}

/** The lines of an excerpt with every conflict resolved; null where one is not. */
function putTogether({ segments, found }: ResolvedChunks, { excerpt, known }: Reading): PutTogether | null {
  const lines: string[] = []
  const chunks: ResolvedChunk[] = []
  let line = 1
  for (const segment of segments) {
    const resolution = segment.kind === 'clean' ? segment : (found.get(segment.chunk) ?? null)
    if (resolution === null) return null
    const length = wholeLines(resolution.lines, excerpt.hidden).length
    if (segment.kind === 'conflict' && 'resolver' in resolution) {
      const chunk = known.has(segment.chunk) ? segment.chunk : wholeChunk(segment.chunk, excerpt)
      chunks.push({ ...resolution, line, lines: length, chunk })
    }
    for (const one of resolution.lines) lines.push(one)
    line += length
  }
  return { lines, chunks }
}

/** The text as a whole, unless something speaks against it. */
function sound({ lines, chunks }: PutTogether, { text, excerpt }: Reading): TextResolution {
  const whole = joinLines(wholeLines(lines, excerpt.hidden), text)
  const broken = brokenIn(whole, { file: fileFacts(text.path), ours: text.ours, theirs: text.theirs })
  return broken === null ? { how: 'resolved', text: whole, chunks } : left(broken)
}
