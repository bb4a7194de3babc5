import type { SyntaxNode } from '../../syntax/parser.ts'

/** The text of a node before its body, on one line: a declaration without what it does. */
export function headOf(node: SyntaxNode): string {
  const body = node.field('body')
  const text = node.text()
  return oneLine(body ? text.slice(0, body.range().start.index - node.range().start.index) : text)
}

/** Whether a node is of one of these kinds. */
export const isOneOf = (node: SyntaxNode, kinds: ReadonlySet<string>): boolean => kinds.has(String(node.kind()))

/** Text with every run of white space as one space. */
export const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()

/** The line on which a node begins, from 1. */
export const lineOf = (node: SyntaxNode): number => node.range().start.line + 1
