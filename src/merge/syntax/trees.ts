import type { Grammar } from '../../syntax/grammar.ts'
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
