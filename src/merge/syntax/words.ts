import { diffLines, type LineHunk } from '../text/line-diff.ts'
import type { Versions } from '../text/three-way.ts'

/** Every word that may be a name. */
export const wordsIn = (text: string): ReadonlySet<string> => new Set(text.match(/[\p{L}_$][\p{L}\p{N}_$]*/gu))

/** The words of the lines that each side put. */
export interface NewWords {
  readonly ours: ReadonlySet<string>
  readonly theirs: ReadonlySet<string>
}

/** What each side changed of a text. */
export interface SideChanges {
  readonly ours: readonly LineHunk[]
  readonly theirs: readonly LineHunk[]
}

/** The words of the lines that each side put. */
export function newWordsOf({ base, ours, theirs }: Versions, changes?: SideChanges): NewWords {
  const wordsOf = (lines: readonly string[], hunks: readonly LineHunk[]): ReadonlySet<string> =>
    wordsIn(hunks.flatMap(({ newFrom, newTo }) => lines.slice(newFrom, newTo)).join(''))
  return {
    ours: wordsOf(ours, changes?.ours ?? diffLines(base, ours)),
    theirs: wordsOf(theirs, changes?.theirs ?? diffLines(base, theirs)),
  }
}
