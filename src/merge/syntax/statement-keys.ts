import type { SyntaxNode } from '../../syntax/parser.ts'

type KeyOf = (node: SyntaxNode) => string | null

const byName: KeyOf = (node) => node.field('name')?.text() ?? null

/** What statements of a module or a class are known by; one of another kind has its place. */
const statements: Readonly<Record<string, KeyOf>> = {
  import_statement: (node) => {
    const source = node.field('source')
    return source === null ? node.text() : `${/^import\s+type\b/.test(node.text()) ? 'type ' : ''}${source.text()}`
  },
  export_statement: (node) => {
    const declaration = node.field('declaration')
    if (declaration !== null) return keyOfStatement(declaration)
    const source = node.field('source')
    if (source !== null) return `export ${/^export\s+type\b/.test(node.text()) ? 'type ' : ''}${source.text()}`
    return /^export\s+default\b/.test(node.text()) ? 'export default' : null
  },
  function_declaration: byName,
  generator_function_declaration: byName,
  class_declaration: byName,
  abstract_class_declaration: byName,
  interface_declaration: byName,
  type_alias_declaration: byName,
  enum_declaration: byName,
  lexical_declaration: keyOfVariables,
  variable_declaration: keyOfVariables,
  expression_statement: (node) => keyOfTest(node) ?? keyOfAssignment(node),
  import_from_statement: (node) => `from ${node.field('module_name')?.text() ?? ''}`,
  future_import_statement: (node) => node.text(),
  function_definition: byName,
  class_definition: byName,
  decorated_definition: (node) => {
    const decorators = node
      .children()
      .filter((child) => child.kind() === 'decorator' && /\.(?:setter|getter|deleter)|overload/.test(child.text()))
    const definition = node.field('definition')
    return definition === null ? null : [...decorators.map((one) => one.text()), keyOfStatement(definition)].join(' ')
  },
  method_declaration: (node) =>
    `${
      node
        .field('receiver')
        ?.text()
        .replaceAll(/^\(\s*\w+\s|[()*\s]/g, '') ?? ''
    }.${byName(node) ?? ''}`,
  import_declaration: () => 'import',
  package_clause: () => 'package',
  type_declaration: keyOfSpecs,
  const_declaration: keyOfSpecs,
  var_declaration: keyOfSpecs,
}

/** What a statement of a module or a class is known by; null for one whose place among the others matters. */
export function keyOfStatement(node: SyntaxNode): string | null {
  const keyOf = statements[String(node.kind())]
  return keyOf === undefined ? null : keyOf(node)
}

function keyOfVariables(node: SyntaxNode): string | null {
  const declarators = node.children().filter((child) => child.kind() === 'variable_declarator')
  const [only] = declarators
  const name = only?.field('name')
  if (declarators.length !== 1 || name === null || name === undefined) return null
  // names that are taken out of one thing are known by that thing
  return name.kind() === 'identifier' ? name.text() : `of ${only?.field('value')?.text() ?? ''}`
}

function keyOfSpecs(node: SyntaxNode): string | null {
  const specs = node.children().filter((child) => child.isNamed() && child.kind() !== 'comment')
  return specs.map((spec) => spec.field('name')?.text() ?? '').join(',')
}

/** `exports.a = …`, `A.prototype.b = …`, `a: int = …`: declarations in other words. */
function keyOfAssignment(node: SyntaxNode): string | null {
  const assignment = node.child(0)
  const left = assignment?.field('left')
  if (assignment === null || left === null || left === undefined) return null
  if (assignment.kind() === 'assignment') return left.kind() === 'identifier' ? left.text() : null
  const declares = /^(?:module\.)?exports\.|\.prototype\.\w+$/.test(left.text())
  return assignment.kind() === 'assignment_expression' && declares ? left.text() : null
}

/** Tests are known by their titles. */
export function keyOfTest(node: SyntaxNode): string | null {
  const call = node.kind() === 'expression_statement' ? node.child(0) : null
  if (call?.kind() !== 'call_expression') return null
  const callee = call.field('function')?.text() ?? ''
  const title = call.field('arguments')?.child(1)
  if (!/^(?:it|test|describe|suite|context)\b/.test(callee) || title === null || title === undefined) return null
  return ['string', 'template_string'].includes(String(title.kind())) ? `${callee} ${title.text()}` : null
}
