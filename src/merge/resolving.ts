import type { Git } from '../changes/git.ts'
import { type Objects, openObjects } from '../changes/objects.ts'
import type { UncleanMerge } from './merge-tree.ts'
import { type MergeResolution, resolveMerge } from './resolve-merge.ts'
import type { ResolverPolicy } from './resolvers/resolver.ts'
import { SideMerges } from './side-merges.ts'
import { openSpecialPaths, type SpecialPaths } from './special-paths.ts'
import { TextMerges } from './text-merges.ts'

/** Resolves merges of one repository as far as a policy allows. */
export interface Resolving extends AsyncDisposable {
  readonly objects: Objects
  readonly special: SpecialPaths
  /** Merges of sides of one base, in memory where they only changed texts. */
  readonly sides: SideMerges
  /** What is left of a merge in which `pairs` pairs of change sets meet, and its tree when nothing is. */
  resolve(merge: UncleanMerge, pairs: number): Promise<MergeResolution>
}

/** Opens it; with no policy nothing is resolved. */
export function openResolving(git: Git, policy: ResolverPolicy | null): Resolving {
  const objects = openObjects(git)
  const texts = new TextMerges(objects, policy)
  const special = openSpecialPaths(git)
  return {
    objects,
    special,
    sides: new SideMerges({ git, objects, texts, special, isThorough: true }),
    resolve: (merge, pairs) =>
      policy === null
        ? Promise.resolve({ tree: merge.tree, resolved: [], left: merge.conflicts })
        : resolveMerge({ objects, texts, special, isThorough: true }, merge, pairs),
    [Symbol.asyncDispose]: () => objects[Symbol.asyncDispose](),
  }
}
