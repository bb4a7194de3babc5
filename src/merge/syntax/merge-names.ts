import type { SyntaxNode } from '../../syntax/parser.ts'
import { ChildNodes } from './child-nodes.ts'
import { elementsOf } from './list-kinds.ts'
import { isSorted, mergeElements } from './merge-elements.ts'
import { changedByOne } from './versions.ts'
import type { Head } from './written-list.ts'

/** Lists within one statement whose elements say all by themselves. */
const inner = ['named_imports', 'export_clause', 'object_pattern', 'union_type']

/**
 * A statement that differs in nothing but the names of its one list (names that are brought in, alternatives of a type) with the names
 * of both sides; null where it is another, or differs in something else.
 */
export function mergeNames(base: Head | null, ours: Head, theirs: Head): string | null {
  const [was, mine, other] = [base === null ? noNames : namesIn(base), namesIn(ours), namesIn(theirs)]
  if (was === null || mine === null || other === null) return null
  const before = changedByOne(was.before, mine.before, other.before)
  const after = changedByOne(was.after, mine.after, other.after)
  if (before === null || after === null) return null
  const versions = { base: was.names.map(named), ours: mine.names.map(named), theirs: other.names.map(named) }
  const areSorted = Object.values(versions).every(isSorted)
  const names = mergeElements({ ...versions, areSorted }, () => null)?.elements ?? []
  if (names.length === 0) return null
  const { open, between, close } = !mine.open.includes('\n') && other.open.includes('\n') ? other : mine
  return before + open + names.map(({ text }) => text).join(between) + close + after
}

const named = (text: string): { readonly key: string; readonly text: string } => ({ key: text, text })

/** A statement with a list in it, taken apart. */
interface Names {
  readonly before: string | undefined
  readonly open: string
  readonly between: string
  readonly close: string
  readonly after: string | undefined
  readonly names: readonly string[]
}

/** Where nothing was. */
const noNames: Names = { before: undefined, open: '', between: '', close: '', after: undefined, names: [] }

function namesIn({ text, node }: Head): Names | null {
  const list = node === null ? null : onlyList(node)
  if (node === null || list === null) return null
  const names = elementsOf(list, new ChildNodes()).map((child) => child.node)
  const [first, second, last] = [names[0], names[1], names.at(-1)]
  if (first === undefined || last === undefined) return null
  // the head ends where its node does
  const shift = text.length - node.range().end.index
  const slice = (from: number, to: number): string => text.slice(from + shift, to + shift)
  const { from, to } = extentOf(list, first, last)
  const open = slice(from, first.range().start.index)
  const gaps = names.slice(1).map((name, at) => slice(names[at]?.range().end.index ?? 0, name.range().start.index))
  const close = slice(last.range().end.index, to)
  if (![open, close, ...gaps].every((gap) => /^[\s,|(){}]*$/.test(gap))) return null
  const sign = list.kind() === 'union_type' ? '|' : ','
  const lonely = sign === '|' ? ' | ' : open.includes('\n') ? `,${open.replace(/^[^\s]*/, '')}` : ', '
  return {
    before: text.slice(0, from + shift),
    open,
    between: second === undefined ? lonely : (gaps[0] ?? lonely),
    close,
    after: text.slice(to + shift),
    names: names.map((name) => name.text()),
  }
}

function onlyList(node: SyntaxNode): SyntaxNode | null {
  if (node.kind() === 'import_from_statement') return node
  const kinds = ['import_statement', 'export_statement', 'lexical_declaration', 'type_alias_declaration']
  if (!kinds.includes(String(node.kind()))) return null
  const lists = innerLists(node)
  return lists.length === 1 ? (lists[0] ?? null) : null
}

/** What a statement may hold whole. */
const bodies = new Set(['statement_block', 'class_body', 'interface_body', 'enum_body'])

/** A statement that has them has them near its beginning; what else it holds is not gone through. */
const innerLists = (node: SyntaxNode, depth = 3): readonly SyntaxNode[] =>
  node.children().flatMap((child) => {
    if (inner.includes(String(child.kind()))) return [child]
    return depth === 0 || bodies.has(String(child.kind())) ? [] : innerLists(child, depth - 1)
  })

interface Extent {
  readonly from: number
  readonly to: number
}

/** In Python the list is what comes behind `import`, with brackets or without. */
function extentOf(list: SyntaxNode, first: SyntaxNode, last: SyntaxNode): Extent {
  if (list.kind() !== 'import_from_statement') {
    const { start, end } = list.range()
    return { from: start.index, to: end.index }
  }
  const open = list.children().find((child) => child.text() === '(')
  return { from: (open ?? first).range().start.index, to: Math.max(last.range().end.index, list.range().end.index) }
}
