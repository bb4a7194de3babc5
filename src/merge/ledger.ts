import type { TaskId } from '../ids.ts'
import { diffLines, type LineHunk } from './text/line-diff.ts'

/** What became of one change that a task made. */
export type Fate =
  /** It is in the proposal as it was made. */
  | 'kept'
  /** It is there, and another task made the very same. */
  | 'equivalent'
  /** A resolver decided about it. */
  | 'resolved'
  /** A task that started from it has changed it further. */
  | 'superseded'
  /** Nothing tells where it is: the proposal cannot be trusted. */
  | 'unexplained'

/** A file as one task found it, as it left it, and as it is in the proposal. */
export interface LedgerFile {
  readonly task: TaskId
  /** Where it is in the proposal. */
  readonly path: string
  /** Where its task has it, which is where resolvers met it before another moved it; left out where that is the same. */
  readonly own?: string
  /** Lines; null for no text: nothing there, a binary file, a link, a submodule. */
  readonly before: readonly string[] | null
  readonly after: readonly string[] | null
  readonly final: readonly string[] | null
  /** Whether the proposal has exactly what the task left. */
  readonly isSame: boolean
  /** Whether the user has a merge driver for it, which decides about the whole file. */
  readonly hasDriver?: boolean
}

/** What the ledger may appeal to for what is not there as it was made. */
export interface Explanations {
  /** Text of places in this file that resolvers decided, all sides of each. */
  decided(path: string): readonly (readonly string[])[]
  /** Whether a declared command has made this file anew. */
  isMadeAnew(path: string): boolean
  /** Whether a landed task that needs this one has changed the file as well. */
  isChangedFurther(task: TaskId, path: string): boolean
  /** Whether another landed task has made this very change to the file. */
  isMadeAlike(file: LedgerFile, hunk: LineHunk): boolean
}

/** One change and its fate. */
export interface LedgerEntry {
  readonly task: TaskId
  readonly file: string
  /** Lines of the task's own version, from 1; 0 and 0 for a file that is no text. */
  readonly from: number
  readonly to: number
  readonly fate: Fate
}

/**
 * The fate of every change that a task made to a file, found from the proposal's own text: it is there when its lines stand together,
 * or what it took away is gone; git's merges and the fold keep at least an unchanged line between the changes of different sides.
 */
export function entriesOf(file: LedgerFile, explanations: Explanations): readonly LedgerEntry[] {
  const { task, path, before, after, final, isSame } = file
  const whole = { task, file: path, from: 0, to: 0 }
  if (after === null || (final === null && !isSame)) {
    const fate = isSame ? 'kept' : otherwise(file, explanations)
    return [{ ...whole, fate }]
  }
  return diffLines(before ?? [], after).map((hunk) => ({
    task,
    file: path,
    from: hunk.newFrom + 1,
    to: hunk.newTo,
    fate: fateOf(file, hunk, explanations),
  }))
}

function fateOf(file: LedgerFile, hunk: LineHunk, explanations: Explanations): Fate {
  const { path, before, after, final, isSame } = file
  const alike = explanations.isMadeAlike(file, hunk) ? 'equivalent' : 'kept'
  if (isSame) return alike
  const added = (after ?? []).slice(hunk.newFrom, hunk.newTo)
  const removed = (before ?? []).slice(hunk.oldFrom, hunk.oldTo)
  if (added.length > 0 ? standsIn(final ?? [], added) : isGone(hunk, before ?? [], final ?? [])) return alike
  const touches = (text: readonly string[]): boolean => [...added, ...removed].some((line) => text.includes(line))
  if (explanations.decided(path).some(touches)) return 'resolved'
  return otherwise(file, explanations)
}

/** The fate of a change that is not there and that no resolver's place speaks of. */
function otherwise({ task, path, hasDriver = false }: LedgerFile, explanations: Explanations): Fate {
  if (hasDriver || explanations.isMadeAnew(path)) return 'resolved'
  return explanations.isChangedFurther(task, path) ? 'superseded' : 'unexplained'
}

/** Whether lines stand together somewhere in a text; the last of them may have got the line end that it lacked. */
function standsIn(text: readonly string[], lines: readonly string[]): boolean {
  if (lines.length === 0) return true
  const bare = (line: string | undefined): string => (line ?? '').replace(/\r?\n$/, '')
  return text.some((_, at) => lines.every((line, index) => bare(text[at + index]) === bare(line)))
}

/** Whether what a task took away is not there, at its place or so often; lines that say nothing prove nothing. */
function isGone({ oldFrom, oldTo }: LineHunk, before: readonly string[], final: readonly string[]): boolean {
  const isCovered = diffLines(before, final).some((one) => one.oldFrom <= oldFrom && oldTo <= one.oldTo)
  const telling = before.slice(oldFrom, oldTo).filter((line) => /[\p{L}\p{N}]/u.test(line))
  return isCovered || telling.length === 0 || telling.some((line) => times(final, line) < times(before, line))
}

const times = (text: readonly string[], line: string): number => text.filter((one) => one === line).length
