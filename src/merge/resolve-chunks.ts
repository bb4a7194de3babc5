import { type FileFacts, fileFacts } from './resolvers/file-facts.ts'
import { resolvers } from './resolvers/registry.ts'
import { areRewrittenImports } from './resolvers/import-lines.ts'
import { isAsSureAs, type IsKnown, type Resolution, type ResolverPolicy } from './resolvers/resolver.ts'
import { withoutSharedEnds } from './resolvers/shared-ends.ts'
import type { Excerpt } from './syntax/excerpt.ts'
import { listsName, resolveLists } from './syntax/resolve-lists.ts'
import { mayBeList } from './syntax/may-be-list.ts'
import type { Trees } from './syntax/trees.ts'
import type { SideChanges } from './syntax/words.ts'
import type { Chunk, Segment, Versions } from './text/three-way.ts'

/** A file's text in conflict. */
export interface ConflictedText extends Versions {
  readonly path: string
  /** Its merge, as mergeThreeWays made it. */
  readonly segments: readonly Segment[]
  /** What each side changed, where it is known already. */
  readonly changes?: SideChanges
  /** Of an excerpt what was left out, by the line that stands for it. */
  readonly hidden?: Excerpt['hidden']
}

/** What a resolver made of a chunk. */
export interface Found extends Resolution {
  readonly resolver: string
}

/** A merge with what the resolvers make of each of its conflicts; null where none holds. */
export interface ResolvedChunks {
  /** As they were, but that a list may have widened a conflict. */
  readonly segments: readonly Segment[]
  readonly found: ReadonlyMap<Chunk, Found | null>
}

/** Whether lists are asked where no line rule is certain, before every line rule, or not at all. */
export type UseOfLists = 'where lines are not certain' | 'first' | 'never'

/** What the rules for lines make of each chunk by itself; null where none holds. */
export type ByLines = ReadonlyMap<Chunk, Found | null>

/** Asks the rules for lines about every chunk, whether or not the others can be resolved. */
export function resolveByLines(text: ConflictedText, policy: ResolverPolicy): ByLines {
  const reading = readingOf(text)
  const chunks = text.segments.flatMap((segment) => (segment.kind === 'conflict' ? [segment.chunk] : []))
  const isLock = reading.facts.kind === 'lock'
  return new Map(chunks.map((chunk) => [chunk, isLock ? null : firstResolution(chunk, policy, reading)]))
}

/** Whether lists of a source's syntax may decide. */
const mayAskLists = ({ off, upTo }: ResolverPolicy): boolean => !off.includes(listsName) && isAsSureAs('likely', upTo)

/** Whether some chunk stays in conflict whatever its syntax says. */
export const isHopeless = (known: ByLines, policy: ResolverPolicy): boolean =>
  [...known].some(([chunk, found]) => found === null && !(mayAskLists(policy) && mayBeList(chunk)))

/** What is known of the chunks, and when lists are asked. */
export interface HowToResolve {
  readonly known: ByLines
  readonly use: UseOfLists
}

/** Decides every chunk by its lines or by the list that it lies in. */
export function resolveChunks(
  text: ConflictedText,
  policy: ResolverPolicy,
  trees: Trees | null,
  { known = resolveByLines(text, policy), use = 'where lines are not certain' }: Partial<HowToResolve> = {},
): ResolvedChunks {
  const facts = fileFacts(text.path)
  const asks = use !== 'never' && mayAskLists(policy)
  const { segments, resolutions } =
    trees === null || !asks || isHopeless(known, policy)
      ? { segments: text.segments, resolutions: new Map<Chunk, Resolution>() }
      : resolveLists(text, trees, (chunk) => {
          const isDecided = use !== 'first' && known.get(chunk)?.grade === 'certain'
          return isDecided || !mayBeList(chunk) || areRewrittenImports(chunk, facts)
        })
  const found = segments.flatMap((segment): readonly [Chunk, Found | null][] => {
    if (segment.kind === 'clean') return []
    const byList = resolutions.get(segment.chunk)
    return [
      [segment.chunk, byList === undefined ? (known.get(segment.chunk) ?? null) : { ...byList, resolver: listsName }],
    ]
  })
  return { segments, found: new Map(found) }
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
