import { type ExpressionMistake, type ExpressionToken, tokensOf } from './expression-tokens.ts'

/** One task of an expression. */
export interface Clause {
  readonly verb: string
  readonly offset: number
  readonly prompt: Piece | null
  readonly agent: Piece | null
  readonly paths: readonly Piece[]
}

interface Piece {
  readonly text: string
  readonly offset: number
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
export function treeOf(text: string): {
  readonly tree: ExpressionTree | null
  readonly mistakes: readonly ExpressionMistake[]
} {
  const { tokens, mistakes } = tokensOf(text)
  const parser = new Parser(tokens)
  const tree = parser.whole()
  return { tree, mistakes: [...mistakes, ...parser.mistakes] }
}

/** More open brackets than this nobody writes, and the stack is finite. */
const deepest = 100

class Parser {
  readonly mistakes: ExpressionMistake[] = []
  readonly #tokens: readonly ExpressionToken[]
  #at = 0
  #depth = 0
  #hasGivenUp = false

  constructor(tokens: readonly ExpressionToken[]) {
    this.#tokens = tokens
  }

  /** After a mistake reading goes on behind it, so that later ones are found too. */
  whole(): ExpressionTree | null {
    const parts = [this.#sequence()]
    for (let token = this.#peek(); token.type !== 'end'; token = this.#peek()) {
      if (token.type === ')') {
        this.#mistake(this.#next(), 'this bracket was not opened')
        if (this.#isJoined()) this.#next()
        if (this.#isUnit()) parts.push(this.#sequence())
      } else {
        this.#mistake(token, 'AND or THEN must stand here')
        parts.push(this.#sequence())
      }
    }
    return treeFrom('and', parts)
  }

  #isJoined(): boolean {
    return this.#peek().type === 'AND' || this.#peek().type === 'THEN'
  }

  #isUnit(): boolean {
    return this.#peek().type === 'word' || this.#peek().type === '('
  }

  #sequence(): ExpressionTree | null {
    return this.#joined('THEN', 'then', () => this.#joined('AND', 'and', () => this.#unit()))
  }

  #joined(keyword: 'AND' | 'THEN', type: 'and' | 'then', part: () => ExpressionTree | null): ExpressionTree | null {
    const parts = [part()]
    while (this.#peek().type === keyword) {
      this.#next()
      parts.push(part())
    }
    return treeFrom(type, parts)
  }

  #unit(): ExpressionTree | null {
    const token = this.#peek()
    if (token.type === '(') return this.#group()
    if (token.type === 'word') return { type: 'task', clause: this.#clause() }
    const found = token.type === 'end' ? 'the end' : JSON.stringify(token.text)
    const rule = 'a task begins with its verb, as in: review "security" auth.py'
    const isEmpty = this.#tokens[0]?.type === 'end'
    this.#mistake(token, isEmpty ? `the task expression is empty; ${rule}` : `${rule}; found ${found}`)
    if (token.type === 'quoted' || token.type === 'agent') this.#clause()
    return null
  }

  #group(): ExpressionTree | null {
    const open = this.#next()
    if (this.#depth === deepest) return this.#giveUp(open)
    this.#depth += 1
    const inner = this.#sequence()
    this.#depth -= 1
    if (this.#peek().type === ')') this.#next()
    else if (!this.#hasGivenUp) this.#mistake(open, 'this bracket is not closed')
    return inner
  }

  #giveUp(open: ExpressionToken): null {
    this.#mistake(open, `brackets are nested more than ${deepest} deep`)
    this.#hasGivenUp = true
    this.#at = this.#tokens.length - 1
    return null
  }

  #clause(): Clause {
    const { text: verb, offset } = this.#next()
    let prompt: Piece | null = null
    let agent: Piece | null = null
    const paths: Piece[] = []
    for (let token = this.#peek(); ; token = this.#peek()) {
      if (token.type === 'agent') {
        if (agent !== null) this.#mistake(token, `a task has one agent, and @${agent.text} was named already`)
        agent = token
      } else if (token.type === 'quoted' && prompt === null) prompt = token
      else if (token.type === 'quoted' || token.type === 'word') paths.push(this.#path(token))
      else return { verb, offset, prompt, agent, paths }
      this.#next()
    }
  }

  #path(token: ExpressionToken): Piece {
    const keyword = token.text.toUpperCase()
    if (token.type === 'word' && (keyword === 'AND' || keyword === 'THEN'))
      this.#mistake(token, `write ${keyword} in capitals; quote ${token.text} if it is a path`)
    return token
  }

  #mistake({ offset }: ExpressionToken, message: string): void {
    this.mistakes.push({ offset, message })
  }

  #peek(): ExpressionToken {
    return this.#tokens[this.#at] ?? { type: 'end', text: '', offset: 0 }
  }

  #next(): ExpressionToken {
    const token = this.#peek()
    this.#at += 1
    return token
  }
}

function treeFrom(type: 'and' | 'then', parts: readonly (ExpressionTree | null)[]): ExpressionTree | null {
  const sound = parts.filter((part) => part !== null)
  const [only] = sound
  return sound.length <= 1 ? (only ?? null) : { type, parts: sound }
}
