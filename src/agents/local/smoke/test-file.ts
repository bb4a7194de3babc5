import { oneLine } from '../syntax.ts'
import type { PublicModule, PublicSymbol } from '../symbols/symbol.ts'
import type { Framework } from './framework.ts'

/** A smoke test that could be written. */
export interface TestFile {
  /** Where it may go, the best place first; relative to the workspace. */
  readonly places: readonly string[]
  /** How a file of this test begins, whatever its content: one that begins so may be written again. */
  readonly mark: string
  /** The file for a place. */
  readonly render: (place: string) => string
}

/** What a smoke test is written from. */
export interface Subject {
  readonly directory: string
  /** The module, relative to the workspace. */
  readonly file: string
  readonly module: PublicModule
  readonly framework: Framework
}

/** What can be called from outside under a plain name. */
export const callables = ({ symbols }: PublicModule): readonly PublicSymbol[] =>
  symbols.filter(({ kind, name }) => (kind === 'function' || kind === 'class') && /^[\w$.]+$/.test(name))

/** The words at the top of a smoke test, without the sign for a comment. */
export const markOf = (file: string): string =>
  `Written by troupe's local agent for ${oneLine(file)}; no model was used.`

/** What the reader of a smoke test should know. */
export const advice = 'It is written again when asked for; change the first line to keep what you add.'
