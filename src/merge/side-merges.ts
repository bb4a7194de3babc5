import type { Git } from '../changes/git.ts'
import type { CommitId, TreeId } from '../ids.ts'
import type { ConflictedFile, Stage } from './conflicted-file.ts'
import { doubted } from './doubt.ts'
import { type Footprint } from './footprint.ts'
import { mergeCommits } from './merge-tree.ts'
import type { ResolvedFile } from './resolve-merge.ts'
import type { Side, Touching } from './sides.ts'
import { openSpecialPaths, type SpecialPaths } from './special-paths.ts'
import type { TextMerges } from './text-merges.ts'
import type { Objects } from '../changes/objects.ts'

/** A merge of two commits, resolvers included; the tree is a result only when nothing is left. */
export interface Met {
  readonly tree: TreeId
  readonly resolved: readonly ResolvedFile[]
  readonly left: readonly ConflictedFile[]
}

interface SideMergesParts {
  readonly git: Git
  readonly objects: Objects
  readonly texts: TextMerges
  /** Of the same repository; opened anew when left out. */
  readonly special?: SpecialPaths
}

/** Merges sides: by git, or in memory where two sides only changed texts. */
export class SideMerges {
  readonly #parts: SideMergesParts
  readonly #special: SpecialPaths

  constructor(parts: SideMergesParts) {
    this.#parts = parts
    this.#special = parts.special ?? openSpecialPaths(parts.git)
  }

  /** @param pairs how many pairs of sides meet in it */
  async byGit(ours: CommitId, theirs: CommitId, pairs = 1): Promise<Met> {
    const { git, objects, texts } = this.#parts
    const merge = await mergeCommits(git, ours, theirs)
    if (merge.clean) return { tree: merge.tree, resolved: [], left: [] }
    const { resolveMerge } = await import('./resolve-merge.ts')
    return await resolveMerge({ objects, texts, special: this.#special }, merge, pairs)
  }

  /** The files on which two sides do not go together. */
  async conflictsOf(
    { sides, texts }: Touching,
    footprints: readonly Footprint<Side>[],
  ): Promise<readonly ConflictedFile[]> {
    const [a, b] = [footprints[sides[0]], footprints[sides[1]]]
    if (a === undefined || b === undefined) throw new RangeError(`no sides ${sides.join()}`)
    const conflicts = texts === null ? null : await this.#textConflicts(texts, a, b)
    return conflicts ?? (await this.byGit(a.changeSet.commit, b.changeSet.commit)).left
  }

  /** null when git must judge. */
  async #textConflicts(
    paths: readonly string[],
    a: Footprint<Side>,
    b: Footprint<Side>,
  ): Promise<readonly ConflictedFile[] | null> {
    const conflicts: ConflictedFile[] = []
    const resolved: Decided[] = []
    for (const path of paths) {
      const stages = { base: stageOf(a.before, path), ours: stageOf(a.results, path), theirs: stageOf(b.results, path) }
      const { base, ours, theirs } = stages
      const merge = await this.#parts.texts.merge({ path, base: base.oid, ours: ours.oid, theirs: theirs.oid })
      if (merge.how === 'unlike') return null
      if (merge.how === 'conflict') conflicts.push(contentConflict(path, stages))
      else resolved.push({ chunks: merge.chunks, conflict: contentConflict(path, stages) })
    }
    const doubtful = doubted(resolved, 1).filter((one) => !this.#parts.texts.mayKeep(one))
    return [...conflicts, ...doubtful.map(({ conflict }) => conflict)]
  }
}

/** A file that was made whole, and the conflict that it is otherwise. */
interface Decided extends Pick<ResolvedFile, 'chunks'> {
  readonly conflict: ConflictedFile
}

function stageOf(results: Footprint['results'], path: string): Stage {
  const [mode = '', oid = ''] = (results.get(path) ?? '').split(' ')
  return { mode, oid, path }
}

/** As git tells of a conflict in a text. */
export const contentConflict = (path: string, stages: Record<'base' | 'ours' | 'theirs', Stage>): ConflictedFile => ({
  path,
  kind: 'content',
  ...stages,
  types: ['CONFLICT (contents)'],
  paths: [path],
})
