import type { SyntaxNode } from '../../syntax/parser.ts'
import type { Excerpt } from './excerpt.ts'
import type { Trees, WholeVersions } from './trees.ts'
import { type ChangedWords, heldWords } from './words.ts'

/** What else is known of a text than its versions. */
export interface AroundText extends ChangedWords {
  readonly trees: Trees
  /** What is left out of the text and of every version. */
  readonly hidden: Excerpt['hidden']
}

/**
 * A name that one side took away or renamed and that the other side's new lines use, where the result no longer declares it: the
 * commonest way in which what merges as text is wrong. null when there is none.
 */
export function staleName(
  text: string,
  { base, ours, theirs }: WholeVersions,
  { trees, put, taken, hidden }: AroundText,
): string | null {
  const gone = [...goneFrom(ours, put.theirs, taken.ours), ...goneFrom(theirs, put.ours, taken.theirs)]
  const held = heldWords(text, gone)
  if (held.length === 0) return null
  const left = new Set(heldWords([...hidden.values()].flat().join('\n'), held))
  const suspects = held.filter((word) => !left.has(word))
  if (suspects.length === 0) return null
  const used = uses(text, suspects, trees).filter(({ isDeclared }) => !isDeclared)
  if (used.length === 0) return null
  const declared = new Set(
    uses(
      base,
      used.map(({ name }) => name),
      trees,
    ).flatMap((use) => (use.isDeclared ? use.name : [])),
  )
  return used.find(({ name }) => declared.has(name))?.name ?? null
}

/** What one side put of the words that the other took away altogether. */
function goneFrom(side: string, put: ReadonlySet<string>, taken: ReadonlySet<string>): readonly string[] {
  const words = [...put].filter((word) => taken.has(word))
  const held = new Set(heldWords(side, words))
  return words.filter((word) => !held.has(word))
}

/** Which of some names a text uses, and whether it declares them anywhere; words of comments and strings are no use. */
function uses(
  text: string,
  names: readonly string[],
  trees: Trees,
): readonly { readonly name: string; readonly isDeclared: boolean }[] {
  const pattern = names.map((name) => name.replaceAll('$', '\\$')).join('|')
  const leaves = trees
    .of(text)
    .findAll({ rule: { regex: `^(?:${pattern})$` } })
    .filter((node) => node.isLeaf() && node.isNamed() && !/string|comment/.test(String(node.kind())))
  return [...Map.groupBy(leaves, (leaf) => leaf.text())].map(([name, nodes]) => ({
    name,
    isDeclared: nodes.some(isDeclared),
  }))
}

/** Around a name, what makes it one that is declared there: the fields of the node in which it may stand, or any. */
const declaring: Readonly<Record<string, readonly string[] | 'any'>> = {
  variable_declarator: ['name'],
  function_declaration: ['name'],
  generator_function_declaration: ['name'],
  class_declaration: ['name'],
  abstract_class_declaration: ['name'],
  interface_declaration: ['name'],
  type_alias_declaration: ['name'],
  enum_declaration: ['name'],
  method_definition: ['name'],
  public_field_definition: ['name'],
  field_definition: ['property'],
  property_signature: ['name'],
  method_signature: ['name'],
  abstract_method_signature: ['name'],
  type_parameter: 'any',
  import_specifier: 'any',
  import_clause: 'any',
  namespace_import: 'any',
  formal_parameters: 'any',
  required_parameter: ['pattern'],
  optional_parameter: ['pattern'],
  rest_pattern: 'any',
  array_pattern: 'any',
  object_pattern: 'any',
  pair_pattern: ['value'],
  assignment_pattern: ['left'],
  arrow_function: ['parameter'],
  catch_clause: ['parameter'],
  for_in_statement: ['left'],
  function_definition: ['name'],
  class_definition: ['name'],
  parameters: 'any',
  lambda_parameters: 'any',
  default_parameter: ['name'],
  typed_parameter: 'any',
  typed_default_parameter: ['name'],
  list_splat_pattern: 'any',
  dictionary_splat_pattern: 'any',
  assignment: ['left'],
  pattern_list: 'any',
  tuple_pattern: 'any',
  for_statement: ['left'],
  for_in_clause: ['left'],
  as_pattern_target: 'any',
  named_expression: ['name'],
  dotted_name: 'any',
  aliased_import: ['alias'],
  method_declaration: ['name'],
  parameter_declaration: ['name'],
  variadic_parameter_declaration: ['name'],
  const_spec: ['name'],
  var_spec: ['name'],
  type_spec: ['name'],
  field_declaration: ['name'],
  method_elem: ['name'],
  import_spec: ['name'],
  keyword_argument: [],
}

function isDeclared(node: SyntaxNode): boolean {
  const parent = node.parent()
  if (parent === null) return false
  const fields = declaring[String(parent.kind())]
  if (fields === 'any') return true
  if (fields !== undefined)
    return fields.some((name) => parent.fieldChildren(name).some((child) => child.id() === node.id()))
  return parent.kind() === 'expression_list' && isDeclaredByList(parent)
}

/** Go declares what stands left of `:=`. */
function isDeclaredByList(list: SyntaxNode): boolean {
  const parent = list.parent()
  return (
    (parent?.kind() === 'short_var_declaration' || parent?.kind() === 'range_clause') &&
    parent.field('left')?.id() === list.id()
  )
}
