import { stripVTControlCharacters } from 'node:util'
import { newTail, type Tail } from '../command/tail.ts'
import { type Usage, usageWith } from '../usage.ts'
import type { Sign, ToldError, ToolSign } from './sign.ts'

/** A tool with all that was told of it. */
export type Tool = Required<Omit<ToolSign, 'type'>>

/** What to show of a sign. */
export interface Shown {
  readonly log: string
  /** One short line; null for nothing new. */
  readonly progress: string | null
}

const remembered = 10_000
const lineLimit = 200

/** What an agent's program has said and done, in bounded memory. */
export class Account {
  readonly #tools = new Map<string, Tool>()
  readonly #written = new Set<string>()
  readonly #denied: string[] = []
  #message: Tail = newTail()
  /** Whether what was said last may go on. */
  #isSpeaking = false
  #last: Tool | null = null
  #usage: Usage | null = null
  #end: { readonly error: ToldError | null } | null = null
  #again: string | null = null
  #againCount = 0

  /** The end of the last message. */
  get message(): Tail {
    return this.#message
  }

  /** The tool that ended last. */
  get lastTool(): Tool | null {
    return this.#last
  }

  /** Places that tools which went well have written, as told. */
  get written(): readonly string[] {
    return [...this.#written]
  }

  /** What was not allowed. */
  get denied(): readonly string[] {
    return this.#denied
  }

  /** Null where the program told nothing. */
  get usage(): Usage | null {
    return this.#usage
  }

  /** How it said that it ended; null where it did not. */
  get end(): { readonly error: ToldError | null } | null {
    return this.#end
  }

  /** Why it tried again last; null where it did not, or has gone on since. */
  get again(): string | null {
    return this.#again
  }

  /** How often it tried again without getting any further. */
  get againCount(): number {
    return this.#againCount
  }

  hear(sign: Sign): Shown {
    if (sign.type === 'message' || sign.type === 'tool') this.#again = null
    this.#againCount = sign.type === 'again' ? this.#againCount + 1 : this.#again === null ? 0 : this.#againCount
    switch (sign.type) {
      case 'message':
        return this.#said(sign.text, sign.isPart === true)
      case 'tool':
        return this.#used(sign)
      case 'again':
        this.#again = oneLine(sign.why)
        return { log: `[again] ${this.#again}\n`, progress: `tries again: ${this.#again}` }
      case 'denied':
        return this.deny(sign.what)
      case 'usage':
        this.#usage = usageWith(this.#usage, sign.usage)
        return { log: '', progress: null }
      case 'end':
        this.#end = { error: sign.error }
        return { log: sign.error === null ? '' : `[error] ${oneLine(sign.error.text)}\n`, progress: null }
    }
  }

  /** Something was not allowed. */
  deny(what: string): Shown {
    const line = oneLine(what)
    if (this.#denied.length < remembered && !this.#denied.includes(line)) this.#denied.push(line)
    return { log: `[denied] ${line}\n`, progress: `denied: ${line}` }
  }

  #said(text: string, isPart: boolean): Shown {
    if (!isPart && text.trim() === '') return { log: '', progress: null }
    if (!isPart || !this.#isSpeaking) this.#message = newTail()
    this.#isSpeaking = isPart
    this.#message.add(Buffer.from(text))
    return { log: isPart ? text : `${text.trimEnd()}\n`, progress: this.#message.lastLine(lineLimit) }
  }

  #used(sign: ToolSign): Shown {
    const feed = this.#isSpeaking ? '\n' : ''
    this.#isSpeaking = false
    const before = this.#tools.get(sign.id)
    const tool = completed(sign, before)
    const { status, title } = tool
    this.#tools.delete(tool.id)
    this.#tools.set(tool.id, tool)
    if (this.#tools.size > remembered) this.#tools.delete(this.#tools.keys().next().value ?? '')
    if (status !== 'began') this.#last = tool
    if (status === 'done') this.#wrote(tool.writes)
    if (before?.status === status) return { log: feed, progress: null }
    return { log: `${feed}[${status}] ${title}\n`, progress: status === 'failed' ? `failed: ${title}` : title }
  }

  #wrote(paths: readonly string[]): void {
    for (const path of paths) if (this.#written.size < remembered) this.#written.add(path)
  }
}

/** With what was told of it before. */
const completed = ({ id, status, title, writes }: ToolSign, before: Tool | undefined): Tool => ({
  id,
  status,
  title: title === undefined ? (before?.title ?? 'a tool') : oneLine(title),
  writes: writes ?? before?.writes ?? [],
})

const oneLine = (text: string): string => stripVTControlCharacters(text).replace(/\s+/g, ' ').trim().slice(0, lineLimit)
