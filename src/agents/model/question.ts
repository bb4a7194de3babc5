import type { LanguageModelUsage, ModelMessage } from 'ai'
import type { Refusal } from '../provider/refusal.ts'
import type { Settings } from './settings.ts'

/** What a model is asked, as somebody else can ask it; survives structured clone. Keys are no part of it. */
export interface ModelQuestion {
  readonly settings: Settings
  /** Null for the model's own. */
  readonly temperature: number | null
  /** How long the provider may say nothing, in milliseconds. */
  readonly idleMs: number
  readonly system: string
  /** The model is told of the tools for it. */
  readonly verb: string
  /** The conversation so far, as JSON: whoever hands the question on need not take it apart. */
  readonly messages: string
}

/** Something that a model wants done. */
export interface Call {
  readonly id: string
  readonly name: string
  readonly input: unknown
  /** Why it cannot be: there is no such tool, or its input is wrong. Told to the model already. */
  readonly mistake: string | null
}

/** What a model answered. */
export interface Reply {
  /** What goes into the conversation, mistakes included. */
  readonly messages: readonly ModelMessage[]
  readonly text: string
  readonly calls: readonly Call[]
  readonly end: 'stop' | 'calls' | 'cut-off'
  readonly usage: LanguageModelUsage | null
}

/** What came of asking; survives structured clone. */
export type Asked =
  | { readonly how: 'answered'; readonly reply: Reply }
  | { readonly how: 'refused'; readonly refusal: Refusal }
