import { type Grammar as AnyGrammar, grammarOf as anyGrammarOf } from '../../syntax/grammar.ts'

/** A language that the local agent knows. */
export type Grammar = Exclude<AnyGrammar, 'go'>

/** Grammars that share their rules. */
export type Family = 'python' | 'javascript'

/** The grammar of a file by its extension; null when the local agent does not know it. */
export function grammarOf(file: string): Grammar | null {
  const grammar = anyGrammarOf(file)
  return grammar === 'go' ? null : grammar
}

/** The family of a grammar. */
export const familyOf = (grammar: Grammar): Family => (grammar === 'python' ? 'python' : 'javascript')

/** Whether a file holds tests, by the usual names. */
export const isTestFile = (file: string): boolean =>
  /(?:^|\/)(?:tests?|__tests__|spec)\/|(?:^|\/)(?:test_[^/]*|[^/]*_test|conftest)\.py$|\.(?:test|spec)\.[^/]+$/.test(
    file,
  )
