import type { Objects } from '../../changes/objects.ts'
import { editTree } from '../../changes/tree-edit.ts'
import type { TreeEntry } from '../../changes/tree-object.ts'
import type { MergeResolution, ResolvedFile } from '../resolve-merge.ts'
import { conflictText, linesOfBlob } from './conflict-text.ts'
import { filledIn } from './marked-text.ts'
import { type Answer, isSameConflict, versionsOf } from './open-conflict.ts'

/** A merge with what agents answered in the place of what was left of it; as it was when an answer is missing. */
export async function bringIn(
  objects: Objects,
  merge: MergeResolution,
  answers: readonly Answer[],
): Promise<MergeResolution> {
  const edits = new Map<string, TreeEntry>()
  const resolved: ResolvedFile[] = []
  for (const file of merge.left) {
    const versions = versionsOf(file)
    const answer = typeof versions === 'string' ? undefined : answers.find((one) => isSameConflict(one, versions))
    const whole = answer === undefined ? null : await answeredFile(objects, answer)
    if (answer === undefined || whole === null) return merge
    resolved.push(whole)
    edits.set(answer.path, { mode: answer.mode, oid: answer.result })
  }
  const tree = await editTree(objects, merge.tree, edits)
  return { ...merge, tree, left: [], resolved: [...merge.resolved, ...resolved] }
}

/** Null when the answer does not hold what was merged without it: then somebody else made it. */
async function answeredFile(objects: Objects, answer: Answer): Promise<ResolvedFile | null> {
  const text = await conflictText(objects, answer)
  const lines = text === null ? null : await linesOfBlob(objects, answer.result, text.encoding)
  if (text === null || lines === null) return null
  const filled = filledIn(text.segments, lines)
  if (!filled.ok) return null
  const { path, resolver, evidence } = answer
  const chunks = filled.chunks.map(({ chunk, line, lines: { length } }) => ({
    resolver,
    grade: 'checked' as const,
    evidence,
    line,
    lines: length,
    chunk,
  }))
  return { path, chunks }
}
