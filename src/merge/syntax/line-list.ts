import type { Grammar } from '../../syntax/grammar.ts'
import type { SyntaxNode } from '../../syntax/parser.ts'
import { elementsOf, isList, type ListKind, listKinds } from './list-kinds.ts'
import type { Trees } from './trees.ts'

/** An element of a list, on lines of its own; what stands above it belongs to it. */
export interface LineElement {
  readonly node: SyntaxNode
  readonly key: string | null
  /** Lines, from 0, with the comments above; `to` is the first behind it. */
  readonly from: number
  readonly to: number
}

/** A list whose elements have lines of their own. */
export interface LineList {
  readonly kind: ListKind
  readonly elements: readonly LineElement[]
  readonly from: number
  readonly to: number
}

/** A part of a text: half-open lines from 0; empty at a place between two lines. */
export interface LineRange {
  readonly from: number
  readonly to: number
}

/** The lists of a text; each is read once. */
export class ListReader {
  readonly #lines: readonly string[]
  readonly #root: SyntaxNode
  readonly #grammar: Grammar
  readonly #parts = new Map<number, readonly Part[]>()
  readonly #lists = new Map<number, LineList | null>()

  constructor(lines: readonly string[], { of, grammar }: Trees) {
    this.#lines = lines
    this.#root = of(lines.join(''))
    this.#grammar = grammar
  }

  /** The lists around a place, by where they are: `declaration/…/list`, the outermost first. */
  around(range: LineRange): ReadonlyMap<string, SyntaxNode> {
    const found = new Map<string, SyntaxNode>()
    const visit = (node: SyntaxNode, path: string): void => {
      const here = `${path}/${nameOf(node)}`
      if (isList(node, this.#grammar)) found.set(here, node)
      for (const part of this.#partsOf(node)) if (isAround(part, range, this.#lines)) visit(part.node, here)
    }
    visit(this.#root, '')
    return found
  }

  /** A list as lines; null when its elements do not have lines of their own. */
  list(node: SyntaxNode): LineList | null {
    const known = this.#lists.get(node.id())
    if (known !== undefined) return known
    const list = lineList(node, this.#grammar, this.#lines)
    this.#lists.set(node.id(), list)
    return list
  }

  #partsOf(node: SyntaxNode): readonly Part[] {
    const known = this.#parts.get(node.id())
    if (known !== undefined) return known
    const parts = node.children().flatMap((child): readonly Part[] => {
      if (!child.isNamed()) return []
      const { start, end } = child.range()
      return start.line === end.line ? [] : [{ node: child, from: start.line, last: end.line }]
    })
    this.#parts.set(node.id(), parts)
    return parts
  }
}

/** A node of several lines, from 0. */
interface Part {
  readonly node: SyntaxNode
  readonly from: number
  readonly last: number
}

const isAround = ({ from, last }: Part, range: LineRange, lines: readonly string[]): boolean =>
  from <= range.from && afterBlankLines(last + 1, lines) >= range.to

function afterBlankLines(line: number, lines: readonly string[]): number {
  let at = line
  while (at < lines.length && (lines[at] ?? '').trim() === '') at += 1
  return at
}

/** What tells a node from others of its kind. */
function nameOf(node: SyntaxNode): string {
  const named = node.field('name') ?? node.field('key') ?? node.field('function') ?? node.field('left')
  return `${String(node.kind())} ${named?.text().slice(0, 60) ?? ''}`
}

function lineList(list: SyntaxNode, grammar: Grammar, lines: readonly string[]): LineList | null {
  const kind = listKinds[grammar][String(list.kind())]
  const inner = kind === undefined ? null : innerLines(list, lines)
  if (kind === undefined || inner === null) return null
  const elements: LineElement[] = []
  let last = inner.from
  for (const node of elementsOf(list)) {
    const own = ownLines(node, lines)
    if (own === null || own.from < last || own.to > inner.to) return null
    elements.push({ node, key: kind.keyOf(node), from: Math.min(afterBlankLines(last, lines), own.from), to: own.to })
    last = own.to
  }
  return { kind, elements, from: inner.from, to: Math.max(inner.to, afterBlankLines(inner.to, lines)) }
}

/** The lines of an element, without those above; null when there is something else on them. */
function ownLines(node: SyntaxNode, lines: readonly string[]): LineRange | null {
  const { start, end } = node.range()
  const before = (lines[start.line] ?? '').slice(0, start.column)
  const after = end.column === 0 ? '' : (lines[end.line] ?? '').slice(end.column).trimEnd()
  const isAlone = /^\s*\|?\s*$/.test(before) && /^\s*[,;]?\s*(?:(?:\/\/|\/\*|#).*)?$/.test(after)
  return isAlone ? { from: start.line, to: end.column === 0 ? end.line : end.line + 1 } : null
}

function innerLines(list: SyntaxNode, lines: readonly string[]): LineRange | null {
  const kind = String(list.kind())
  if (['program', 'module', 'source_file'].includes(kind)) return { from: 0, to: lines.length }
  const { start, end } = list.range()
  if (kind === 'union_type') return { from: start.line, to: end.line + 1 }
  if (kind === 'block') {
    const colon = list
      .parent()
      ?.children()
      .find((child) => child.kind() === ':')
    return { from: (colon?.range().end.line ?? start.line) + 1, to: end.line + 1 }
  }
  const signs = list.children().filter((child) => !child.isNamed())
  const open = signs.find((sign) => '{(['.includes(sign.text()))
  const close = signs.findLast((sign) => '})]'.includes(sign.text()))
  if (open === undefined || close === undefined) return null
  return { from: open.range().start.line + 1, to: close.range().start.line }
}
