import { TroupeError } from '../errors.ts'
import type { TaskId } from '../ids.ts'
import type { Candidate } from './candidate.ts'
import { quoted } from './conflict-message.ts'
import type { Fold, LandedResolution } from './fold.ts'
import { replayFile } from './ledger-replay.ts'
import {
  entriesOf,
  type Explanations,
  type Fate,
  type LedgerEntry,
  type LedgerFile,
  nothingToSay,
  times,
} from './ledger.ts'
import type { LedgerLine } from './proposal.ts'
import { startsFromAmong } from './starts-from.ts'
import type { LineHunk } from './text/line-diff.ts'

interface LedgerRequest {
  /** What ledgerFiles has found. */
  readonly files: readonly LedgerFile[]
  readonly folded: Fold
  readonly candidates: readonly Candidate[]
}

/**
 * Accounts for every change of every change set, from the proposal's tree alone.
 * @throws TroupeError LEDGER_INCOMPLETE when a change that landed is not there and nothing says why
 */
export function keepLedger(request: LedgerRequest): readonly LedgerLine[] {
  const { files, folded, candidates } = request
  const explanations = explanationsOf(request)
  const landed = (task: TaskId): boolean => folded.landings.get(task)?.state === 'landed'
  const entries = files.flatMap((file): readonly AccountedEntry[] =>
    landed(file.task)
      ? entriesOf(file, explanations)
      : entriesOf({ ...file, isSame: true }, nothingToSay).map((entry) => ({ ...entry, fate: 'dropped' })),
  )
  const lost = entries.find(({ fate }) => fate === 'unexplained')
  if (lost !== undefined) throw incomplete(lost)
  const byTask = Map.groupBy(entries, ({ task }) => task)
  return candidates.map(({ changeSet: { task } }) => lineOf(task, byTask.get(task) ?? []))
}

type AccountedEntry = Omit<LedgerEntry, 'fate'> & { readonly fate: Fate | 'dropped' }

/** How many changes of one task are listed, of those that are not in the proposal as they were made. */
const listedChanges = 50

function lineOf(task: TaskId, entries: readonly AccountedEntry[]): LedgerLine {
  const count = (fate: AccountedEntry['fate']): number => entries.filter((entry) => entry.fate === fate).length
  const changed = entries.flatMap(({ file, from, to, fate }) =>
    fate === 'resolved' || fate === 'superseded' || fate === 'dropped' ? [{ file, from, to, fate }] : [],
  )
  return {
    task,
    kept: count('kept'),
    equivalent: count('equivalent'),
    resolved: count('resolved'),
    superseded: count('superseded'),
    dropped: count('dropped'),
    changes: changed.slice(0, listedChanges),
    more: Math.max(0, changed.length - listedChanges),
  }
}

function incomplete({ task, file, from, to }: Pick<LedgerEntry, 'task' | 'file' | 'from' | 'to'>): TroupeError {
  const lines = to === 0 && from === 0 ? '' : ` (lines ${from}-${to} of its version)`
  return new TroupeError(
    'LEDGER_INCOMPLETE',
    `the merged tree lacks what ${task} did to ${quoted(file)}${lines}, and nothing says why`,
  )
}

function explanationsOf({ files, folded, candidates }: LedgerRequest): Explanations {
  const startsFrom = startsFromAmong(candidates)
  const byPath = Map.groupBy(files, ({ path }) => path)
  const at = (path: string): readonly LedgerFile[] => byPath.get(path) ?? []
  const inOrder = landedInOrder(files, folded)
  const landed = Map.groupBy(inOrder, ({ path }) => path)
  const takenFrom = Map.groupBy(inOrder, ({ from }) => from)
  const resolvedAt = (path: string): readonly LandedResolution[] => {
    const names = new Set([path, ...at(path).flatMap(({ own }) => own ?? [])])
    return folded.resolved.filter((file) => names.has(file.path))
  }
  const isMadeAnew = (path: string): boolean =>
    folded.regenerated.some(({ paths, verdict }) => verdict === 'pass' && paths.includes(path))
  const isByLines = (path: string): boolean =>
    !isMadeAnew(path) && resolvedAt(path).length === 0 && !at(path).some(({ hasDriver }) => hasDriver === true)
  return {
    decided: (path) =>
      resolvedAt(path).flatMap(({ chunks }) =>
        chunks.map(({ chunk: { base, ours, theirs } }) => [...base, ...ours, ...theirs]),
      ),
    isMadeAnew,
    isChangedFurther: (file) =>
      [...(landed.get(file.path) ?? []), ...(takenFrom.get(file.path) ?? [])].some(
        (other) => startsFrom(other.task, file.task) || (other.isFurther === true && startsWith(other, file)),
      ),
    isMadeAlike: (file, hunk) =>
      at(file.path).some(
        // whoever started from it has it, and has not made it
        (other) => other !== file && !startsFrom(other.task, file.task) && hasMade(other, file, hunk),
      ),
    replay: remembered((path) => replayFile(landed.get(path) ?? [], isByLines(path))),
    addedByOthers: (file, line) =>
      (landed.get(file.path) ?? []).reduce((sum, other) => sum + (other === file ? 0 : moreOf(line, other)), 0),
  }
}

/** The changes of files that landed, in the order in which they did. */
function landedInOrder(files: readonly LedgerFile[], { landings }: Fold): readonly LedgerFile[] {
  const byTask = Map.groupBy(files, ({ task }) => task)
  return [...landings].flatMap(([task, { state }]) => (state === 'landed' ? (byTask.get(task) ?? []) : []))
}

/** Whether a task found a file as another left it, be it that a third one had left it alike. */
const startsWith = ({ before }: LedgerFile, { after }: LedgerFile): boolean =>
  before !== null && after !== null && before.join('') === after.join('')

const moreOf = (line: string, { before, after }: LedgerFile): number =>
  Math.max(0, times(after ?? [], line) - times(before ?? [], line))

/** The same, each answer found once. */
function remembered<Answer>(find: (path: string) => Answer): (path: string) => Answer {
  const found = new Map<string, Answer>()
  return (path) => {
    if (!found.has(path)) found.set(path, find(path))
    return found.get(path) as Answer
  }
}

/** Whether another task put the same lines where this one did. */
function hasMade(
  other: LedgerFile,
  { before, after }: LedgerFile,
  { oldFrom, oldTo, newFrom, newTo }: LineHunk,
): boolean {
  if (other.before === null || other.after === null || before === null || after === null) return false
  if (other.before.length !== before.length) return false
  const shift = newFrom - oldFrom
  const put = after.slice(newFrom, newTo).join('')
  const theirs = other.after.slice(oldFrom + shift, oldTo + shift + (newTo - newFrom) - (oldTo - oldFrom)).join('')
  return put !== '' && put === theirs
}
