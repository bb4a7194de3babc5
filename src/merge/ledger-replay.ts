import type { LedgerFile, Replay } from './ledger.ts'
import { diffLines, type LineHunk } from './text/line-diff.ts'
import { mergeThreeWays } from './text/three-way.ts'

/**
 * Proves a file: git and the fold merge lines in one way only, so the landed changes of a file, merged in the order in which they landed,
 * must give its text; equal lines elsewhere neither excuse nor accuse. Null where lines alone do not decide about it.
 * @param files every landed change of one file, in the order in which they landed
 * @param isByLines whether nobody else than git's merge of lines has had a say in it
 */
export function replayFile(files: readonly LedgerFile[], isByLines: boolean): Replay | null {
  const final = finalOf(files)
  if (final === null || files.every(({ isSame }) => isSame)) return null
  const text = replayed(files)
  if (isEqual(text, final) || isEqual(replayed(onceEach(files)), final)) return { isWhole: true, isLost: () => false }
  if (text === null || !isByLines || !isPlain(files)) return null
  let lost: Lost | null = null // looked for when somebody asks: nothing is lost most of the time
  return {
    isWhole: false,
    isLost(file, hunk) {
      lost ??= lostOf(files, final)
      return lost.get(file)?.has(keyOf(hunk)) === true
    },
  }
}

/** The text in the proposal; null where there is none, or where somebody left no text. */
function finalOf(files: readonly LedgerFile[]): readonly string[] | null {
  if (files.some(({ after }) => after === null)) return null
  const same = files.find(({ isSame }) => isSame)
  return (same === undefined ? files[0]?.final : same.after) ?? null
}

/** Whether the first change is one of what the base has, and all are of lines under one name. */
function isPlain(files: readonly LedgerFile[]): boolean {
  const wasMoved = files.some(({ own, from }) => own !== undefined || (from !== undefined && files.length > 1))
  return !wasMoved && files[0]?.isFurther !== true
}

/** Without what another had left alike: of changes of one text the fold brings those in once where it calls no git. */
function onceEach(files: readonly LedgerFile[]): readonly LedgerFile[] {
  if (!files.every(({ before }) => isEqual(before, files[0]?.before ?? null))) return files
  return files.filter(({ after }, at) => !files.slice(0, at).some((earlier) => isEqual(earlier.after, after)))
}

/** What comes of changes that are merged one after the other; null where they do not go together. */
function replayed(files: readonly LedgerFile[]): readonly string[] | null {
  let text = files[0]?.before ?? null
  for (const { before, after } of files) {
    text = isEqual(text, before) || text === null ? after : merged(text, before, after)
    if (text === null) return null
  }
  return text
}

function merged(
  ours: readonly string[],
  base: readonly string[] | null,
  theirs: readonly string[] | null,
): readonly string[] | null {
  if (isEqual(ours, theirs)) return ours
  if (base === null || theirs === null) return null
  const hunks = { ours: diffLines(base, ours), theirs: diffLines(base, theirs) }
  const lines: string[] = []
  for (const segment of mergeThreeWays({ base, ours, theirs }, hunks)) {
    if (segment.kind === 'conflict') return null
    for (const line of segment.lines) lines.push(line)
  }
  return lines
}

type Lost = ReadonlyMap<LedgerFile, ReadonlySet<string>>

function lostOf(files: readonly LedgerFile[], final: readonly string[]): Lost {
  const changes = files.filter(({ isSame }) => !isSame).map((file) => ({ file, hunks: hunksOf(file) }))
  for (const { file, hunks } of changes) {
    const missing = hunks.filter((hunk) => {
      const text = replayed(files.map((one) => (one === file ? without(one, hunk) : one)))
      return text !== null && isEqual(text, final)
    })
    if (missing.length > 0) return new Map([[file, new Set(missing.map(keyOf))]])
  }
  return new Map(changes.map(({ file, hunks }) => [file, new Set(hunks.map(keyOf))]))
}

const hunksOf = ({ before, after }: LedgerFile): readonly LineHunk[] => diffLines(before ?? [], after ?? [])

/** A change as if one part of it had not been made. */
function without(file: LedgerFile, { oldFrom, oldTo, newFrom, newTo }: LineHunk): LedgerFile {
  const { before, after } = file
  const old = (before ?? []).slice(oldFrom, oldTo)
  return { ...file, after: (after ?? []).toSpliced(newFrom, newTo - newFrom, ...old) }
}

const keyOf = ({ oldFrom, newFrom }: LineHunk): string => `${oldFrom} ${newFrom}`

function isEqual(a: readonly string[] | null, b: readonly string[] | null): boolean {
  if (a === null || b === null) return a === b
  return a.length === b.length && a.every((line, at) => line === b[at])
}
