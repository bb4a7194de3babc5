import type { Grammar } from '../../syntax/grammar.ts'
import type { SyntaxNode } from '../../syntax/parser.ts'
import type { AroundText } from './stale-name.ts'
import type { Trees } from './trees.ts'
import { wordsIn } from './words.ts'

/** A name that is declared more often in one scope than in either side; null when there is none. */
export function declaredTwice(
  text: string,
  sides: readonly string[],
  { trees, put }: Pick<AroundText, 'trees' | 'put'>,
): string | null {
  const nameOf = (key: string): string => key.slice(key.indexOf(' ') + 1)
  // what holds no word that a side wrote was declared before
  const isWritten = (key: string): boolean => {
    const words = [...wordsIn(nameOf(key))]
    return words.length === 0 || words.some((word) => put.ours.has(word) || put.theirs.has(word))
  }
  const repeated = repeatedIn(text, trees, isWritten)
  if (repeated.size === 0) return null
  const known = sides.map((side) => repeatedIn(side, trees, (key) => repeated.has(key)))
  const found = [...repeated].find(([key, times]) => known.every((side) => (side.get(key) ?? 1) < times))
  return found === undefined ? null : nameOf(found[0])
}

/** How nodes of one kind declare: as what, and what names them. */
interface Declaring {
  /** Names of different sorts do not meet. */
  readonly sort: 'name' | 'type' | 'member' | 'key' | 'argument' | 'import'
  readonly nameOf: (node: SyntaxNode) => string | null
}

type Declarings = Readonly<Record<string, Declaring>>

const field =
  (name: string) =>
  (node: SyntaxNode): string | null =>
    node.field(name)?.text() ?? null
const firstChild = (node: SyntaxNode): string | null => node.child(0)?.text() ?? null
const named: Declaring = { sort: 'name', nameOf: field('name') }

const javascript: Declarings = {
  function_declaration: named,
  generator_function_declaration: named,
  class_declaration: named,
  variable_declarator: { sort: 'name', nameOf: nameOfVariable },
  import_specifier: { sort: 'import', nameOf: (node) => (node.field('alias') ?? node.field('name'))?.text() ?? null },
  method_definition: { sort: 'member', nameOf: nameOfMethod },
  pair: { sort: 'key', nameOf: field('key') },
  shorthand_property_identifier: { sort: 'key', nameOf: (node) => node.text() },
  jsx_attribute: { sort: 'argument', nameOf: firstChild },
}

const typescript: Declarings = {
  ...Object.fromEntries(Object.entries(javascript).filter(([kind]) => kind !== 'jsx_attribute')),
  abstract_class_declaration: named,
  enum_declaration: named,
  interface_declaration: { sort: 'type', nameOf: field('name') },
  type_alias_declaration: { sort: 'type', nameOf: field('name') },
  public_field_definition: { sort: 'member', nameOf: field('name') },
  property_signature: { sort: 'member', nameOf: field('name') },
  enum_assignment: { sort: 'member', nameOf: field('name') },
}

const declarings: Readonly<Record<Grammar, Declarings>> = {
  javascript: { ...javascript, field_definition: { sort: 'member', nameOf: field('property') } },
  typescript,
  tsx: { ...typescript, jsx_attribute: { sort: 'argument', nameOf: firstChild } },
  python: {
    function_definition: { sort: 'name', nameOf: nameOfPython },
    class_definition: { sort: 'name', nameOf: nameOfPython },
    keyword_argument: { sort: 'argument', nameOf: field('name') },
    pair: { sort: 'key', nameOf: keyOfPython },
    dotted_name: { sort: 'import', nameOf: importOfPython },
    aliased_import: { sort: 'import', nameOf: field('alias') },
  },
  go: {
    function_declaration: { sort: 'name', nameOf: nameOfGo },
    method_declaration: { sort: 'member', nameOf: methodOfGo },
    type_spec: named,
    const_spec: { sort: 'name', nameOf: nameOfGo },
    var_spec: { sort: 'name', nameOf: nameOfGo },
    field_declaration: { sort: 'member', nameOf: field('name') },
    method_elem: { sort: 'member', nameOf: field('name') },
    import_spec: { sort: 'import', nameOf: (node) => node.text() },
    keyed_element: { sort: 'key', nameOf: firstChild },
  },
}

function nameOfVariable(node: SyntaxNode): string | null {
  const name = node.field('name')
  return name?.kind() === 'identifier' && node.parent()?.kind() === 'lexical_declaration' ? name.text() : null
}

/** `get` and `set` of one name go together, and so do static members with others. */
function nameOfMethod(node: SyntaxNode): string | null {
  const name = node.field('name')
  if (name === null) return null
  return node
    .text()
    .slice(0, name.range().end.index - node.range().start.index)
    .replaceAll(/\s+/g, ' ')
}

/** Several functions of one name are meant where a decorator says so. */
function nameOfPython(node: SyntaxNode): string | null {
  const parent = node.parent()
  const isOneOfMany =
    parent?.kind() === 'decorated_definition' &&
    /^@.*(?:overload|property|setter|getter|deleter|register)/m.test(parent.text())
  return isOneOfMany ? null : (node.field('name')?.text() ?? null)
}

function keyOfPython(node: SyntaxNode): string | null {
  const key = node.field('key')
  return key?.kind() === 'string' ? key.text() : null
}

function importOfPython(node: SyntaxNode): string | null {
  const parent = node.parent()
  if (parent?.kind() === 'import_statement') return node.text()
  const isPlace = parent?.kind() !== 'import_from_statement' || parent.field('module_name')?.id() === node.id()
  return isPlace ? null : node.text()
}

function nameOfGo(node: SyntaxNode): string | null {
  const name = node.field('name')?.text() ?? null
  return name === 'init' || name === '_' ? null : name
}

function methodOfGo(node: SyntaxNode): string | null {
  const receiver = (node.field('receiver')?.text() ?? '').replaceAll(/^\(\s*\w+\s|[()*\s]|\[.*\]/g, '')
  return `${receiver}.${node.field('name')?.text() ?? ''}`
}

/** Within one of these a name stands for one thing. */
const scopes = new Set([
  'program',
  'statement_block',
  'switch_body',
  'switch_case',
  'class_body',
  'interface_body',
  'object_type',
  'object',
  'enum_body',
  'for_statement',
  'jsx_opening_element',
  'jsx_self_closing_element',
  'module',
  'block',
  'dictionary',
  'argument_list',
  'source_file',
  'field_declaration_list',
  'interface_type',
  'literal_value',
])

/** Sort and name of what is declared more than once in one scope, and how often, of those that are asked for. */
function repeatedIn(
  text: string,
  { of, grammar }: Trees,
  isAsked: (key: string) => boolean,
): ReadonlyMap<string, number> {
  const kinds = declarings[grammar]
  const found = of(text).findAll({ rule: { any: Object.keys(kinds).map((kind) => ({ kind })) } })
  const byName = Map.groupBy(found, (node) => keyOf(node, kinds))
  const repeated = new Map<string, number>()
  for (const [key, nodes] of byName) {
    if (key === null || nodes.length < 2 || !isAsked(key)) continue
    const inScopes = Map.groupBy(nodes, scopeOf)
    const times = [...inScopes.values()].reduce((most, { length }) => Math.max(most, length), 0)
    if (times > 1) repeated.set(key, times)
  }
  return repeated
}

function keyOf(node: SyntaxNode, kinds: Declarings): string | null {
  const declaring = kinds[String(node.kind())]
  const name = declaring?.nameOf(node) ?? null
  return name === null ? null : `${declaring?.sort} ${name}`
}

function scopeOf(node: SyntaxNode): number {
  let scope = node.parent()
  while (scope !== null && !scopes.has(String(scope.kind()))) scope = scope.parent()
  return scope?.id() ?? 0
}
