import python from '@ast-grep/lang-python'
import { Lang, type NapiConfig, parse, registerDynamicLanguage, type SgNode } from '@ast-grep/napi'
import type { Grammar } from './grammar.ts'

/** A node of a syntax tree; lines and columns from 0, in UTF-16 units. */
export type SyntaxNode = SgNode
/** What to look for in a tree, in ast-grep's rule language. */
export type Matcher = NapiConfig
/** Parses a source text; a text with mistakes gives a tree with ERROR nodes. */
export type Parser = (grammar: Grammar, text: string) => SyntaxNode

/** Loads the grammars; doing so again, also in another thread, does no harm. */
export function loadParser(): Parser {
  registerDynamicLanguage({ python })
  const names: Readonly<Record<Grammar, string>> = {
    python: 'python',
    javascript: Lang.JavaScript,
    typescript: Lang.TypeScript,
    tsx: Lang.Tsx,
  }
  return (grammar, text) => parse(names[grammar], text).root()
}

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
