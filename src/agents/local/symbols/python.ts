import type { SyntaxNode } from '../../../syntax/parser.ts'
import { headOf, lineOf, oneLine } from '../syntax.ts'
import { lastOfEachName, type Parameter, type PublicModule, type PublicSymbol } from './symbol.ts'

/** What a Python module offers: the names in `__all__`, else those without a leading underscore. */
export function publicPython(root: SyntaxNode): PublicModule {
  const listed = listedNames(root)
  const isPublic = (name: string): boolean => (listed ? listed.has(name) : !name.startsWith('_'))
  return { doc: docstringOf(root), system: 'python', symbols: definitionsIn(root, isPublic, false) }
}

function definitionsIn(
  block: SyntaxNode,
  isPublic: (name: string) => boolean,
  areMethods: boolean,
): readonly PublicSymbol[] {
  const symbols = block.namedChildren().flatMap((child) => {
    const definition = child.is('decorated_definition') ? child.field('definition') : child
    const name = definition?.field('name')?.text() ?? ''
    if (!definition || !isPublic(name)) return []
    if (definition.is('class_definition')) return [classOf(definition, name)]
    return definition.is('function_definition') ? [functionOf(definition, name, areMethods && !isStatic(child))] : []
  })
  return lastOfEachName(symbols)
}

function classOf(definition: SyntaxNode, name: string): PublicSymbol {
  const body = definition.field('body')
  const isPublic = (member: string): boolean => member === '__init__' || !member.startsWith('_')
  return {
    kind: 'class',
    name,
    signature: signatureOf(definition),
    parameters: null,
    returns: null,
    doc: body ? docstringOf(body) : null,
    line: lineOf(definition),
    members: body ? definitionsIn(body, isPublic, true).filter(({ kind }) => kind === 'function') : [],
  }
}

function functionOf(definition: SyntaxNode, name: string, isBound: boolean): PublicSymbol {
  const body = definition.field('body')
  const returned = definition.field('return_type')
  const parameters = definition.field('parameters')?.namedChildren() ?? []
  return {
    kind: 'function',
    name,
    signature: signatureOf(definition),
    parameters: parameters.slice(isBound ? 1 : 0).flatMap(parameterOf),
    returns: returned ? { type: oneLine(returned.text()), meaning: null } : null,
    doc: body ? docstringOf(body) : null,
    line: lineOf(definition),
    members: [],
  }
}

const signatureOf = (definition: SyntaxNode): string => headOf(definition).replace(/\s*:(?:\s*#.*)?$/, '')

const isStatic = (child: SyntaxNode): boolean =>
  child.namedChildren().some((part) => part.is('decorator') && part.text().trim() === '@staticmethod')

function parameterOf(node: SyntaxNode): readonly Parameter[] {
  // the bare * and / only say how the others are given
  if (node.is('keyword_separator') || node.is('positional_separator') || node.is('comment')) return []
  const name = node.field('name') ?? (node.is('typed_parameter') ? node.child(0) : node)
  const type = node.field('type')
  const value = node.field('value')
  return [
    {
      name: name?.text() ?? node.text(),
      type: type ? oneLine(type.text()) : null,
      defaultValue: value ? oneLine(value.text()) : null,
      meaning: null,
    },
  ]
}

function listedNames(root: SyntaxNode): ReadonlySet<string> | null {
  const assigned = root
    .findAll({ rule: { kind: 'assignment', has: { field: 'left', regex: '^__all__$' } } })
    .find((node) => node.parent()?.parent()?.id() === root.id())
  const list = assigned?.field('right')
  if (!list || !(list.is('list') || list.is('tuple'))) return null
  return new Set(list.findAll({ rule: { kind: 'string_content' } }).map((name) => name.text()))
}

function docstringOf(block: SyntaxNode): string | null {
  const first = block.namedChildren().find((child) => !child.is('comment'))
  const text = first?.is('expression_statement') ? first.child(0) : null
  if (!text?.is('string')) return null
  const content = text.namedChildren().filter((part) => part.is('string_content'))
  return cleaned(content.map((part) => part.text()).join(''))
}

/** Without the indentation of the code around it: PEP 257, "Handling Docstring Indentation". */
function cleaned(docstring: string): string | null {
  const [first = '', ...rest] = docstring.replaceAll('\t', '        ').split(/\r?\n/)
  const indents = rest.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length)
  const indent = Math.min(...indents)
  const lines = [first.trim(), ...rest.map((line) => line.slice(indent).trimEnd())]
  return lines.join('\n').trim() || null
}
