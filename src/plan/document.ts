import {
  type Document,
  type Pair,
  isAlias,
  isCollection,
  isNode,
  isPair,
  isScalar,
  parseDocument,
  type YAMLParseError,
} from 'yaml'
import { messageOf } from '../errors.ts'
import { keyText, type Path, Places } from './places.ts'
import type { Mistake } from './task.ts'

/** A YAML text (and so JSON) as far as it can be read. */
export interface YamlReading {
  /** What it stands for; null when that cannot be told. */
  readonly value: unknown
  readonly places: Places
  /** Whatever is no sound YAML. */
  readonly mistakes: readonly Mistake[]
  /** Keys that stand in their mapping already, which YAML itself would let pass. */
  readonly repeated: readonly RepeatedKey[]
  /** The first place from which on nothing is certain; null when all is. */
  readonly brokenFrom: Mistake | null
  readonly warnings: readonly Mistake[]
}

/** A key that stands in its mapping already. */
export interface RepeatedKey {
  readonly path: Path
  readonly mistake: Mistake
  /** The place where it stood before. */
  readonly before: Pick<Mistake, 'line' | 'column' | 'path'>
}

/** More uses of anchors than this are taken for an attack on the memory. */
const mostAliases = 50

/** Reads a YAML text; never throws for what the text holds. */
export function readYaml(text: string): YamlReading {
  const document = parsed(text)
  const places = new Places(document, text)
  const walk: Walk = { anchors: new Set(), aliases: [], quotes: [], mistakes: [], repeated: [], places }
  walkNode(document.contents, [], walk)
  const syntax = document.errors.map((error) => syntaxMistake(error, walk))
  const warnings = document.warnings.map(({ pos, message }) => places.atOffset(pos[0], message))
  const mistakes = [...syntax, ...walk.mistakes]
  const reading = { places, warnings, mistakes, repeated: walk.repeated, brokenFrom: syntax[0] ?? null }
  try {
    return { ...reading, value: document.toJS({ maxAliasCount: mostAliases }) }
  } catch (error) {
    const dangling = walk.mistakes.length > 0
    const message =
      error instanceof ReferenceError ? `anchors are used more than ${mostAliases} times` : messageOf(error)
    const all = dangling ? mistakes : [...mistakes, places.atOffset(walk.aliases[0] ?? 0, message)]
    return { ...reading, value: null, mistakes: all, brokenFrom: reading.brokenFrom ?? places.atOffset(0, '') }
  }
}

/** What nests too deeply for the parser's own recursion becomes an empty document with an error. */
function parsed(text: string): Document.Parsed {
  // keys that stand twice are found below, with their paths
  const options = { prettyErrors: false, strict: true, uniqueKeys: false, logLevel: 'error' } as const
  try {
    return parseDocument(text, options)
  } catch (error) {
    const empty = parseDocument('', options)
    return Object.assign(empty, { errors: [{ pos: [0, 0], code: 'IMPOSSIBLE', message: messageOf(error) }] })
  }
}

/** What the parser says, put for those who write manifests. */
function syntaxMistake({ pos: [offset], code, message }: Fault, { quotes, places }: Walk): Mistake {
  if (code === 'MULTIPLE_DOCS') return places.atOffset(offset, 'a manifest is one document, and another begins here')
  if (!message.startsWith('Missing closing')) return places.atOffset(offset, message)
  // the parser is at the end of the text by then
  const opened = quotes.findLast((quote) => quote < offset) ?? offset
  return places.atOffset(opened, 'this quote is not closed')
}

type Fault = Pick<YAMLParseError, 'pos' | 'code' | 'message'>

interface Walk {
  /** Anchors that are complete at this point of the text. */
  readonly anchors: Set<string>
  /** Offsets of all aliases. */
  readonly aliases: number[]
  /** Offsets of all texts in quotes. */
  readonly quotes: number[]
  readonly mistakes: Mistake[]
  readonly repeated: RepeatedKey[]
  readonly places: Places
}

function walkNode(node: unknown, path: Path, walk: Walk): void {
  if (isAlias(node)) {
    const offset = node.range?.[0] ?? 0
    walk.aliases.push(offset)
    if (!walk.anchors.has(node.source))
      walk.mistakes.push(walk.places.atOffset(offset, `no anchor is called &${node.source} up to here`, path))
    return
  }
  if (isCollection(node)) walkItems(node.items, path, walk)
  else if (!isScalar(node)) return
  else if (node.type?.startsWith('QUOTE') === true) walk.quotes.push(node.range?.[0] ?? 0)
  if (node.anchor !== undefined) walk.anchors.add(node.anchor)
}

function walkItems(items: readonly unknown[], path: Path, walk: Walk): void {
  const seen = new Map<string, number>()
  for (const [index, item] of items.entries()) {
    if (isPair(item)) walkPair(item, path, { seen, walk })
    else walkNode(item, [...path, index], walk)
  }
}

interface PairWalk {
  /** The keys that stand before in the same mapping, and where. */
  readonly seen: Map<string, number>
  readonly walk: Walk
}

/** Schemas pass over it, and what it stands for would go unchecked. */
const noKey = '__proto__ cannot be a key'

function walkPair({ key, value }: Pair, path: Path, { seen, walk }: PairWalk): void {
  const { mistakes, repeated, places } = walk
  const offset = isNode(key) ? (key.range?.[0] ?? 0) : 0
  const name = isScalar(key) ? keyText(key) : ''
  const at = [...path, name]
  const before = seen.get(name)
  if (!isScalar(key)) mistakes.push(places.atOffset(offset, 'a key must be text', path))
  else if (name === '__proto__') mistakes.push(places.atOffset(offset, noKey, at))
  else if (before !== undefined) {
    const message = `${name === '' ? 'an empty key' : name} stands here twice`
    const mistake = places.atOffset(offset, message, at)
    repeated.push({ path: at, mistake, before: places.atOffset(before, message, at) })
  }
  seen.set(name, offset)
  walkNode(key, at, walk)
  walkNode(value, at, walk)
}
