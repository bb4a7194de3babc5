import { BoundedMemory } from './bounded-memory.ts'
import type { Objects } from '../changes/objects.ts'
import { grammarOf } from '../syntax/grammar.ts'
import type { Parser } from '../syntax/parser.ts'
import type { Hunk } from './diff-hunks.ts'
import { nothingDeclared, type RegenerateRule, ruleFor } from './declared-files.ts'
import type { ResolvedChunk, TextResolution } from './resolve-text.ts'
import { isAsSureAs, type ResolverPolicy } from './resolvers/resolver.ts'
import { diffLines, type LineHunk, numbered, type NumberedLines } from './text/line-diff.ts'
import { linesOf } from './text/lines.ts'
import { mergeThreeWays } from './text/three-way.ts'

/** A text as lines, and how its bytes were read. */
export interface Text {
  readonly lines: readonly string[]
  readonly encoding: 'utf8' | 'latin1'
  /** The blob that holds it; null for one that was made here and is not stored. */
  readonly oid: string | null
}

/** How a text came out of a merge; `unlike` is for git to judge: a binary file, or texts of different encodings. */
export type TextMerge =
  | { readonly how: 'merged'; readonly text: Text; readonly chunks: readonly ResolvedChunk[] }
  | { readonly how: 'conflict' }
  | { readonly how: 'unlike' }

/** A merge of texts that is done, or all of it but what takes reading a source's syntax. */
export type BegunText =
  | TextMerge
  | {
      readonly how: 'open'
      /** Whether every chunk is certain, or may be once the syntax is read. */
      readonly isCertain: boolean
      readonly finish: () => Promise<TextMerge>
    }

/** The versions of a file, as blobs but for what was made here. */
export interface FileVersions {
  readonly path: string
  readonly base: string
  readonly ours: string | Text
  readonly theirs: string
}

/** Lines of texts that are remembered; a line takes about 50 bytes and its characters. */
const mostLines = 500_000
/** Changes between two texts that are remembered. */
const mostChanges = 100_000

/** Merges texts in memory; a blob is read once and a pair compared once, as long as they are not too many. */
export class TextMerges {
  readonly #objects: Objects
  readonly #policy: ResolverPolicy | null
  readonly #texts = new BoundedMemory<Text | null>(mostLines)
  readonly #reading = new Map<string, Promise<Text | null>>()
  readonly #compared = new BoundedMemory<readonly LineHunk[]>(mostChanges)
  /** Loaded at the first conflict in a source text: most merges need none. */
  #parse: Promise<Parser | null> | null = null

  /** @param policy what resolvers may decide; null for nothing */
  constructor(objects: Objects, policy: ResolverPolicy | null) {
    this.#objects = objects
    this.#policy = policy
  }

  /** The command that makes a file anew, unless it has failed; null where there is none. */
  remakes(path: string): RegenerateRule | null {
    const rule = ruleFor(this.#policy?.declared ?? nothingDeclared, path)
    return rule?.failed === undefined ? rule : null
  }

  /** How sure decisions must be; null where none are made. */
  get upTo(): ResolverPolicy['upTo'] {
    return this.#policy?.upTo ?? null
  }

  /** Whether every decision about a file is as sure as it must be. */
  mayKeep({ chunks }: { readonly chunks: readonly ResolvedChunk[] }): boolean {
    return chunks.every(({ grade }) => grade === 'certain' || isAsSureAs(grade, this.upTo))
  }

  async merge(versions: FileVersions): Promise<TextMerge> {
    const begun = await this.begin(versions)
    return begun.how === 'open' ? await begun.finish() : begun
  }

  /** Merges as far as that goes without reading a source's syntax, which takes longer than all else. */
  async begin({ path, ...blobs }: FileVersions): Promise<BegunText> {
    const [base, ours, theirs] = await Promise.all([
      this.#text(blobs.base),
      this.#text(blobs.ours),
      this.#text(blobs.theirs),
    ])
    if (base === null || ours === null || theirs === null) return { how: 'unlike' }
    if (ours.encoding !== base.encoding || theirs.encoding !== base.encoding) return { how: 'unlike' }
    return await this.#beginTexts(path, { base, ours, theirs })
  }

  /** Two texts that nobody had before: they never go together, but where one is empty git takes the other. */
  async meetAdded(ours: string, theirs: string): Promise<TextMerge> {
    const texts = await Promise.all([this.#text(ours), this.#text(theirs)])
    return texts.every((text) => text !== null && text.lines.length > 0) ? { how: 'conflict' } : { how: 'unlike' }
  }

  async #beginTexts(
    path: string,
    { base, ours, theirs }: Readonly<Record<'base' | 'ours' | 'theirs', Text>>,
  ): Promise<BegunText> {
    const { encoding } = base
    const versions = { base: base.lines, ours: ours.lines, theirs: theirs.lines }
    let lines: NumberedLines | null = null // once for both sides
    const numberedBase = (): NumberedLines => (lines ??= numbered(base.lines))
    const hunks = {
      ours: this.#compare(base, ours, numberedBase),
      theirs: this.#compare(base, theirs, numberedBase),
    }
    const segments = mergeThreeWays(versions, hunks)
    if (segments.every(({ kind }) => kind === 'clean')) {
      const merged = segments.flatMap((segment) => (segment.kind === 'clean' ? segment.lines : []))
      return { how: 'merged', text: { lines: merged, encoding, oid: null }, chunks: [] }
    }
    if (this.#policy === null) return { how: 'conflict' }
    const { beginFile } = await import('./resolve-file.ts') // most folds need none of the resolvers
    const begun = beginFile({ path, segments, changes: hunks, ...versions }, this.#policy)
    if (begun.how === 'done') return asMerge(begun.resolution, encoding)
    const finish = async () => asMerge(begun.finish(await this.#parserOf(path)), encoding)
    return { how: 'open', isCertain: begun.isCertain, finish }
  }

  /** The changes between two blobs; none where one of them is no text. */
  async hunksBetween(from: string, to: string): Promise<readonly Hunk[]> {
    const [old, now] = await Promise.all([this.#text(from), this.#text(to)])
    if (old === null || now === null) return []
    return this.#compare(old, now).map((hunk) => ({
      ...hunk,
      text: now.lines.slice(hunk.newFrom, hunk.newTo).join(''),
    }))
  }

  /** The id of the blob that holds a text, stored when it was made here. */
  async store(text: Text): Promise<string> {
    return text.oid ?? (await this.#objects.write('blob', Buffer.from(text.lines.join(''), text.encoding)))
  }

  /** Null where this machine has none for the file: then only the rules for lines hold. */
  async #parserOf(path: string): Promise<Parser | null> {
    this.#parse ??= import('../syntax/parser.ts').then(({ loadParser }) => loadParser()).catch(() => null)
    const parse = await this.#parse
    return parse !== null && canParse(parse, path) ? parse : null
  }

  #text(blob: string | Text): Promise<Text | null> {
    if (typeof blob !== 'string') return Promise.resolve(blob)
    const known = this.#texts.get(blob)
    if (known !== undefined) return Promise.resolve(known)
    const reading = this.#reading.get(blob) ?? this.#read(blob).finally(() => this.#reading.delete(blob))
    this.#reading.set(blob, reading)
    return reading
  }

  async #read(blob: string): Promise<Text | null> {
    const { content } = await this.#objects.read(blob)
    const text = textOf(content, blob)
    this.#texts.set(blob, text, 1 + (text?.lines.length ?? 0))
    return text
  }

  #compare(base: Text, side: Text, numberedBase = () => numbered(base.lines)): readonly LineHunk[] {
    const compare = (): readonly LineHunk[] => diffLines(base.lines, side.lines, numberedBase())
    if (base.oid === null || side.oid === null) return compare()
    const key = `${base.oid} ${side.oid}`
    const known = this.#compared.get(key)
    if (known !== undefined) return known
    const compared = compare()
    this.#compared.set(key, compared, 1 + compared.length)
    return compared
  }
}

/** A grammar that does not come with the parser is loaded when it is first asked for. */
function canParse(parse: Parser, path: string): boolean {
  const grammar = grammarOf(path)
  try {
    if (grammar !== null) parse(grammar, '')
    return true
  } catch {
    return false
  }
}

function asMerge(resolution: TextResolution, encoding: Text['encoding']): TextMerge {
  if (resolution.how === 'left') return { how: 'conflict' }
  const text = { lines: linesOf(resolution.text), encoding, oid: null }
  return { how: 'merged', text, chunks: resolution.chunks }
}

/** Git looks for a NUL in this many bytes to tell binary files (xdiff-interface.c, `buffer_is_binary`). */
const lookedAtBytes = 8_000

/** The text of a blob; null for a binary one. Read byte by byte where it is not UTF-8, so that nothing changes that is not meant. */
export function textOf(content: Buffer, oid: string | null): Text | null {
  if (content.subarray(0, lookedAtBytes).includes(0)) return null
  const text = content.toString('utf8')
  const isUtf8 = !text.includes('\uFFFD') || Buffer.from(text).equals(content)
  return { lines: linesOf(isUtf8 ? text : content.toString('latin1')), encoding: isUtf8 ? 'utf8' : 'latin1', oid }
}
