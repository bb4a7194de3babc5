import type { Grammar } from '../../syntax/grammar.ts'
import type { SyntaxNode } from '../../syntax/parser.ts'
import { elementsOf, isList, type ListKind, listKinds } from './list-kinds.ts'

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

/** A text, as a tree and as lines. */
interface ReadText {
  readonly root: SyntaxNode
  readonly grammar: Grammar
  readonly lines: readonly string[]
}

/** The lists around a place, by where they are: `declaration/…/list`, the outermost first. */
export function listsAround({ root, grammar, lines }: ReadText, range: LineRange): ReadonlyMap<string, SyntaxNode> {
  const found = new Map<string, SyntaxNode>()
  const visit = (node: SyntaxNode, path: string): void => {
    const here = `${path}/${nameOf(node)}`
    if (isList(node, grammar)) found.set(here, node)
    for (const child of node.children()) if (child.isNamed() && isAround(child, range, lines)) visit(child, here)
  }
  visit(root, '')
  return found
}

function isAround(node: SyntaxNode, { from, to }: LineRange, lines: readonly string[]): boolean {
  const { start, end } = node.range()
  if (start.line > from || start.line === end.line) return false
  return afterBlankLines(end.line + 1, lines) >= to
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

/** A list as lines; null when its elements do not have lines of their own. */
export function lineList(list: SyntaxNode, grammar: Grammar, lines: readonly string[]): LineList | null {
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
