import type { Objects } from '../changes/objects.ts'
import { diffTrees } from '../changes/tree-diff.ts'
import { editTree } from '../changes/tree-edit.ts'
import type { CommitId, TreeId } from '../ids.ts'
import { type Footprint, mayMeet } from './footprint.ts'
import { commonTexts, sharedPaths } from './sides.ts'
import type { SpecialPaths } from './special-paths.ts'
import { TextGroup } from './text-group.ts'
import { TextMerges } from './text-merges.ts'

interface LandingParts {
  readonly objects: Objects
  readonly special: SpecialPaths
  /** What the change sets must be made on to be compared here. */
  readonly base: CommitId
  /** Of everything that asks to land. */
  readonly footprints: readonly Footprint[]
}

/**
 * Brings change sets of one base onto what has landed without a process of git for each: where they meet nothing, or only texts that
 * go together. The trees are those that git would make (docs/merging.md).
 */
export class LandingInMemory {
  readonly #parts: LandingParts
  readonly #group: TextGroup
  #special: Promise<ReadonlySet<string>> | null = null

  constructor(parts: LandingParts) {
    this.#parts = parts
    this.#group = new TextGroup(new TextMerges(parts.objects, null)) // whatever needs a resolver is for git to tell first
  }

  /** The tree with a change set brought in, which has landed with that; null when git must judge. */
  async land(tree: TreeId, footprint: Footprint, landed: readonly Footprint[]): Promise<TreeId | null> {
    if (!(await this.#meetsOnlyTexts(footprint, landed))) return null
    const taken = await this.#group.take(footprint)
    if (taken.how !== 'taken') return null
    return await editTree(this.#parts.objects, tree, await this.#group.edits([...footprint.results.keys()]))
  }

  /** Takes note of what git has brought in. */
  async learn(before: TreeId, after: TreeId): Promise<void> {
    const { results } = await diffTrees(this.#parts.objects, before, after)
    this.#group.replace(results)
  }

  async #meetsOnlyTexts(footprint: Footprint, landed: readonly Footprint[]): Promise<boolean> {
    const { base } = this.#parts
    const rivals = landed.filter((ours) => mayMeet(ours, footprint))
    if ([footprint, ...rivals].some(({ changeSet }) => changeSet.base !== base)) return false
    if (rivals.length === 0) return true
    this.#special ??= this.#parts.special.among(sharedPaths(this.#parts.footprints))
    const special = await this.#special
    return rivals.every((ours) => commonTexts(ours, footprint, special) !== null)
  }
}
