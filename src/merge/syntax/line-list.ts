import type { Grammar } from '../../syntax/grammar.ts'
import type { SyntaxNode } from '../../syntax/parser.ts'
import { type ChildNode, ChildNodes } from './child-nodes.ts'
import { elementsOf, isList, type ListKind, listKinds } from './list-kinds.ts'
import type { Trees } from './trees.ts'

/** An element of a list, on lines of its own; what stands above it belongs to it. */
export class LineElement {
  readonly node: SyntaxNode
  /** Lines, from 0, with the comments above; `to` is the first behind it. */
  readonly from: number
  readonly to: number
  readonly #kind: ListKind
  #key: string | null | undefined

  constructor(node: SyntaxNode, kind: ListKind, { from, to }: LineRange) {
    this.node = node
    this.from = from
    this.to = to
    this.#kind = kind
  }

  /** Worked out when it is asked for: of most elements nobody asks. */
  get key(): string | null {
    if (this.#key === undefined) this.#key = this.#kind.keyOf(this.node)
    return this.#key
  }
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
  readonly #children = new ChildNodes()
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
      for (const child of this.#children.of(node)) if (isAround(child, range, this.#lines)) visit(child.node, here)
    }
    visit(this.#root, '')
    return found
  }

  /** A list as lines; null when its elements do not have lines of their own. */
  list(node: SyntaxNode): LineList | null {
    const known = this.#lists.get(node.id())
    if (known !== undefined) return known
    const list = this.#asLines(node)
    this.#lists.set(node.id(), list)
    return list
  }

  #asLines(list: SyntaxNode): LineList | null {
    const kind = listKinds[this.#grammar][String(list.kind())]
    const inner = kind === undefined ? null : innerLines(list, this.#children, this.#lines.length)
    if (kind === undefined || inner === null) return null
    const elements: LineElement[] = []
    let last = inner.from
    for (const { node, range } of elementsOf(list, this.#children)) {
      const own = ownLines(range, this.#lines)
      if (own === null || own.from < last || own.to > inner.to) return null
      const from = Math.min(afterBlankLines(last, this.#lines), own.from)
      elements.push(new LineElement(node, kind, { from, to: own.to }))
      last = own.to
    }
    return { kind, elements, from: inner.from, to: Math.max(inner.to, afterBlankLines(inner.to, this.#lines)) }
  }
}

/** Whether a node of several lines holds a place, or ends at it. */
const isAround = (child: ChildNode, range: LineRange, lines: readonly string[]): boolean => {
  const { start, end } = child.range
  if (start.line === end.line || !child.isNamed) return false
  return start.line <= range.from && afterBlankLines(end.line + 1, lines) >= range.to
}

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

/** The lines of an element, without those above; null when there is something else on them. */
function ownLines({ start, end }: ChildNode['range'], lines: readonly string[]): LineRange | null {
  const before = (lines[start.line] ?? '').slice(0, start.column)
  const after = end.column === 0 ? '' : (lines[end.line] ?? '').slice(end.column).trimEnd()
  const isAlone = /^\s*\|?\s*$/.test(before) && /^\s*[,;]?\s*(?:(?:\/\/|\/\*|#).*)?$/.test(after)
  return isAlone ? { from: start.line, to: end.column === 0 ? end.line : end.line + 1 } : null
}

function innerLines(list: SyntaxNode, children: ChildNodes, length: number): LineRange | null {
  const kind = String(list.kind())
  if (['program', 'module', 'source_file'].includes(kind)) return { from: 0, to: length }
  const { start, end } = list.range()
  if (kind === 'union_type') return { from: start.line, to: end.line + 1 }
  if (kind === 'block') {
    const parent = list.parent()
    const colon = parent && children.of(parent).find((child) => child.kind === ':')
    return { from: (colon?.range.end.line ?? start.line) + 1, to: end.line + 1 }
  }
  const open = children.of(list).find((child) => ['{', '(', '['].includes(child.kind))
  const close = children.of(list).findLast((child) => ['}', ')', ']'].includes(child.kind))
  return open === undefined || close === undefined
    ? null
    : { from: open.range.start.line + 1, to: close.range.start.line }
}
