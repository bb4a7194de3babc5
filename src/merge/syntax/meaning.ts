import type { SyntaxNode } from '../../syntax/parser.ts'

/**
 * What a piece of a source text says, without its form: lines and spaces, signs that may as well be left out (`;`, a comma in front of
 * a closing bracket, brackets around what is one thing in any case), and which quotes stand around a text or a key.
 */
export function meaningOf(node: SyntaxNode, depth = 0): string {
  if (depth > deepest) return node.text()
  const kind = String(node.kind())
  const within = partsIn(node)
  const only = within.length === 1 ? within[0] : undefined
  if (only !== undefined && isAround(kind, node)) return meaningOf(only, depth + 1)
  const text = textOf(kind, node)
  if (text !== null) return text
  return `(${kind} ${within.map((part) => meaningOf(part, depth + 1)).join(' ')})`
}

/** What lies deeper counts as it is written. */
const deepest = 500

/** What a leaf, or a text in quotes, says; null for what has parts that say it. */
function textOf(kind: string, node: SyntaxNode): string | null {
  if (kind === 'string') return isKey(node) ? keyOf(node.text()) : quoted(node)
  if (kind === 'property_identifier' && isKey(node)) return `key ${node.text()}`
  if (kind === 'jsx_text') return JSON.stringify(jsxLines(node.text()))
  if (literal.test(kind)) return node.text()
  if (!node.isLeaf()) return null
  return `${kind} ${JSON.stringify(kind === 'comment' ? trimmed(node.text()) : node.text())}`
}

/** What counts sign by sign, whatever parts it has. */
const literal = /_string_literal$|^template_|^regex/

/** The parts of a node that say something. */
function partsIn(node: SyntaxNode): readonly SyntaxNode[] {
  const all = node.children()
  const kind = String(node.kind())
  return all.filter((one, at) => !isForm(String(one.kind()), { kind, before: all[at - 1], after: next(all, at) }))
}

function next(all: readonly SyntaxNode[], at: number): SyntaxNode | undefined {
  let after = at + 1
  while (all[after]?.kind() === 'comment') after += 1
  return all[after]
}

interface Place {
  /** Of what it is in. */
  readonly kind: string
  readonly before: SyntaxNode | undefined
  readonly after: SyntaxNode | undefined
}

function isForm(sign: string, { kind, before, after }: Place): boolean {
  if (sign.trim() === '' || sign === 'line_continuation') return true
  if (sign === 'jsx_text') return false
  if (sign === ';') return !kind.startsWith('for')
  if (sign === ',') return separated.has(kind) || (kind !== 'subscript' && isLast(before, after))
  return (sign === '(' || sign === ')') && bracketed.has(kind)
}

/** What brackets are around of only for its form: more than one thing in them would be something else. */
const bracketed: ReadonlySet<string> = new Set([
  'import_from_statement',
  'parenthesized_expression',
  'formal_parameters',
])

/** Types of TypeScript, in which `,` and `;` are one. */
const separated: ReadonlySet<string> = new Set(['object_type', 'interface_body'])

const isLast = (before: SyntaxNode | undefined, after: SyntaxNode | undefined): boolean =>
  /^[)\]}>]$/.test(String(after?.kind() ?? '')) && !/^[,([{<]$/.test(String(before?.kind() ?? ''))

/** Whether a node is nothing but brackets around its only part: what that is part of holds it together as well. */
function isAround(kind: string, node: SyntaxNode): boolean {
  const parent = String(node.parent()?.kind() ?? '')
  if (kind === 'formal_parameters' || kind === 'required_parameter')
    return parent === 'arrow_function' || parent === 'formal_parameters'
  return kind === 'parenthesized_expression' && !bound.has(parent)
}

/** Where brackets tell more than what belongs together, as in `(a?.b).c` and `('use strict')`. */
const bound: ReadonlySet<string> = new Set([
  'member_expression',
  'subscript_expression',
  'call_expression',
  'new_expression',
  'non_null_expression',
  'expression_statement',
])

const isKey = (node: SyntaxNode): boolean => {
  const parent = node.parent()
  return parent?.kind() === 'pair' && parent.child(0)?.id() === node.id()
}

const keyOf = (text: string): string => (/^["'][A-Za-z_$][\w$]*["']$/.test(text) ? `key ${text.slice(1, -1)}` : text)

/** A text with double quotes, whichever it has, where these are all that may differ. */
function quoted(node: SyntaxNode): string {
  const text = node.text()
  const [, before = '', , content = ''] = /^(\w*)("""|'''|"|')([^]*)\2$/.exec(text) ?? []
  const isPlain = !/["'\\]/.test(content)
  if (isPlain) return `${before}"${content}"`
  if (before !== '' || node.parent()?.kind() === 'jsx_attribute') return text
  return JSON.stringify(content.replaceAll(/\\([^])/g, (all, sign: string) => (/["']/.test(sign) ? sign : all)))
}

const trimmed = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.trim())
    .join('\n')

/** A text among elements as it is shown: lines are words in a row, and what is empty at a line's end is nothing. */
function jsxLines(text: string): string {
  const lines = text.split('\n')
  const bare = lines.map((line, at) => {
    const start = at === 0 ? line : line.trimStart()
    return at === lines.length - 1 ? start : start.trimEnd()
  })
  return bare.filter((line) => line !== '').join(' ')
}
