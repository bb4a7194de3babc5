import type { Grammar } from '../../syntax/grammar.ts'
import type { SyntaxNode } from '../../syntax/parser.ts'
import type { ChildNode, ChildNodes } from './child-nodes.ts'
import { keyOfStatement, keyOfTest } from './statement-keys.ts'

/** A kind of node whose children are a list without an order that means something. */
export interface ListKind {
  /** What its elements are, for people. */
  readonly elements: string
  readonly separator: ',' | '|' | ''
  /** Whether people may keep it in the order of its keys. */
  readonly isSortable?: boolean
  /** Whether its elements stand in columns, which move with each that is added. */
  readonly isInColumns?: boolean
  /** What an element is known by; null for one whose place matters. */
  readonly keyOf: (node: SyntaxNode) => string | null
}

const byField =
  (...names: readonly string[]) =>
  (node: SyntaxNode): string | null => {
    for (const name of names) {
      const field = node.field(name)
      if (field !== null) return field.text()
    }
    return null
  }

const byText = (node: SyntaxNode): string => node.text().replaceAll(/\s+/g, ' ')

/** `get` and `set` of one name, and static members, are others. */
function keyOfMember(node: SyntaxNode): string | null {
  const name = node.field('name') ?? node.field('property')
  if (name === null) return node.kind() === 'class_static_block' ? null : byText(node)
  const before = node.text().slice(0, name.range().start.index - node.range().start.index)
  const words = (before.match(/\b(?:get|set|static)\s/g) ?? []).join('')
  return `${words}${name.text()}`
}

function keyOfPair(node: SyntaxNode): string | null {
  if (node.kind() === 'shorthand_property_identifier' || node.kind() === 'shorthand_property_identifier_pattern')
    return node.text()
  const key = node.field('key') ?? (node.kind() === 'method_definition' ? node.field('name') : null)
  return key?.text() ?? null
}

/** Words and names: of a list of anything else the order may matter. */
const keyOfWord = (node: SyntaxNode): string | null =>
  ['string', 'identifier', 'interpreted_string_literal'].includes(String(node.kind())) ? node.text() : null

const names: ListKind = { elements: 'names', separator: ',', isSortable: true, keyOf: byText }
const words: ListKind = { elements: 'words of a list', separator: ',', isSortable: true, keyOf: keyOfWord }
const members: ListKind = { elements: 'members', separator: '', keyOf: keyOfMember }
const keys: ListKind = { elements: 'keys', separator: ',', keyOf: keyOfPair }

const javascript: Readonly<Record<string, ListKind>> = {
  program: { elements: 'declarations', separator: '', keyOf: keyOfStatement },
  statement_block: { elements: 'tests', separator: '', keyOf: keyOfTest },
  class_body: members,
  object: keys,
  object_pattern: keys,
  array: words,
  named_imports: names,
  export_clause: names,
}

const typescript: Readonly<Record<string, ListKind>> = {
  ...javascript,
  interface_body: members,
  object_type: members,
  enum_body: { elements: 'members', separator: ',', keyOf: (node) => node.field('name')?.text() ?? node.text() },
  union_type: { elements: 'alternatives', separator: '|', keyOf: byText },
}

/** Kinds of lists by grammar and kind of node. */
export const listKinds: Readonly<Record<Grammar, Readonly<Record<string, ListKind>>>> = {
  javascript,
  typescript,
  tsx: typescript,
  python: {
    module: { elements: 'declarations', separator: '', keyOf: keyOfStatement },
    block: { elements: 'members', separator: '', keyOf: keyOfStatement },
    dictionary: keys,
    argument_list: { elements: 'arguments', separator: ',', keyOf: byField('name') },
    list: words,
    set: words,
    tuple: words,
    import_from_statement: names,
  },
  go: {
    source_file: { elements: 'declarations', separator: '', keyOf: keyOfStatement },
    import_spec_list: { elements: 'imports', separator: '', isSortable: true, keyOf: byText },
    field_declaration_list: { elements: 'fields', separator: '', isInColumns: true, keyOf: keyOfField },
    interface_type: { elements: 'members', separator: '', keyOf: keyOfMember },
    const_declaration: { elements: 'constants', separator: '', isInColumns: true, keyOf: keyOfConstant },
    var_declaration: { elements: 'variables', separator: '', isInColumns: true, keyOf: byField('name') },
    literal_value: { elements: 'keys', separator: ',', isInColumns: true, keyOf: keyOfElement },
  },
}

function keyOfField(node: SyntaxNode): string {
  const named = node.fieldChildren('name').map((name) => name.text())
  return named.length > 0 ? named.join(',') : byText(node)
}

/** Constants that count on by `iota` have their place. */
function keyOfConstant(node: SyntaxNode): string | null {
  return /\biota\b/.test(node.parent()?.text() ?? '') ? null : (node.field('name')?.text() ?? null)
}

function keyOfElement(node: SyntaxNode): string | null {
  return node.kind() === 'keyed_element' ? (node.child(0)?.text() ?? null) : null
}

/** Whether a node of such a kind is such a list here: only the body of a class is one in Python, only that of a suite of tests in JavaScript. */
export function isList(node: SyntaxNode, grammar: Grammar): boolean {
  const kind = String(node.kind())
  if (!Object.hasOwn(listKinds[grammar], kind)) return false
  const parent = node.parent()
  if (kind === 'block') return parent?.kind() === 'class_definition'
  if (kind === 'statement_block') return isSuite(parent)
  return kind !== 'union_type' || parent?.kind() !== 'union_type'
}

/** Whether a function is what a suite of tests is given. */
function isSuite(made: SyntaxNode | null): boolean {
  const given = made?.parent()
  const call = given?.kind() === 'arguments' ? given.parent() : null
  return /^(?:describe|suite|context|test\.describe)\b/.test(call?.field('function')?.text() ?? '')
}

/** The elements of a list as nodes, without comments and signs. */
export function elementsOf(list: SyntaxNode, children: ChildNodes): readonly ChildNode[] {
  const kind = list.kind()
  if (kind === 'union_type')
    return children
      .of(list)
      .filter((child) => child.isNamed && child.kind !== 'comment')
      .flatMap((child) => (child.kind === 'union_type' ? elementsOf(child.node, children) : [child]))
  if (kind === 'import_from_statement') return children.inField(list, 'name')
  return children.of(list).filter((child) => child.isNamed && !isAside(child))
}

const isAside = ({ kind }: ChildNode): boolean => ['comment', 'decorator', 'empty_statement'].includes(kind)
