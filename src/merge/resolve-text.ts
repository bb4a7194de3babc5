import { grammarOf } from '../syntax/grammar.ts'
import type { Parser } from '../syntax/parser.ts'
import { brokenIn } from './resolvers/file-guards.ts'
import { type FileFacts, fileFacts } from './resolvers/file-facts.ts'
import { resolvers } from './resolvers/registry.ts'
import { type Grade, isAsSureAs, type IsKnown, type ResolverPolicy } from './resolvers/resolver.ts'
import { withoutSharedEnds } from './resolvers/shared-ends.ts'
import { brokenSyntax } from './syntax/syntax-guards.ts'
import { type Trees, treesBy } from './syntax/trees.ts'
import { joinLines } from './text/line-ends.ts'
import type { Chunk, Segment, Versions } from './text/three-way.ts'

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

/** A file's text in conflict. */
export interface ConflictedText extends Versions {
  readonly path: string
  /** Its merge, as mergeThreeWays made it. */
  readonly segments: readonly Segment[]
}

/**
 * Merges a text that git could not, chunk by chunk with the first resolver that holds; all chunks or none.
 * @param parse reads source texts; without it nothing is decided or held against a result by its syntax
 */
export function resolveText(text: ConflictedText, policy: ResolverPolicy, parse: Parser | null = null): TextResolution {
  const reading = readingOf(text)
  const file = reading.facts
  if (file.kind === 'lock') return { how: 'left', reason: 'a lock file is made again, never merged' }
  const result: string[] = []
  const chunks: ResolvedChunk[] = []
  for (const segment of text.segments) {
    if (segment.kind === 'clean') {
      for (const line of segment.lines) result.push(line)
      continue
    }
    const { chunk } = segment
    const found = firstResolution(chunk, policy, reading)
    if (found === null) return { how: 'left', reason: 'no resolver holds' }
    const { resolver, grade, evidence } = found
    chunks.push({ resolver, grade, evidence, line: result.length + 1, lines: found.lines.length, chunk })
    for (const line of found.lines) result.push(line)
  }
  const whole = joinLines(result, text)
  const [base, ours, theirs] = [text.base.join(''), text.ours.join(''), text.theirs.join('')]
  const trees = treesOf(text.path, parse)
  const broken =
    brokenIn(whole, { file, ours, theirs }) ?? (trees && brokenSyntax(whole, { base, ours, theirs }, trees))
  return broken === null ? { how: 'resolved', text: whole, chunks } : { how: 'left', reason: broken }
}

function treesOf(path: string, parse: Parser | null): Trees | null {
  const grammar = grammarOf(path)
  return parse === null || grammar === null ? null : treesBy(parse, grammar)
}

/** A chunk, and what the first resolver that holds makes of it. */
export interface ChunkResolution {
  readonly chunk: Chunk
  readonly found: Found | null
}

/** Every chunk by itself, whether or not the others can be resolved: what the resolvers are measured by. */
export function resolveChunks(text: ConflictedText, policy: ResolverPolicy): readonly ChunkResolution[] {
  const reading = readingOf(text)
  return text.segments.flatMap((segment) => {
    if (segment.kind === 'clean') return []
    const { chunk } = segment
    return { chunk, found: reading.facts.kind === 'lock' ? null : firstResolution(chunk, policy, reading) }
  })
}

/** What resolvers know of the file besides the chunk. */
interface Reading {
  readonly facts: FileFacts
  readonly isKnown: IsKnown
}

function readingOf({ path, base }: ConflictedText): Reading {
  let lines: ReadonlySet<string> | null = null
  const isKnown = (line: string): boolean => (lines ??= new Set(base.map((one) => one.trim()))).has(line.trim())
  return { facts: fileFacts(path), isKnown }
}

type Found = Pick<ResolvedChunk, 'resolver' | 'grade' | 'evidence'> & { readonly lines: readonly string[] }

/** By the first that is sure enough, also within what both put alike; what only a check can confirm comes after all that is surer. */
function firstResolution(chunk: Chunk, policy: ResolverPolicy, reading: Reading): Found | null {
  const whole = firstFor(chunk, policy, reading)
  const trimmed = policy.upTo === 'certain' ? null : withoutSharedEnds(chunk, reading.facts)
  if (trimmed === null || (whole !== null && whole.grade !== 'checked')) return whole
  const inner = firstFor(trimmed.chunk, { ...policy, upTo: 'likely' }, reading)
  if (inner === null) return whole
  const lines = [...trimmed.head, ...inner.lines, ...trimmed.tail]
  return { ...inner, grade: 'likely', lines, evidence: `within what both put: ${inner.evidence}` }
}

function firstFor(chunk: Chunk, { upTo, off }: ResolverPolicy, { facts, isKnown }: Reading): Found | null {
  let fallback: Found | null = null
  for (const { name, resolve } of resolvers) {
    if (off.includes(name)) continue
    const resolution = resolve(chunk, facts, isKnown)
    if (resolution === null || !isAsSureAs(resolution.grade, upTo)) continue
    if (resolution.grade !== 'checked') return { ...resolution, resolver: name }
    fallback ??= { ...resolution, resolver: name }
  }
  return fallback
}
