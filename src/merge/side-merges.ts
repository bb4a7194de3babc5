import type { Git } from '../changes/git.ts'
import type { Objects } from '../changes/objects.ts'
import { editTree } from '../changes/tree-edit.ts'
import type { CommitId, TreeId } from '../ids.ts'
import type { ConflictedFile, Stage } from './conflicted-file.ts'
import { doubted } from './doubt.ts'
import { finishMerges } from './finish-merges.ts'
import { editsOf, entryOf, type Footprint } from './footprint.ts'
import { mergeCommits } from './merge-tree.ts'
import { withoutHistory } from './onto-base.ts'
import type { ResolvedFile } from './resolve-merge.ts'
import { commonTexts, type Did, type Side, type Touching } from './sides.ts'
import { openSpecialPaths, type SpecialPaths } from './special-paths.ts'
import type { BegunText, Text, TextMerges } from './text-merges.ts'

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
  /** What the sides were made on, where it is one commit: then they can be merged whatever is there of its history. */
  readonly base?: CommitId
  /** Whether each file counts, also where two sides do not go together (finish-merges.ts). */
  readonly isThorough: boolean
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
    const { git, objects, texts, isThorough, base } = this.#parts
    const merge = await mergeCommits(git, ours, theirs).catch(async (error: unknown) => {
      if (base === undefined) throw error
      const apart = await withoutHistory(objects, base, [ours, theirs])
      return await mergeCommits(git, ...apart).catch(() => Promise.reject(error))
    })
    if (merge.clean) return { tree: merge.tree, resolved: [], left: [] }
    const { resolveMerge } = await import('./resolve-merge.ts')
    return await resolveMerge({ objects, texts, special: this.#special, isThorough }, merge, pairs)
  }

  /**
   * Two changes of one base as one tree; null when git must judge.
   * @param ours what one did, and the tree it led to
   */
  async inMemory(ours: Did & { readonly tree: TreeId }, theirs: Did): Promise<Met | null> {
    const texts = commonTexts(ours, theirs, new Set())
    if (texts === null) return null
    // git is asked while the texts are merged: few files have attributes
    const [special, met] = await Promise.all([this.#special.among(texts), this.#meet(texts, ours, theirs)])
    if (met === null || special.size > 0) return null
    const { wholes, left } = met
    if (left.length > 0) return { tree: ours.tree, resolved: [], left }
    const edits = editsOf(theirs.results)
    for (const { path, mode, text } of wholes) edits.set(path, { mode, oid: await this.#parts.texts.store(text) })
    return {
      tree: await editTree(this.#parts.objects, ours.tree, edits),
      resolved: wholes.flatMap(({ path, chunks }) => (chunks.length > 0 ? { path, chunks } : [])),
      left,
    }
  }

  /** The files on which two sides do not go together; unless it is thorough, with those that were not read any more. */
  async conflictsOf(
    { sides, texts }: Touching,
    footprints: readonly Footprint<Side>[],
  ): Promise<readonly ConflictedFile[]> {
    const [a, b] = [footprints[sides[0]], footprints[sides[1]]]
    if (a === undefined || b === undefined) throw new RangeError(`no sides ${sides.join()}`)
    const met = texts === null ? null : await this.#meet(texts, a, b)
    return (met ?? (await this.byGit(a.changeSet.commit, b.changeSet.commit))).left
  }

  /** null when git must judge. */
  async #meet(paths: readonly string[], a: Did, b: Did): Promise<Meeting | null> {
    const { texts, isThorough } = this.#parts
    const files: { readonly conflict: ConflictedFile; readonly mode: string; readonly begun: BegunText }[] = []
    for (const path of paths) {
      const stages = { base: stageOf(a.before, path), ours: stageOf(a.results, path), theirs: stageOf(b.results, path) }
      const { base, ours, theirs } = stages
      const versions = { path, base: base.oid, ours: ours.oid, theirs: theirs.oid }
      const begun = isThorough ? await texts.merge(versions) : await texts.begin(versions)
      if (begun.how === 'unlike') return null
      files.push({ conflict: contentConflict(path, stages), mode: ours.mode, begun })
    }
    const open = files.map(({ begun }) => begun)
    const merges = isThorough ? open : await finishMerges(open, { upTo: texts.upTo, pairs: 1, isLost: false })
    const [wholes, left]: [Whole[], ConflictedFile[]] = [[], []]
    for (const [at, { conflict, mode }] of files.entries()) {
      const merge = merges[at]
      if (merge?.how === 'merged') wholes.push({ ...merge, path: conflict.path, mode, conflict })
      else left.push(conflict)
    }
    const sure = doubted(wholes, 1)
    const doubtful = sure.filter((one) => !this.#parts.texts.mayKeep(one))
    return { wholes: sure, left: [...left, ...doubtful.map(({ conflict }) => conflict)].toSorted(byPath) }
  }
}

/** How files that two sides changed came out. */
interface Meeting {
  readonly wholes: readonly Whole[]
  readonly left: readonly ConflictedFile[]
}

/** A file that was made whole, and the conflict that it is otherwise. */
interface Whole extends ResolvedFile {
  readonly mode: string
  readonly text: Text
  readonly conflict: ConflictedFile
}

const byPath = (a: ConflictedFile, b: ConflictedFile): number => (a.path < b.path ? -1 : 1)

const stageOf = (results: Footprint['results'], path: string): Stage => ({ ...entryOf(results.get(path) ?? ''), path })

/** As git tells of a conflict in a text. */
export const contentConflict = (path: string, stages: Record<'base' | 'ours' | 'theirs', Stage>): ConflictedFile => ({
  path,
  kind: 'content',
  ...stages,
  types: ['CONFLICT (contents)'],
  paths: [path],
})
