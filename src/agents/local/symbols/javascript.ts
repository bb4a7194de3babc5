import type { SyntaxNode } from '../../../syntax/parser.ts'
import { isOneOf, lineOf } from '../syntax.ts'
import { describe, type Declaration } from './declaration.ts'
import { type DocComment, readDocComment } from './doc-comment.ts'
import { lastOfEachName, type PublicModule, type PublicSymbol } from './symbol.ts'

/**
 * What a JavaScript or TypeScript module offers: its own exports, ES or CommonJS.
 * What it only hands on from other modules (`export … from`) is described there. Symbols marked `@internal` are left out.
 */
export function publicJavaScript(root: SyntaxNode): PublicModule {
  const declared = declarationsIn(root)
  const statements = root.namedChildren()
  const exported = statements.filter((node) => node.is('export_statement'))
  const esm = exported.flatMap((node) => exportsOf(node, declared))
  const assigned = exported.length > 0 ? [] : statements.flatMap((node) => assignedExports(node, declared))
  return {
    doc: null,
    system: exported.length === 0 && assigned.length > 0 ? 'commonjs' : 'esm',
    symbols: lastOfEachName([...esm, ...assigned]),
  }
}

type Declared = ReadonlyMap<string, Declaration>

const declarationKinds = new Set([
  'function_declaration',
  'generator_function_declaration',
  'function_signature',
  'class_declaration',
  'abstract_class_declaration',
  'interface_declaration',
  'type_alias_declaration',
  'enum_declaration',
])
const nameKinds = new Set(['identifier', 'shorthand_property_identifier'])

function declarationsIn(root: SyntaxNode): Declared {
  return new Map(
    root
      .namedChildren()
      .flatMap((node) =>
        declarationsOf(node.is('export_statement') ? (node.field('declaration') ?? node) : node, docBefore(node)),
      )
      .map((declaration) => [declaration.node.field('name')?.text() ?? 'default', declaration]),
  )
}

function declarationsOf(node: SyntaxNode, doc: DocComment | null): readonly Declaration[] {
  if (isOneOf(node, declarationKinds)) return [{ node, doc }]
  if (!node.is('lexical_declaration') && !node.is('variable_declaration')) return []
  return node
    .namedChildren()
    .filter((child) => child.is('variable_declarator'))
    .map((child) => ({ node: child, doc }))
}

function exportsOf(node: SyntaxNode, declared: Declared): readonly PublicSymbol[] {
  if (node.field('source') !== null) return []
  const doc = docBefore(node)
  const isDefault = node.children().some((child) => child.is('default'))
  const declaration = node.field('declaration')
  if (declaration) {
    return declarationsOf(declaration, doc).flatMap((each) =>
      symbolOf(isDefault ? 'default' : (each.node.field('name')?.text() ?? 'default'), each),
    )
  }
  const value = node.field('value')
  if (value) return symbolOf('default', resolve({ node: value, doc }, declared))
  return node.findAll({ rule: { kind: 'export_specifier' } }).flatMap((specifier) => {
    const local = specifier.field('name')
    const name = (specifier.field('alias') ?? local)?.text() ?? ''
    return local ? symbolOf(name, resolve({ node: local, doc: null }, declared)) : []
  })
}

/** `module.exports = …`, `module.exports.a = …` and `exports.a = …`. */
function assignedExports(statement: SyntaxNode, declared: Declared): readonly PublicSymbol[] {
  const assignment = statement.child(0)
  if (!assignment?.is('assignment_expression')) return []
  const [, name] = /^(?:module\.)?exports(?:\.([\w$]+))?$/.exec(assignment.field('left')?.text() ?? '') ?? [null]
  const right = assignment.field('right')
  if (name === null || !right) return []
  const doc = docBefore(statement)
  if (name !== undefined) return symbolOf(name, resolve({ node: right, doc }, declared))
  if (!right.is('object')) return symbolOf('module.exports', resolve({ node: right, doc }, declared))
  return right.namedChildren().flatMap((property) => {
    const key = property.field('key') ?? property.field('name') ?? property
    if (!/^[\w$]+$/.test(key.text())) return []
    return symbolOf(
      key.text(),
      resolve({ node: property.field('value') ?? property, doc: docBefore(property) }, declared),
    )
  })
}

function symbolOf(name: string, declaration: Declaration): readonly PublicSymbol[] {
  if (declaration.doc?.isInternal === true) return []
  return [describe(name, declaration, membersOf(declaration.node))]
}

/** A name stands for what was declared by it. */
function resolve(given: Declaration, declared: Declared): Declaration {
  const found = isOneOf(given.node, nameKinds) ? declared.get(given.node.text()) : undefined
  return found ? { node: found.node, doc: given.doc ?? found.doc } : given
}

function membersOf(node: SyntaxNode): readonly PublicSymbol[] {
  const body = (node.is('variable_declarator') ? node.field('value') : node)?.field('body')
  if (!body?.is('class_body')) return []
  const methods = body
    .namedChildren()
    .filter((child) => child.is('method_definition') || child.is('abstract_method_signature'))
    .filter(isPublicMethod)
    .map((child) => ({ name: child.field('name')?.text() ?? '', declaration: { node: child, doc: docBefore(child) } }))
    .filter(({ declaration }) => declaration.doc?.isInternal !== true)
  return methods
    .map(({ name, declaration }) => describe(name, declaration, []))
    .toSorted((left, right) => left.line - right.line)
}

function isPublicMethod(method: SyntaxNode): boolean {
  const name = method.field('name')?.text() ?? ''
  const access = method
    .namedChildren()
    .find((child) => child.is('accessibility_modifier'))
    ?.text()
  return !/^[#_[]/.test(name) && access !== 'private' && access !== 'protected'
}

/** The doc comment that ends right above a node. */
function docBefore(node: SyntaxNode): DocComment | null {
  const before = node.prev()
  if (!before?.is('comment') || before.range().end.line + 1 < lineOf(node) - 1) return null
  return readDocComment(before.text())
}
