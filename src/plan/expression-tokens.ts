import type { Mistake } from './task.ts'

/** A piece of a task expression; columns count from 1. */
export type ExpressionToken =
  | { readonly type: 'word' | 'quoted' | 'agent'; readonly text: string; readonly column: number }
  | { readonly type: 'AND' | 'THEN' | '(' | ')' | 'end'; readonly text: string; readonly column: number }

/** The pieces of an expression, closed by `end`, and what cannot be read. */
export function tokensOf(text: string): {
  readonly tokens: readonly ExpressionToken[]
  readonly mistakes: readonly Mistake[]
} {
  const tokens: ExpressionToken[] = []
  const mistakes: Mistake[] = []
  for (const match of text.matchAll(piece)) {
    const column = match.index + 1
    const [all, quoted, bracket, word] = match
    if (quoted !== undefined) {
      if (all.length < 2 || all.at(-1) !== all[0]) mistakes.push(mistakeAt(column, `the quote ${all[0]} is not closed`))
      tokens.push({ type: 'quoted', text: unquoted(all), column })
    } else if (bracket !== undefined) tokens.push({ type: bracket as '(' | ')', text: bracket, column })
    else if (word === 'AND' || word === 'THEN') tokens.push({ type: word, text: word, column })
    else if (word?.startsWith('@') === true) tokens.push({ type: 'agent', text: word.slice(1), column })
    else if (word !== undefined) tokens.push({ type: 'word', text: word, column })
  }
  return { tokens: [...tokens, { type: 'end', text: '', column: text.length + 1 }], mistakes }
}

/** A mistake on the only line of an expression. */
export const mistakeAt = (column: number, message: string): Mistake => ({ line: 1, column, path: '', message })

/** A quoted text, a bracket, or anything else up to white space or a bracket. */
const piece = /("(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?)|([()])|([^\s()"']+)/gs

const unquoted = (text: string): string =>
  text.slice(1, text.length > 1 && text.at(-1) === text[0] ? -1 : undefined).replaceAll(/\\(.)/gs, '$1')
