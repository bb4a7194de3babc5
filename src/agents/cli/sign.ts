import type { Usage } from '../usage.ts'

/** Something that an agent's program tells while it works, whatever its own words for it are. */
export type Sign =
  /** A whole message of the model, or a part that goes on what was said just before. */
  | { readonly type: 'message'; readonly text: string; readonly isPart?: boolean }
  | ToolSign
  | AgainSign
  /** Something was not allowed, and the model was told so. */
  | { readonly type: 'denied'; readonly what: string }
  /** What was used since the last time. */
  | { readonly type: 'usage'; readonly usage: Usage }
  /** It has ended by itself: well where there is no error. */
  | { readonly type: 'end'; readonly error: ToldError | null }

/** The provider refused, or broke off, and the program tries again by itself. */
export interface AgainSign {
  readonly type: 'again'
  readonly why: string
  /** Where it is certain that the provider refused. */
  readonly error?: ToldError
  /** The last refusal is told in this way too: an error that ends the program then is the same one. */
  readonly mayBeLast?: true
}

/** A tool is used; what is not told again stays as it was told first. */
export interface ToolSign {
  readonly type: 'tool'
  readonly id: string
  readonly status: 'began' | 'done' | 'failed'
  /** What it does, in a line. */
  readonly title?: string
  /** Places that it writes, as told. */
  readonly writes?: readonly string[]
}

/** Why a program could not go on, in its own words. */
export interface ToldError {
  /** HTTP status of the provider's answer; null where it is not told. */
  readonly status: number | null
  readonly text: string
  /** Of that answer, names in small letters. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Understands one event of a program; empty for one that says nothing that matters, or that nobody knows. */
export type ReadSigns = (event: unknown) => readonly Sign[]
