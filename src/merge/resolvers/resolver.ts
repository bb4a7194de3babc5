import type { DeclaredFiles } from '../declared-files.ts'
import type { Chunk, Versions } from '../text/three-way.ts'
import type { FileFacts } from './file-facts.ts'

/**
 * How far a resolution can be trusted: `certain` and `likely` are kept by themselves, `checked` only when the user's checks
 * pass with it.
 */
export type Grade = 'certain' | 'likely' | 'checked'

/** A chunk that both sides changed, made one. */
export interface Resolution {
  readonly lines: readonly string[]
  readonly grade: Grade
  /** What it was decided by, in a few words for people. */
  readonly evidence: string
}

/** Whether the base, or the version that is named, has a line, white space around it aside, anywhere. */
export type IsKnown = (line: string, version?: keyof Versions) => boolean

/** A rule for one kind of conflict. */
export interface Resolver {
  /** As the proposal and the manifest name it. */
  readonly name: string
  /** The chunk as one, or null where the rule does not hold. Pure. */
  readonly resolve: (chunk: Chunk, file: FileFacts, isKnown: IsKnown) => Resolution | null
}

/** What may be resolved without asking. */
export interface ResolverPolicy {
  /** The least sure grade that is allowed; null for nothing but what is declared. */
  readonly upTo: Grade | null
  /** Names of resolvers that are turned off. */
  readonly off: readonly string[]
  /** What the user has declared about some files; it goes before every resolver. */
  readonly declared?: DeclaredFiles
}

/** Grades from the surest on. */
export const grades = ['certain', 'likely', 'checked'] as const satisfies readonly Grade[]

/** Whether a grade is as sure as another, or surer. */
export const isAsSureAs = (grade: Grade, other: Grade | null): boolean =>
  other !== null && grades.indexOf(grade) <= grades.indexOf(other)
