/** A piece of a task expression; offsets count from 0 in UTF-16 code units. */
export type ExpressionToken =
  | { readonly type: 'word' | 'quoted' | 'agent'; readonly text: string; readonly offset: number }
  | { readonly type: 'AND' | 'THEN' | '(' | ')' | 'end'; readonly text: string; readonly offset: number }

/** A mistake in an expression. */
export interface ExpressionMistake {
  readonly offset: number
  readonly message: string
}

/** The pieces of an expression, closed by `end`, and what cannot be read. */
export function tokensOf(text: string): {
  readonly tokens: readonly ExpressionToken[]
  readonly mistakes: readonly ExpressionMistake[]
} {
  const tokens: ExpressionToken[] = []
  const mistakes: ExpressionMistake[] = []
  for (const match of text.matchAll(piece)) {
    const { index: offset } = match
    const [all, quoted, bracket] = match
    if (quoted !== undefined) {
      if (!isClosed(all)) mistakes.push({ offset, message: `the quote ${all.charAt(0)} is not closed` })
      tokens.push({ type: 'quoted', text: unquoted(all), offset })
    } else if (bracket === '(' || bracket === ')') tokens.push({ type: bracket, text: bracket, offset })
    else {
      const quote = /^[“”„‟«»‘’‚‛‹›]/.exec(all)?.[0]
      if (quote !== undefined) mistakes.push({ offset, message: `${quote} is no quote here: write " or '` })
      tokens.push(wordToken(all, offset))
    }
  }
  return { tokens: [...tokens, { type: 'end', text: '', offset: text.length }], mistakes }
}

/** A quoted text, a bracket, or anything else up to white space, a quote or a bracket. */
const piece = /("(?:\\.|[^"\\])*(?:"|\\?$)|'(?:\\.|[^'\\])*(?:'|\\?$))|([()])|[^\s()"']+/gs

function wordToken(text: string, offset: number): ExpressionToken {
  if (text === 'AND' || text === 'THEN') return { type: text, text, offset }
  return text.startsWith('@') ? { type: 'agent', text: text.slice(1), offset } : { type: 'word', text, offset }
}

const isClosed = (quoted: string): boolean => /^(["'])(?:\\.|[^\\])*?\1$/s.test(quoted)

const unquoted = (quoted: string): string =>
  quoted.slice(1, isClosed(quoted) ? -1 : undefined).replaceAll(/\\(.)/gs, '$1')
