import { createRequire } from 'node:module'
import type go from '@ast-grep/lang-go'
import type python from '@ast-grep/lang-python'
import type * as AstGrep from '@ast-grep/napi'
import type { NapiConfig, SgNode } from '@ast-grep/napi'
import type { Grammar } from './grammar.ts'

/** A node of a syntax tree; lines and columns from 0, in UTF-16 units. */
export type SyntaxNode = SgNode
/** What to look for in a tree, in ast-grep's rule language. */
export type Matcher = NapiConfig
/** Parses a source text; a text with mistakes gives a tree with ERROR nodes. Throws where this machine has no such grammar. */
export type Parser = (grammar: Grammar, text: string) => SyntaxNode

const requireHere = createRequire(import.meta.url)

/**
 * Gives a parser; takes some 10 ms the first time: do so when it is needed. Doing so again, also in another thread, does no harm.
 * @throws where this machine has no parser at all
 */
export function loadParser(): Parser {
  // by require: Node reads what is imported twice, to know what it exports
  const { parse, registerDynamicLanguage } = requireHere('@ast-grep/napi') as typeof AstGrep
  let isRegistered = false
  return (grammar, text) => {
    const own = ownNames[grammar]
    if (own !== undefined) return parse(own, text).root()
    // takes as long again; only the first registration of a process counts, so all these grammars come at once
    if (!isRegistered) registerDynamicLanguage(otherGrammars())
    isRegistered = true
    return parse(grammar, text).root()
  }
}

/** Names of the grammars that ast-grep brings along. */
const ownNames: Readonly<Partial<Record<Grammar, `${AstGrep.Lang}`>>> = {
  javascript: 'JavaScript',
  typescript: 'TypeScript',
  tsx: 'Tsx',
}

const otherGrammars = (): { readonly python: typeof python; readonly go: typeof go } => ({
  python: requireHere('@ast-grep/lang-python') as typeof python,
  go: requireHere('@ast-grep/lang-go') as typeof go,
})
