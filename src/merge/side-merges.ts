import type { Git } from '../changes/git.ts'
import type { Objects } from '../changes/objects.ts'
import { editTree } from '../changes/tree-edit.ts'
import type { CommitId, TreeId } from '../ids.ts'
import type { ConflictedFile, Stage } from './conflicted-file.ts'
import { doubted } from './doubt.ts'
import { finishMerges } from './finish-merges.ts'
import { type Did, editsOf, entryOf, type Footprint } from './footprint.ts'
import { mergeCommits } from './merge-tree.ts'
import { withoutHistory } from './onto-base.ts'
import type { ResolvedFile } from './resolve-merge.ts'
import { type SharedFile, sharedFiles, type Side, type Touching } from './sides.ts'
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
    const files = sharedFiles(ours, theirs, new Set())
    if (files === null) return null
    const merged = files.flatMap(({ path, how }) => (how === 'modify/delete' ? [] : path))
    // git is asked while the texts are merged: few files have attributes
    const [special, met] = await Promise.all([this.#special.among(merged), this.#meet(files, ours, theirs)])
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
    { sides, files }: Touching,
    footprints: readonly Footprint<Side>[],
  ): Promise<readonly ConflictedFile[]> {
    const [a, b] = [footprints[sides[0]], footprints[sides[1]]]
    if (a === undefined || b === undefined) throw new RangeError(`no sides ${sides.join()}`)
    const met = files === null ? null : await this.#meet(files, a, b)
    return (met ?? (await this.byGit(a.changeSet.commit, b.changeSet.commit))).left
  }

  /** null when git must judge. */
  async #meet(shared: readonly SharedFile[], a: Did, b: Did): Promise<Meeting | null> {
    const { texts, isThorough } = this.#parts
    const files: { readonly conflict: ConflictedFile; readonly begun: BegunText }[] = []
    for (const file of shared) {
      const conflict = conflictIn(file, a, b)
      const begun = await this.#begin(conflict)
      if (begun.how === 'unlike') return null
      files.push({ conflict, begun })
    }
    const open = files.map(({ begun }) => begun)
    const merges = isThorough ? open : await finishMerges(open, { upTo: texts.upTo, pairs: 1, isLost: false })
    const [wholes, left]: [Whole[], ConflictedFile[]] = [[], []]
    for (const [at, { conflict }] of files.entries()) {
      const merge = merges[at]
      if (merge?.how === 'merged') wholes.push({ ...merge, path: conflict.path, mode: modeOf(conflict), conflict })
      else left.push(conflict)
    }
    const sure = doubted(wholes, 1)
    const doubtful = sure.filter((one) => !this.#parts.texts.mayKeep(one))
    return { wholes: sure, left: [...left, ...doubtful.map(({ conflict }) => conflict)].toSorted(byPath) }
  }

  async #begin({ path, base, ours, theirs }: ConflictedFile): Promise<BegunText> {
    const { texts, isThorough } = this.#parts
    if (base !== null && ours !== null && theirs !== null) {
      const versions = { path, base: base.oid, ours: ours.oid, theirs: theirs.oid }
      return isThorough ? await texts.merge(versions) : await texts.begin(versions)
    }
    if (texts.remakes(path) !== null) return { how: 'unlike' }
    return ours === null || theirs === null ? { how: 'conflict' } : await texts.meetAdded(ours.oid, theirs.oid)
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

const modeOf = ({ ours }: ConflictedFile): string => ours?.mode ?? ''

const byPath = (a: ConflictedFile, b: ConflictedFile): number => (a.path < b.path ? -1 : 1)

/** What git tells of a file that two changes of one base do not go together in. */
function conflictIn({ path, how }: SharedFile, a: Did, b: Did): ConflictedFile {
  const stages = { base: stageOf(a.before, path), ours: stageOf(a.results, path), theirs: stageOf(b.results, path) }
  return how === 'modify/delete'
    ? { path, kind: how, ...stages, types: ['CONFLICT (modify/delete)'], paths: [path] }
    : contentConflict(path, stages)
}

function stageOf(results: Footprint['results'], path: string): Stage | null {
  const result = results.get(path) ?? null
  return result === null ? null : { ...entryOf(result), path }
}

/** As git tells of a conflict in a text. */
export const contentConflict = (
  path: string,
  stages: Pick<ConflictedFile, 'base' | 'ours' | 'theirs'>,
): ConflictedFile => ({
  path,
  kind: stages.base === null ? 'add/add' : 'content',
  ...stages,
  types: ['CONFLICT (contents)'],
  paths: [path],
})
