import { type KeyedContainer, type KeyedEntry, type KeyedNode, UnreadableKeys, withoutTwins } from './node.ts'

/** How values in brackets are written. */
export interface Dialect {
  /** White space and comments. */
  readonly trivia: RegExp
  /** A comment at the end of a line, with the white space before it. */
  readonly comment: RegExp
  readonly string: RegExp
  /** Anything else that is a value or a key. */
  readonly bare: RegExp
  /** What stands between key and value, with white space. */
  readonly assign: RegExp
}

/** JSON, also with comments and commas at ends. */
export const json: Dialect = {
  trivia: /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y,
  comment: /[ \t]*(?:\/\/[^\r\n]*|\/\*[^\n]*?\*\/)/y,
  string: /"(?:[^"\\\n]|\\.)*"/y,
  bare: /[\w.+-]+/y,
  assign: /\s*:\s*/y,
}

/** Arrays and inline tables of TOML. */
export const toml: Dialect = {
  trivia: /(?:\s|#[^\n]*)*/y,
  comment: /[ \t]*#[^\r\n]*/y,
  string: /"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y,
  bare: /[\w.+:-]+/y,
  assign: /\s*=\s*/y,
}

/** Deeper than this nobody writes by hand. */
const deepest = 100

/** Reads one value and what it holds, from a place in a text on. */
export class BracketReader {
  readonly #text: string
  readonly #dialect: Dialect
  at: number

  constructor(text: string, dialect: Dialect, at = 0) {
    this.#text = text
    this.#dialect = dialect
    this.at = at
  }

  /** Throws UnreadableKeys. */
  value(depth = 0): KeyedNode {
    const sign = this.#text[this.at]
    if (depth > deepest) throw new UnreadableKeys('too deep')
    if (sign === '{') return this.#container('map', '}', depth)
    if (sign === '[') return this.#container('list', ']', depth)
    const text = this.take('string') || this.take('bare')
    if (text === '') throw new UnreadableKeys(`no value at ${this.at}`)
    return { kind: 'scalar', text }
  }

  /** What of this kind stands here; empty when nothing does. */
  take(kind: keyof Dialect): string {
    const pattern = this.#dialect[kind]
    pattern.lastIndex = this.at
    const [found = ''] = pattern.exec(this.#text) ?? []
    this.at += found.length
    return found
  }

  #container(kind: 'map' | 'list', end: string, depth: number): KeyedContainer {
    const open = this.#text[this.at] ?? ''
    this.at += 1
    const entries: KeyedEntry[] = []
    let isEnded = false
    for (;;) {
      const lead = this.take('trivia')
      if (this.#text[this.at] === end) {
        this.at += 1
        return { kind, open, entries: withoutTwins(entries), close: lead + end, separator: ',', isEnded }
      }
      if (entries.length > 0 && !isEnded) throw new UnreadableKeys(`no comma at ${this.at}`)
      const entry = this.#entry(kind, lead, depth)
      isEnded = this.#text[this.at] === ','
      if (isEnded) this.at += 1
      entries.push({ ...entry, tail: this.take('comment') })
    }
  }

  #entry(kind: 'map' | 'list', lead: string, depth: number): KeyedEntry {
    const from = this.at
    let key = ''
    if (kind === 'map') {
      key = this.take('string') || this.take('bare')
      if (key === '' || this.take('assign') === '') throw new UnreadableKeys(`no key at ${from}`)
    }
    const name = this.#text.slice(from, this.at)
    const start = this.at
    const value = this.value(depth + 1)
    const own = kind === 'list' ? this.#text.slice(start, this.at) : key.replace(/^(["'])(.*)\1$/s, '$2')
    return { key: own, lead, name, value, gap: this.#gap(), tail: '' }
  }

  /** White space before a comma; before a bracket it belongs to that. */
  #gap(): string {
    const before = this.at
    const gap = this.take('trivia')
    if (this.#text[this.at] === ',') return gap
    this.at = before
    return ''
  }
}
