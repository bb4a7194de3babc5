import go from '@ast-grep/lang-go'
import python from '@ast-grep/lang-python'
import { Lang, type NapiConfig, parse, registerDynamicLanguage, type SgNode } from '@ast-grep/napi'
import type { Grammar } from './grammar.ts'

/** A node of a syntax tree; lines and columns from 0, in UTF-16 units. */
export type SyntaxNode = SgNode
/** What to look for in a tree, in ast-grep's rule language. */
export type Matcher = NapiConfig
/** Parses a source text; a text with mistakes gives a tree with ERROR nodes. */
export type Parser = (grammar: Grammar, text: string) => SyntaxNode

/** Loads the grammars, which takes some 50 ms: import this file when it is needed. Doing so again, also in another thread, does no harm. */
export function loadParser(): Parser {
  // only the first registration of a process counts, so all grammars come at once
  registerDynamicLanguage({ python, go })
  const names: Readonly<Record<Grammar, string>> = {
    python: 'python',
    go: 'go',
    javascript: Lang.JavaScript,
    typescript: Lang.TypeScript,
    tsx: Lang.Tsx,
  }
  return (grammar, text) => parse(names[grammar], text).root()
}
