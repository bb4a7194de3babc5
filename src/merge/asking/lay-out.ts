import type { Git } from '../../changes/git.ts'
import type { Objects } from '../../changes/objects.ts'
import { editTree } from '../../changes/tree-edit.ts'
import type { TreeEntry } from '../../changes/tree-object.ts'
import type { CommitId, TaskId } from '../../ids.ts'
import { timeless, writeCommit } from '../../changes/commit.ts'
import type { MergeResolution } from '../resolve-merge.ts'
import { conflictText } from './conflict-text.ts'
import { markedText } from './marked-text.ts'
import { type ConflictedVersions, type OpenConflict, versionsOf } from './open-conflict.ts'

/** A change set that could not be brought in, and onto what. */
export interface Refused {
  readonly task: TaskId
  readonly with: readonly TaskId[]
  readonly onto: CommitId
  /** What is left of the merge, and its tree with everything that is resolved. */
  readonly merge: Pick<MergeResolution, 'tree' | 'left'>
}

/**
 * Lays a conflict out for whoever is to finish it: a commit on what has landed, with all of the change set that goes with it, and
 * the files in conflict between markers of three versions. The same conflict is laid out the same.
 */
export async function layOut(git: Git, objects: Objects, refused: Refused): Promise<OpenConflict> {
  const { task, onto, merge } = refused
  const all = merge.left.map(versionsOf)
  const files = all.filter((one) => typeof one !== 'string')
  const conflict = { task, with: refused.with, files }
  const hindrance = all.find((one) => typeof one === 'string')
  if (hindrance !== undefined) return { ...conflict, commit: null, hindrance }
  const edits = new Map<string, TreeEntry>()
  for (const file of files) {
    const text = await markedFile(objects, file, refused)
    if (text === null) return { ...conflict, commit: null, hindrance: `${file.path} is no text` }
    edits.set(file.path, { mode: file.mode, oid: await objects.write('blob', text) })
  }
  const tree = await editTree(objects, merge.tree, edits)
  const message = `${task}: in conflict with ${refused.with.join(', ')}\n`
  return {
    ...conflict,
    commit: await writeCommit(git, { tree, parents: [onto], message, seconds: timeless }),
    hindrance: null,
  }
}

async function markedFile(objects: Objects, file: ConflictedVersions, refused: Refused): Promise<Buffer | null> {
  const text = await conflictText(objects, file)
  if (text === null) return null
  const labels = { ours: `${refused.with.join(', ')} (landed)`, base: 'before both', theirs: refused.task }
  return Buffer.from(markedText(text.segments, labels).join(''), text.encoding)
}
