import type { SyntaxNode } from '../../../syntax/parser.ts'
import { headOf, isOneOf, lineOf, oneLine } from '../syntax.ts'
import type { DocComment } from './doc-comment.ts'
import type { Parameter, PublicSymbol } from './symbol.ts'

/** A node that declares something, or is the value itself, with the comment above it. */
export interface Declaration {
  readonly node: SyntaxNode
  readonly doc: DocComment | null
}

const functionKinds = new Set([
  'function_declaration',
  'generator_function_declaration',
  'function_signature',
  'function_expression',
  'generator_function',
  'arrow_function',
  'method_definition',
  'abstract_method_signature',
])
const classKinds = new Set(['class_declaration', 'abstract_class_declaration', 'class'])
const typeKinds = new Set(['interface_declaration', 'type_alias_declaration'])

/** A declaration of JavaScript or TypeScript as a public symbol. */
export function describe(name: string, declaration: Declaration, members: readonly PublicSymbol[]): PublicSymbol {
  const { node, doc } = declaration
  const valueOf = node.is('variable_declarator') ? (node.field('value') ?? node) : node
  const kind = kindOf(valueOf)
  const isFunction = kind === 'function'
  return {
    kind,
    name,
    signature: signatureOf(node, valueOf, kind),
    parameters: isFunction ? parametersOf(valueOf, doc) : null,
    returns: isFunction ? returnsOf(valueOf, doc) : null,
    doc: doc?.text ?? null,
    line: lineOf(node),
    members,
  }
}

function kindOf(node: SyntaxNode): PublicSymbol['kind'] {
  if (isOneOf(node, functionKinds)) return 'function'
  if (isOneOf(node, classKinds)) return 'class'
  return isOneOf(node, typeKinds) ? 'type' : 'constant'
}

function signatureOf(node: SyntaxNode, value: SyntaxNode, kind: PublicSymbol['kind']): string {
  if (kind === 'type') return node.text()
  if (!node.is('variable_declarator')) return kind === 'constant' ? shortened(node) : headOf(node).replace(/ =>$/, '')
  if (kind === 'constant') return `const ${shortened(node)}`
  const before = node.text().slice(0, value.range().start.index - node.range().start.index)
  return `const ${oneLine(`${before}${headOf(value)}`).replace(/ =>$/, '')}`
}

function shortened(node: SyntaxNode): string {
  const text = oneLine(node.text())
  return text.length > 100 ? `${text.slice(0, 99)}…` : text
}

function parametersOf(node: SyntaxNode, doc: DocComment | null): readonly Parameter[] {
  const single = node.field('parameter')
  const given = single ? [single] : (node.field('parameters')?.namedChildren() ?? [])
  return given
    .filter((parameter) => !parameter.is('comment') && !patternOf(parameter).is('this'))
    .map((parameter) => parameterOf(parameter, doc))
}

function parameterOf(node: SyntaxNode, doc: DocComment | null): Parameter {
  const name = oneLine(patternOf(node).text())
  const said = doc?.parameters.get(name.replace(/^\.\.\./, ''))
  const value = node.field('value') ?? node.field('right')
  return {
    name: node.is('optional_parameter') ? `${name}?` : name,
    type: annotation(node.field('type')) ?? said?.type ?? null,
    defaultValue: value ? oneLine(value.text()) : null,
    meaning: said?.meaning ?? meaningOfParts(patternOf(node), doc),
  }
}

/** What is said of the properties of a parameter that is taken apart, as `@param options.tax`. */
function meaningOfParts(pattern: SyntaxNode, doc: DocComment | null): string | null {
  if (!pattern.is('object_pattern') || doc === null) return null
  const names = new Set(pattern.text().match(/[\w$]+/g))
  const parts = [...doc.parameters].flatMap(([name, { meaning }]) => {
    const [, property] = /\.([\w$]+)$/.exec(name) ?? []
    return property !== undefined && names.has(property) && meaning !== null ? [`${property}: ${meaning}`] : []
  })
  return parts.join('; ') || null
}

const patternOf = (parameter: SyntaxNode): SyntaxNode =>
  parameter.field('pattern') ?? parameter.field('left') ?? parameter

function returnsOf(node: SyntaxNode, doc: DocComment | null): PublicSymbol['returns'] {
  const type = annotation(node.field('return_type')) ?? doc?.returns?.type ?? null
  const meaning = doc?.returns?.meaning ?? null
  return type === null && meaning === null ? null : { type, meaning }
}

const annotation = (node: SyntaxNode | null): string | null => (node ? oneLine(node.text().replace(/^:/, '')) : null)
