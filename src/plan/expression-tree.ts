import { type ExpressionToken, mistakeAt, tokensOf } from './expression-tokens.ts'
import type { Mistake } from './task.ts'

/** One task of an expression. */
export interface Clause {
  readonly verb: string
  readonly prompt: string | null
  readonly agent: { readonly name: string; readonly column: number } | null
  readonly paths: readonly { readonly path: string; readonly column: number }[]
  readonly column: number
}

/** What an expression says: tasks side by side, or one after the other. */
export type ExpressionTree =
  | { readonly type: 'task'; readonly clause: Clause }
  | { readonly type: 'and' | 'then'; readonly parts: readonly ExpressionTree[] }

/**
 * Reads an expression:
 *
 *     sequence = parallel (THEN parallel)*
 *     parallel = unit (AND unit)*
 *     unit     = '(' sequence ')' | verb (quoted | path | @agent)*
 */
export function treeOf(text: string): { readonly tree: ExpressionTree | null; readonly mistakes: readonly Mistake[] } {
  const { tokens, mistakes } = tokensOf(text)
  const parser = new Parser(tokens)
  const tree = parser.sequence()
  parser.expectEnd()
  return { tree, mistakes: [...mistakes, ...parser.mistakes] }
}

class Parser {
  readonly mistakes: Mistake[] = []
  readonly #tokens: readonly ExpressionToken[]
  #at = 0

  constructor(tokens: readonly ExpressionToken[]) {
    this.#tokens = tokens
  }

  sequence(): ExpressionTree | null {
    return this.#joined('THEN', 'then', () => this.#joined('AND', 'and', () => this.#unit()))
  }

  expectEnd(): void {
    for (let token = this.#next(); token.type !== 'end'; token = this.#next()) {
      if (token.type === ')') this.mistakes.push(mistakeAt(token.column, 'this bracket was not opened'))
      else this.#at -= 1
      if (token.type !== ')') this.sequence()
    }
  }

  #joined(keyword: 'AND' | 'THEN', type: 'and' | 'then', part: () => ExpressionTree | null): ExpressionTree | null {
    const parts = [part()]
    while (this.#peek().type === keyword) {
      this.#next()
      parts.push(part())
    }
    const sound = parts.filter((one) => one !== null)
    const [only] = sound
    return sound.length <= 1 ? (only ?? null) : { type, parts: sound }
  }

  #unit(): ExpressionTree | null {
    const token = this.#peek()
    if (token.type === '(') return this.#group()
    if (token.type === 'word') return { type: 'task', clause: this.#clause() }
    const found = token.type === 'end' ? 'the end' : JSON.stringify(token.text)
    this.mistakes.push(
      mistakeAt(token.column, `a task begins with its verb, as in: review "security" auth.py; found ${found}`),
    )
    if (token.type === 'quoted' || token.type === 'agent') this.#clause()
    return null
  }

  #group(): ExpressionTree | null {
    const open = this.#next()
    const inner = this.sequence()
    if (this.#peek().type === ')') this.#next()
    else this.mistakes.push(mistakeAt(open.column, 'this bracket is not closed'))
    return inner
  }

  #clause(): Clause {
    const verb = this.#next()
    let prompt: string | null = null
    let agent: Clause['agent'] = null
    const paths: Clause['paths'][number][] = []
    for (let token = this.#peek(); ; token = this.#peek()) {
      if (token.type === 'agent') agent = this.#agent(token, agent)
      else if (token.type === 'quoted' && prompt === null && paths.length === 0) prompt = token.text
      else if (token.type === 'quoted' || token.type === 'word') paths.push({ path: token.text, column: token.column })
      else return { verb: verb.text, prompt, agent, paths, column: verb.column }
      this.#next()
    }
  }

  #agent(token: ExpressionToken, before: Clause['agent']): Clause['agent'] {
    if (before !== null)
      this.mistakes.push(mistakeAt(token.column, `a task has one agent; @${before.name} was named already`))
    return { name: token.text, column: token.column }
  }

  #peek(): ExpressionToken {
    return this.#tokens[this.#at] ?? { type: 'end', text: '', column: 1 }
  }

  #next(): ExpressionToken {
    const token = this.#peek()
    this.#at += 1
    return token
  }
}
