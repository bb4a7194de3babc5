import type { HomeContents } from '../own-home.ts'
import type { UsualProvider } from '../usual-provider.ts'
import type { CliOptions } from './options.ts'
import type { ReadSigns, Sign } from './sign.ts'

/** What differs from attempt to attempt in how a program is started. */
export interface Settings {
  readonly access: NonNullable<CliOptions['access']>
  readonly model: string | null
  /** Wall-clock limit of the attempt; null for none. */
  readonly timeoutMs: number | null
  /** Values of the variables among the credentials. */
  readonly secrets: Readonly<Record<string, string>>
  /** Whether its programs write nowhere but in the workspace anyway. */
  readonly confined: boolean
}

/** What a program is spoken to about. */
export interface Topic {
  readonly prompt: string
  /** Absolute path to work in. */
  readonly directory: string
  readonly settings: Settings
}

/** Something that a program asks before it does it. */
export interface Question {
  /** What it would do, in a line. */
  readonly what: string
  /** Files that it would write; empty for anything else. */
  readonly writes: readonly string[]
  /** The answer, as it is written to the program; null allows it. */
  answer(refusal: string | null): string
}

/** How one program is spoken to, from its start to its end. */
export interface Speech {
  /** What is written to the program first. */
  readonly opening: string
  /** What an event calls for: something to decide, or an answer that is written at once; null for nothing. */
  read(event: unknown): Question | string | null
  /** What asks the program to break off; empty where it does nothing yet. Left out where only a signal does. */
  farewell?(): string
  /** In place of the preset's, where what an event says depends on those before it. */
  readonly signs?: ReadSigns
}

/** A coding agent with a command line that works without a person: how it is started, and what it tells. */
export interface Preset {
  /** What a manifest calls it, and its program. */
  readonly name: string
  readonly summary: string
  /** Whose limits its calls share where it has the usual key; null where that is open. */
  readonly usual: UsualProvider | null
  /** What a manifest most likely names as credentials; for advice. */
  readonly credentials: string
  /** Arguments that print its help, and what must stand there. */
  readonly help: { readonly argv: readonly string[]; readonly flags: readonly string[] }
  /** Arguments for one task; the prompt comes over standard input. */
  argv(settings: Settings): readonly string[]
  env(settings: Settings, home: string): Readonly<Record<string, string>>
  /** What lies in its home, by path; a credential of the same path goes before it. */
  files(settings: Settings): HomeContents['files']
  /** Left out where it gets its prompt as plain text, and asks nothing. */
  speech?(topic: Topic): Speech
  /** Understands an event on its standard output. */
  readonly signs: ReadSigns
  /** HTTP status that an exit status stands for; null for none. */
  statusOfExit?(code: number): number | null
  /** Understands a line that is no event. */
  straySigns?(line: string): readonly Sign[]
  /** Other ways to drive the same program, by the name of the interface. */
  readonly interfaces?: Readonly<Partial<Record<NonNullable<CliOptions['interface']>, Preset>>>
}

/** The preset for the interface that is asked for. */
export const presetFor = (usual: Preset, { interface: wanted }: Pick<CliOptions, 'interface'>): Preset =>
  (wanted === undefined ? undefined : usual.interfaces?.[wanted]) ?? usual
