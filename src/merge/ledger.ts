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
  /** Where its task found it; left out where that is the same. */
  readonly from?: string
  /** Lines; null for no text: nothing there, a binary file, a link, a submodule. */
  readonly before: readonly string[] | null
  readonly after: readonly string[] | null
  readonly final: readonly string[] | null
  /** Whether the proposal has exactly what the task left. */
  readonly isSame: boolean
  /** Whether the user has a merge driver for it, which decides about the whole file. */
  readonly hasDriver?: boolean
  /** Whether its task found there something else than the base has. */
  readonly isFurther?: boolean
}

/** What merging the landed changes of a file once more, by lines alone, tells of the text that is in the proposal. */
export interface Replay {
  /** Whether it comes out as in the proposal, so that nothing of any change is lost. */
  readonly isWhole: boolean
  /** Whether it comes out so only without this change, or this is one of several that are not all there. */
  isLost(file: LedgerFile, hunk: LineHunk): boolean
}

/** What the ledger may appeal to for what is not there as it was made. */
export interface Explanations {
  /** Text of places in this file that resolvers decided, all sides of each. */
  decided(path: string): readonly (readonly string[])[]
  /** Whether a declared command has made this file anew. */
  isMadeAnew(path: string): boolean
  /** Whether a landed task that started from what this one left has changed the file as well. */
  isChangedFurther(file: LedgerFile): boolean
  /** Whether another landed task has made this very change to the file. */
  isMadeAlike(file: LedgerFile, hunk: LineHunk): boolean
  /** What merging the changes of this file once more tells; null where that tells nothing. */
  replay(path: string): Replay | null
  /** How many more of a line others have made than there were. */
  addedByOthers(file: LedgerFile, line: string): number
}

/** Where nobody knows of anything. */
export const nothingToSay: Explanations = {
  decided: () => [],
  isMadeAnew: () => false,
  isChangedFurther: () => false,
  isMadeAlike: () => false,
  replay: () => null,
  addedByOthers: () => 0,
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
 * The fate of every change that a task made to a file, found from the proposal's own text. Where lines alone decide about the file, they
 * are merged once more (ledger-replay.ts): nothing else may have come of them. Elsewhere a change is there when its lines stand
 * together, or what it took away is gone.
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
  const alike = explanations.isMadeAlike(file, hunk) ? 'equivalent' : 'kept'
  if (file.isSame) return alike
  const replay = explanations.replay(file.path)
  if (replay?.isLost(file, hunk) === true) return 'unexplained'
  if (isThere(file, hunk, explanations)) return alike
  const fate = isDecided(file, hunk, explanations) ? 'resolved' : otherwise(file, explanations)
  return fate === 'unexplained' && replay?.isWhole === true ? alike : fate
}

function isThere(file: LedgerFile, hunk: LineHunk, explanations: Explanations): boolean {
  const added = addedBy(file, hunk)
  return added.length > 0 ? standsIn(file.final ?? [], added) : isGone(file, hunk, explanations)
}

function isDecided(file: LedgerFile, hunk: LineHunk, { decided }: Explanations): boolean {
  const lines = [...addedBy(file, hunk), ...(file.before ?? []).slice(hunk.oldFrom, hunk.oldTo)]
  return decided(file.path).some((text) => lines.some((line) => text.includes(line)))
}

const addedBy = ({ after }: LedgerFile, { newFrom, newTo }: LineHunk): readonly string[] =>
  (after ?? []).slice(newFrom, newTo)

/** The fate of a change that is not there and that no resolver's place speaks of. */
function otherwise(file: LedgerFile, explanations: Explanations): Fate {
  if (file.hasDriver === true || explanations.isMadeAnew(file.path)) return 'resolved'
  return explanations.isChangedFurther(file) ? 'superseded' : 'unexplained'
}

/** Whether lines stand together somewhere in a text; the last of them may have got the line end that it lacked. */
function standsIn(text: readonly string[], lines: readonly string[]): boolean {
  if (lines.length === 0) return true
  const bare = (line: string | undefined): string => (line ?? '').replace(/\r?\n$/, '')
  return text.some((_, at) => lines.every((line, index) => bare(text[at + index]) === bare(line)))
}

/** Whether what a task took away is not there, at its place or so often as if it had not; lines that say nothing prove nothing. */
function isGone(file: LedgerFile, { oldFrom, oldTo }: LineHunk, { addedByOthers }: Explanations): boolean {
  const [before, final] = [file.before ?? [], file.final ?? []]
  const isCovered = diffLines(before, final).some((one) => one.oldFrom <= oldFrom && oldTo <= one.oldTo)
  const telling = before.slice(oldFrom, oldTo).filter((line) => /[\p{L}\p{N}]/u.test(line))
  const unlessGone = (line: string): number => times(before, line) + addedByOthers(file, line)
  return isCovered || telling.length === 0 || telling.some((line) => times(final, line) < unlessGone(line))
}

/** How often a line stands in a text. */
export const times = (text: readonly string[], line: string): number => text.filter((one) => one === line).length
