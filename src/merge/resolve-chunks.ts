import { type FileFacts, fileFacts } from './resolvers/file-facts.ts'
import { formattingName, mayBeFormatting, mayBeIdle } from './resolvers/formatting.ts'
import { resolvers } from './resolvers/registry.ts'
import { areRewrittenImports } from './resolvers/import-lines.ts'
import { isAsSureAs, type IsKnown, type Resolution, type ResolverPolicy } from './resolvers/resolver.ts'
import { withoutSharedEnds } from './resolvers/shared-ends.ts'
import type { Excerpt } from './syntax/excerpt.ts'
import { resolveFormatting } from './syntax/resolve-formatting.ts'
import { type DecidedByLists, listsName, resolveLists } from './syntax/resolve-lists.ts'
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

/** Whether the syntax of a source may tell that a conflict is about nothing but form. */
const mayBeForm = (chunk: Chunk, { off, upTo }: ResolverPolicy): boolean =>
  !off.includes(formattingName) && (isAsSureAs('likely', upTo) ? mayBeFormatting : mayBeIdle)(chunk)

/** Whether some chunk stays in conflict whatever its syntax says. */
export const isHopeless = (known: ByLines, policy: ResolverPolicy): boolean =>
  [...known].some(
    ([chunk, found]) => found === null && !(mayAskLists(policy) && mayBeList(chunk)) && !mayBeForm(chunk, policy),
  )

/** Whether every chunk is decided for certain, or may be once its syntax is read. */
export const mayBeCertain = (known: ByLines, policy: ResolverPolicy): boolean =>
  [...known].every(([chunk, found]) => found?.grade === 'certain' || mayBeForm(chunk, { ...policy, upTo: 'certain' }))

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
  const reads = trees !== null && use !== 'never' && !isHopeless(known, policy)
  const forms = reads ? formsOf(text, policy, trees, known) : none
  const isDecided = (chunk: Chunk): boolean => forms.has(chunk) || (use !== 'first' && isCertain(chunk, known))
  const { segments, resolutions } =
    reads && mayAskLists(policy) ? listsOf(text, trees, isDecided) : { segments: text.segments, resolutions: none }
  const bySyntax = (chunk: Chunk): Found | null =>
    named(resolutions.get(chunk), listsName) ?? named(forms.get(chunk), formattingName)
  const found = segments.flatMap((segment): readonly [Chunk, Found | null][] => {
    if (segment.kind === 'clean') return []
    const { chunk } = segment
    return [[chunk, bySyntax(chunk) ?? known.get(chunk) ?? null]]
  })
  return { segments, found: new Map(found) }
}

const none: ReadonlyMap<Chunk, Resolution> = new Map()

const isCertain = (chunk: Chunk, known: ByLines): boolean => known.get(chunk)?.grade === 'certain'

const named = (resolution: Resolution | undefined, resolver: string): Found | null =>
  resolution === undefined ? null : { ...resolution, resolver }

/** What is about form alone, as far as it is sure enough. */
function formsOf(
  text: ConflictedText,
  policy: ResolverPolicy,
  trees: Trees,
  known: ByLines,
): ReadonlyMap<Chunk, Resolution> {
  const forms = resolveFormatting(text, trees, (chunk) => isCertain(chunk, known) || !mayBeForm(chunk, policy))
  return new Map([...forms].filter(([, { grade }]) => isAsSureAs(grade, policy.upTo)))
}

function listsOf(text: ConflictedText, trees: Trees, isDecided: (chunk: Chunk) => boolean): DecidedByLists {
  const facts = fileFacts(text.path)
  return resolveLists(
    text,
    trees,
    (chunk) => isDecided(chunk) || !mayBeList(chunk) || areRewrittenImports(chunk, facts),
  )
}

/** What resolvers know of the file besides the chunk. */
interface Reading {
  readonly facts: FileFacts
  readonly isKnown: IsKnown
}

function readingOf(text: ConflictedText): Reading {
  const known = new Map<keyof Versions, ReadonlySet<string>>()
  const isKnown: IsKnown = (line, version = 'base') => {
    const lines = known.get(version) ?? new Set(text[version].map((one) => one.trim()))
    known.set(version, lines)
    return lines.has(line.trim())
  }
  return { facts: fileFacts(text.path), isKnown }
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
