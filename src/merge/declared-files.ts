import { filesOutside } from './owns.ts'

/** Files that several change sets may touch, and the command that makes them anew. */
export interface RegenerateRule {
  readonly glob: string
  /** The command as people know it. */
  readonly name: string
  readonly command: readonly string[]
  readonly timeoutMs: number | null
  /** Why it could not make them; absent as long as it may be tried. */
  readonly failed?: string
}

/** What the user has declared about merging some files; globs as in `owns`. */
export interface DeclaredFiles {
  /** Both sides of a conflict stay. */
  readonly union: readonly string[]
  /** Merged by key. */
  readonly keyed: readonly string[]
  readonly regenerate: readonly RegenerateRule[]
}

/** What holds where nothing is declared. */
export const nothingDeclared: DeclaredFiles = { union: [], keyed: [], regenerate: [] }

/** Whether one of the globs covers a file. */
export const covers = (globs: readonly string[], file: string): boolean =>
  globs.length > 0 && filesOutside(globs, [file]).length === 0

/** The first rule for a file, failed or not; null when there is none. */
export const ruleFor = ({ regenerate }: DeclaredFiles, file: string): RegenerateRule | null =>
  regenerate.find(({ glob }) => covers([glob], file)) ?? null
