import type { TreeEdits } from '../changes/tree-edit.ts'
import type { TreeEntry } from '../changes/tree-object.ts'
import type { ConflictedFile } from './conflicted-file.ts'
import type { Footprint } from './footprint.ts'
import type { ResolvedFile } from './resolve-merge.ts'
import { contentConflict } from './side-merges.ts'
import type { Text, TextMerge, TextMerges } from './text-merges.ts'

/** What taking a side in led to. */
export type Taken =
  | { readonly how: 'taken'; readonly resolved: readonly ResolvedFile[] }
  | { readonly how: 'refused'; readonly conflicts: readonly ConflictedFile[] }
  /** Git must judge. */
  | { readonly how: 'unlike' }

/** A path as the sides taken so far leave it. */
interface Standing {
  readonly mode: string
  readonly content: string | Text
}

/** Sides of one base that changed texts only, brought together in memory; blobs are written at the end. */
export class TextGroup {
  readonly #texts: TextMerges
  readonly #paths = new Map<string, Standing | null>()
  /** What sides left at each path; it need not be brought in twice. */
  readonly #held = new Map<string, Set<string | null>>()

  constructor(texts: TextMerges) {
    this.#texts = texts
  }

  /** Takes a side in, or refuses it whole. */
  async take({ before, results }: Pick<Footprint, 'before' | 'results'>): Promise<Taken> {
    const changes = new Map<string, Standing | null>()
    const resolved: ResolvedFile[] = []
    const conflicts: ConflictedFile[] = []
    for (const [path, result] of results) {
      if (this.#held.get(path)?.has(result) === true) continue
      const mine = standingOf(result)
      const known = this.#paths.get(path) ?? null
      if (known === null || mine === null) {
        changes.set(path, mine)
        continue
      }
      const meeting = { base: standingOf(before.get(path) ?? null), ours: known, theirs: mine }
      const merge = await this.#merge(path, meeting)
      if (merge.how === 'unlike') return merge
      if (merge.how === 'conflict') conflicts.push(await this.#conflict(path, meeting))
      else {
        changes.set(path, { mode: mine.mode, content: merge.text })
        resolved.push({ path, chunks: merge.chunks })
      }
    }
    if (conflicts.length > 0) return { how: 'refused', conflicts }
    this.#keep(results, changes)
    return { how: 'taken', resolved: resolved.filter(({ chunks }) => chunks.length > 0) }
  }

  #keep(results: Footprint['results'], changes: ReadonlyMap<string, Standing | null>): void {
    for (const [path, standing] of changes) this.#paths.set(path, standing)
    for (const [path, result] of results) this.#held.set(path, (this.#held.get(path) ?? new Set()).add(result))
  }

  /** Takes over what stands at some paths after something was brought in elsewhere. */
  replace(results: Footprint['results']): void {
    for (const [path, result] of results) {
      this.#paths.set(path, standingOf(result))
      this.#held.delete(path)
    }
  }

  /** What differs from the base, at these paths or at all; texts that were made here are stored. */
  async edits(paths: Iterable<string> = this.#paths.keys()): Promise<TreeEdits> {
    const edits = new Map<string, TreeEntry | null>()
    for (const path of paths) {
      const standing = this.#paths.get(path) ?? null
      const entry = standing && { mode: standing.mode, oid: await this.#oidOf(standing) }
      if (entry !== null) this.#paths.set(path, { mode: entry.mode, content: entry.oid })
      edits.set(path, entry)
    }
    return edits
  }

  async #merge(path: string, { base, ours, theirs }: Meeting): Promise<TextMerge> {
    if (base === null || typeof base.content !== 'string' || typeof theirs.content !== 'string')
      return { how: 'unlike' }
    return await this.#texts.merge({ path, base: base.content, ours: ours.content, theirs: theirs.content })
  }

  async #conflict(path: string, { base, ours, theirs }: Meeting): Promise<ConflictedFile> {
    const stage = async (one: Standing) => ({ mode: one.mode, oid: await this.#oidOf(one), path })
    return contentConflict(path, {
      base: await stage(base ?? ours),
      ours: await stage(ours),
      theirs: await stage(theirs),
    })
  }

  async #oidOf({ content }: Standing): Promise<string> {
    return typeof content === 'string' ? content : await this.#texts.store(content)
  }
}

interface Meeting {
  readonly base: Standing | null
  readonly ours: Standing
  readonly theirs: Standing
}

function standingOf(result: string | null): Standing | null {
  if (result === null) return null
  const [mode = '', content = ''] = result.split(' ')
  return { mode, content }
}
