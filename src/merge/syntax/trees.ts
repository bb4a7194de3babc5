import { type Grammar, grammarOf } from '../../syntax/grammar.ts'
import type { Parser, SyntaxNode } from '../../syntax/parser.ts'

/** The versions of a text, whole. */
export interface WholeVersions {
  readonly base: string
  readonly ours: string
  readonly theirs: string
}

/** The trees of one file's versions, each text parsed once. */
export interface Trees {
  readonly grammar: Grammar
  /** The root of a text's tree. */
  readonly of: (text: string) => SyntaxNode
}

/** Trees of a file's texts; null where there is no grammar for it, or nothing to read them with. */
export function treesOf(path: string, parse: Parser | null): Trees | null {
  const grammar = grammarOf(path)
  return parse === null || grammar === null ? null : treesBy(parse, grammar)
}

/** Trees of one grammar. */
export function treesBy(parse: Parser, grammar: Grammar): Trees {
  const known = new Map<string, SyntaxNode>()
  return {
    grammar,
    of(text) {
      const root = known.get(text) ?? parse(grammar, text)
      known.set(text, root)
      return root
    },
  }
}
