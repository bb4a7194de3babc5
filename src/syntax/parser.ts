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

/** Gives a parser; importing this file takes some 20 ms: do so when it is needed. Doing so again, also in another thread, does no harm. */
export function loadParser(): Parser {
  let isRegistered = false
  return (grammar, text) => {
    const own = ownNames[grammar]
    if (own !== undefined) return parse(own, text).root()
    // takes as long again; only the first registration of a process counts, so all these grammars come at once
    if (!isRegistered) registerDynamicLanguage({ python, go })
    isRegistered = true
    return parse(grammar, text).root()
  }
}

/** Names of the grammars that ast-grep brings along. */
const ownNames: Readonly<Partial<Record<Grammar, string>>> = {
  javascript: Lang.JavaScript,
  typescript: Lang.TypeScript,
  tsx: Lang.Tsx,
}
