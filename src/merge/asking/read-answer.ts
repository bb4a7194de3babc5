import type { ChangeSet } from '../../changes/change-set.ts'
import type { Git } from '../../changes/git.ts'
import type { Objects } from '../../changes/objects.ts'
import { quoted } from '../conflict-message.ts'
import { resultsBetween } from '../footprint.ts'
import { fileFacts } from '../resolvers/file-facts.ts'
import { brokenIn } from '../resolvers/file-guards.ts'
import { conflictText, linesOfBlob } from './conflict-text.ts'
import { filledIn, leftMarker } from './marked-text.ts'
import type { Answer, ConflictedVersions, OpenConflict } from './open-conflict.ts'

/** What an agent sealed when it was asked about a conflict. */
export interface SealedAnswer {
  readonly changeSet: ChangeSet
  /** As the proposal names who decided, and by what it can be found again. */
  readonly resolver: string
  readonly evidence: string
}

/** What can be said of an answer by its texts alone. */
export type AnswerReading =
  | { readonly ok: true; readonly answers: readonly Answer[] }
  | { readonly ok: false; readonly reason: string }

/**
 * Reads what an agent made of a conflict. It may have changed the files in conflict only; no marker may be left in them, everything
 * that was merged already must still be there, and they must be as sound as a resolver's results.
 */
export async function readAnswer(
  { git, objects }: { readonly git: Git; readonly objects: Objects },
  { task, files, commit }: OpenConflict,
  { changeSet, resolver, evidence }: SealedAnswer,
): Promise<AnswerReading> {
  if (commit === null || changeSet.base !== commit) return refused('it is not about the conflict that was laid out')
  const results = await resultsBetween(git, commit, changeSet.commit)
  const outside = [...results.keys()].filter((path) => !files.some((file) => file.path === path))
  if (outside.length > 0) return refused(`it changed ${outside.map(quoted).join(', ')}, which is not in conflict`)
  const answers: Answer[] = []
  for (const file of files) {
    const result = await resultFor(objects, file, results.get(file.path))
    if (!result.ok) return refused(result.reason)
    answers.push({ ...file, task, result: result.oid, resolver, evidence })
  }
  return { ok: true, answers }
}

const refused = (reason: string): Extract<AnswerReading, { readonly ok: false }> => ({ ok: false, reason })

type FileResult = { readonly ok: true; readonly oid: string } | { readonly ok: false; readonly reason: string }

/** @param entry `mode oid`, null for a file that was taken away, undefined for one that was left alone */
async function resultFor(
  objects: Objects,
  file: ConflictedVersions,
  entry: string | null | undefined,
): Promise<FileResult> {
  const name = quoted(file.path)
  if (entry === undefined) return refused(`it left ${name} as it was, with its markers`)
  if (entry === null) return refused(`it took ${name} away`)
  const [mode = '', oid = ''] = entry.split(' ')
  if (mode !== file.mode) return refused(`it made ${name} ${mode}, not ${file.mode}`)
  const text = await conflictText(objects, file)
  const lines = text === null ? null : await linesOfBlob(objects, oid, text.encoding)
  if (text === null || lines === null) return refused(`it left ${name} as something that is no text`)
  const marker = leftMarker(lines, text.segments)
  if (marker !== null) return refused(`it left a conflict marker in ${name}, line ${marker}`)
  const filled = filledIn(text.segments, lines)
  if (!filled.ok) return refused(`it changed ${name} where nothing was in conflict: ${JSON.stringify(filled.missing)}`)
  const broken = brokenIn(lines.join(''), { file: fileFacts(file.path), ours: text.ours, theirs: text.theirs })
  return broken === null ? { ok: true, oid } : refused(`it left ${name} broken: ${broken}`)
}
