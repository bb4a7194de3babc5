import { type Document, isAlias, isCollection, isPair, isScalar, LineCounter, parseDocument } from 'yaml'
import { messageOf } from '../errors.ts'
import { type Path, Places } from './places.ts'
import type { Mistake } from './task.ts'

/** A YAML text (and so JSON) as far as it can be read. */
export interface YamlReading {
  /** What it stands for; null when that cannot be told. */
  readonly value: unknown
  readonly places: Places
  /** Whatever is no sound YAML. */
  readonly mistakes: readonly Mistake[]
  /** The first place from which on nothing is certain; null when all is. */
  readonly brokenFrom: Mistake | null
  readonly warnings: readonly Mistake[]
}

/** More uses of anchors than this are taken for an attack on the memory. */
const mostAliases = 50

/** Reads a YAML text; never throws for what the text holds. */
export function readYaml(text: string): YamlReading {
  const lines = new LineCounter()
  const document = parsed(text, lines)
  const places = new Places(document, lines)
  const syntax = document.errors.map(({ pos, message }) => places.atOffset(pos[0], message))
  const walk: Walk = { anchors: new Set(), aliases: [], mistakes: [], places }
  walkNode(document.contents, [], walk)
  const warnings = document.warnings.map(({ pos, message }) => places.atOffset(pos[0], message))
  const reading = { places, warnings, mistakes: [...syntax, ...walk.mistakes], brokenFrom: syntax[0] ?? null }
  try {
    return { ...reading, value: document.toJS({ maxAliasCount: mostAliases }) }
  } catch (error) {
    const dangling = walk.mistakes.length > 0
    const message =
      error instanceof ReferenceError ? `anchors are used more than ${mostAliases} times` : messageOf(error)
    const mistakes = dangling ? reading.mistakes : [...reading.mistakes, places.atOffset(walk.aliases[0] ?? 0, message)]
    return { ...reading, value: null, mistakes, brokenFrom: reading.brokenFrom ?? places.atOffset(0, '') }
  }
}

/** What nests too deeply for the parser's own recursion becomes an empty document with an error. */
function parsed(text: string, lineCounter: LineCounter): Document.Parsed {
  // keys that stand twice are found below, with their paths
  const options = { lineCounter, prettyErrors: false, strict: true, uniqueKeys: false } as const
  try {
    return parseDocument(text, options)
  } catch (error) {
    const empty = parseDocument('', options)
    return Object.assign(empty, { errors: [{ pos: [0, 0], message: messageOf(error) }] })
  }
}

interface Walk {
  /** Anchors that are complete at this point of the text. */
  readonly anchors: Set<string>
  /** Offsets of all aliases. */
  readonly aliases: number[]
  readonly mistakes: Mistake[]
  readonly places: Places
}

function walkNode(node: unknown, path: Path, walk: Walk): void {
  if (isAlias(node)) {
    const offset = node.range?.[0] ?? 0
    walk.aliases.push(offset)
    if (!walk.anchors.has(node.source))
      walk.mistakes.push(walk.places.atOffset(offset, `no anchor is called &${node.source} up to here`, path))
  } else if (isCollection(node)) walkItems(node.items, path, walk)
  if ((isCollection(node) || isScalar(node)) && node.anchor !== undefined) walk.anchors.add(node.anchor)
}

function walkItems(items: readonly unknown[], path: Path, walk: Walk): void {
  const seen = new Set<string>()
  for (const [index, item] of items.entries()) {
    if (!isPair(item)) {
      walkNode(item, [...path, index], walk)
      continue
    }
    const key = isScalar(item.key) ? String(item.key.value) : ''
    const at = [...path, key]
    if (isScalar(item.key) && seen.has(key))
      walk.mistakes.push(walk.places.atOffset(item.key.range?.[0] ?? 0, `${key} stands here twice`, at))
    seen.add(key)
    walkNode(item.key, at, walk)
    walkNode(item.value, at, walk)
  }
}
