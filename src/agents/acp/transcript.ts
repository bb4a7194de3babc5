import { stripVTControlCharacters } from 'node:util'
import { newTail, type Tail } from '../command/tail.ts'
import { type ToolKind, writes } from './tool-kinds.ts'
import type { ToldToolCall, Update } from './updates.ts'

/** A tool call with all that was told of it. */
export interface ToolCall {
  readonly id: string
  readonly title: string
  readonly kind: ToolKind
  readonly status: 'pending' | 'in_progress' | 'completed' | 'failed'
  /** Places that it names, and those that it says it changes; as told, most often absolute. */
  readonly locations: readonly string[]
  readonly diffs: readonly string[]
}

/** What to show of an update. */
export interface Shown {
  readonly log: string
  /** One short line; null for nothing new. */
  readonly progress: string | null
}

const rememberedCalls = 10_000
const lineLimit = 200
const nothing: Shown = { log: '', progress: null }

/** What an agent has said and done in its session, in bounded memory. */
export class Transcript {
  readonly #calls = new Map<string, ToolCall>()
  readonly #written = new Set<string>()
  #message: Tail = newTail()
  #isSpeaking = false
  /** Whether anything was said or begun since the last refusal. */
  #hasGoneOn = true
  #last: ToolCall | null = null
  #costUsd: number | null = null

  /** The end of the last message; calls of tools part messages. */
  get message(): Tail {
    return this.#message
  }

  /** The tool call that ended last. */
  get lastCall(): ToolCall | null {
    return this.#last
  }

  /** Whether the agent has said or begun anything since something was last denied. */
  get hasGoneOn(): boolean {
    return this.#hasGoneOn
  }

  /** Places that completed calls say they have written, as told. */
  get written(): readonly string[] {
    return [...this.#written]
  }

  /** Of the whole session; null where the agent does not tell, or not in dollars. */
  get costUsd(): number | null {
    return this.#costUsd
  }

  update(update: Update): Shown {
    switch (update.sessionUpdate) {
      case 'agent_message_chunk':
        return this.#said(update.content.text)
      case 'agent_thought_chunk':
        return nothing
      case 'tool_call':
      case 'tool_call_update':
        return this.#called(update)
      case 'usage_update':
        this.#costUsd = update.cost?.currency === 'USD' ? update.cost.amount : this.#costUsd
        return nothing
    }
  }

  /** A tool call with what was told of it before; requests for permission tell only a part. */
  complete(told: ToldToolCall): ToolCall {
    const before = this.#calls.get(told.toolCallId) ?? unheardOf
    return {
      id: told.toolCallId,
      title: oneLine(told.title ?? '') || before.title,
      kind: told.kind ?? before.kind,
      status: told.status ?? before.status,
      locations: locationsIn(told) ?? before.locations,
      diffs: told.content === undefined ? before.diffs : diffsIn(told.content),
    }
  }

  /** A call that was not allowed has failed, whatever the agent makes of it. */
  deny(call: ToolCall): void {
    this.#hasGoneOn = false
    this.#remember({ ...call, status: 'failed' })
  }

  /** A file was written for the agent. */
  wrote(path: string): void {
    if (this.#written.size < rememberedCalls) this.#written.add(path)
  }

  #said(text: string): Shown {
    if (!this.#isSpeaking) this.#message = newTail()
    this.#isSpeaking = true
    if (text.trim() !== '') this.#hasGoneOn = true
    this.#message.add(Buffer.from(text))
    return { log: text, progress: this.#message.lastLine(lineLimit) }
  }

  #called(told: ToldToolCall): Shown {
    const before = this.#calls.get(told.toolCallId)
    const call = this.complete(told)
    const line = `${call.kind} ${call.title}`
    const feed = this.#isSpeaking ? '\n' : ''
    this.#isSpeaking = false
    if (before === undefined) this.#hasGoneOn = true
    this.#remember(call)
    if (before?.status === call.status) return { log: feed, progress: null }
    return { log: `${feed}[${call.status}] ${line}\n`, progress: call.status === 'failed' ? `failed: ${line}` : line }
  }

  #remember(call: ToolCall): void {
    const before = this.#calls.get(call.id)
    // one that failed stays so: an agent may report a denied call as done
    const kept = before?.status === 'failed' ? { ...call, status: before.status } : call
    this.#calls.delete(call.id)
    this.#calls.set(call.id, kept)
    if (this.#calls.size > rememberedCalls) this.#calls.delete(this.#calls.keys().next().value ?? '')
    if (kept.status !== 'completed' && kept.status !== 'failed') return
    this.#last = kept
    if (kept.status !== 'completed' || this.#written.size >= rememberedCalls) return
    for (const path of writes(kept.kind) ? [...kept.locations, ...kept.diffs] : kept.diffs) this.#written.add(path)
  }
}

const unheardOf: Omit<ToolCall, 'id'> = { title: 'a tool', kind: 'other', status: 'pending', locations: [], diffs: [] }

/** Where a call says it is; some say it in the input of their tool only. */
function locationsIn({ locations, rawInput }: ToldToolCall): readonly string[] | null {
  const told = locations?.map(({ path }) => path) ?? []
  if (told.length > 0) return told
  const input = typeof rawInput === 'object' && rawInput !== null ? (rawInput as Readonly<Record<string, unknown>>) : {}
  const named = inputKeys.map((key) => input[key]).filter((value) => typeof value === 'string')
  return named.length > 0 ? named : null
}

const inputKeys = ['file_path', 'filePath', 'filepath', 'path', 'abs_path']

const diffsIn = (content: ToldToolCall['content']): readonly string[] =>
  (content ?? []).flatMap(({ type, path }) => (type === 'diff' && path !== undefined ? [path] : []))

const oneLine = (text: string): string => stripVTControlCharacters(text).replace(/\s+/g, ' ').trim().slice(0, lineLimit)
