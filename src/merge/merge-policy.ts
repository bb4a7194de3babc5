import type { ResolverPolicy } from './resolvers/resolver.ts'

/**
 * Which change sets land: the set that is worth most together, whoever comes first in the manifest, or all of them or none.
 */
export type MergeStrategy = 'best-set' | 'in-order' | 'all-or-nothing'

/** How change sets are brought together. */
export interface MergePolicy {
  readonly strategy: MergeStrategy
  /** What resolvers may decide; null for nothing. */
  readonly resolvers: ResolverPolicy | null
  /** Whether the change sets that break a check are looked for and left out. */
  readonly blame: boolean
}

/** What is done where a manifest says nothing. */
export const defaultMergePolicy: MergePolicy = {
  strategy: 'best-set',
  resolvers: { upTo: 'likely', off: [] },
  blame: true,
}
