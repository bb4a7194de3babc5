import type { Git } from '../changes/git.ts'
import type { Objects } from '../changes/objects.ts'
import type { CommitId } from '../ids.ts'
import type { ResolvedFile } from './resolve-merge.ts'
import type { ResolverPolicy } from './resolvers/resolver.ts'
import type { SpecialPaths } from './special-paths.ts'

/** Sides of one base that are to become one tree. */
export interface SidesRequest {
  readonly git: Git
  /** Of the same repository. */
  readonly objects: Objects
  readonly base: CommitId
  /** Commits whose only parent is the base; of others what differs from the base is taken. */
  readonly sides: readonly CommitId[]
  readonly policy: ResolverPolicy
  /** Of the same repository; opened anew when left out. */
  readonly special?: SpecialPaths
}

/** A file that was resolved while a side was brought in. */
export interface SideResolution extends ResolvedFile {
  /** The side that was brought in. */
  readonly side: number
}
