import { diffLines, type LineHunk } from '../text/line-diff.ts'
import type { Versions } from '../text/three-way.ts'

/** Every word that may be a name. */
export const wordsIn = (text: string): ReadonlySet<string> => new Set(text.match(/[\p{L}_$][\p{L}\p{N}_$]*/gu))

/** Whether a text holds a word, whole. */
function holdsWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at !== -1;) {
    const end = text.indexOf('\n', at)
    const line = text.slice(text.lastIndexOf('\n', at) + 1, end === -1 ? text.length : end)
    if (wordsIn(line).has(word)) return true
    at = end === -1 ? -1 : text.indexOf(word, end)
  }
  return false
}

/** For so many words it takes less to gather those of the whole text. */
const many = 8

/** Those of some words that a text holds, whole. */
export function heldWords(text: string, words: readonly string[]): readonly string[] {
  if (words.length < many) return words.filter((word) => holdsWord(text, word))
  const held = wordsIn(text)
  return words.filter((word) => held.has(word))
}

/** Words for each side. */
interface SideWords {
  readonly ours: ReadonlySet<string>
  readonly theirs: ReadonlySet<string>
}

/** The words of what each side changed. */
export interface ChangedWords {
  /** Of the lines that it put. */
  readonly put: SideWords
  /** Of the lines that it took away. */
  readonly taken: SideWords
}

/** What each side changed of a text. */
export interface SideChanges {
  readonly ours: readonly LineHunk[]
  readonly theirs: readonly LineHunk[]
}

/** The words of what each side changed. */
export function changedWordsOf({ base, ours, theirs }: Versions, changes?: SideChanges): ChangedWords {
  const hunks = { ours: changes?.ours ?? diffLines(base, ours), theirs: changes?.theirs ?? diffLines(base, theirs) }
  const putBy = (lines: readonly string[], by: readonly LineHunk[]): ReadonlySet<string> =>
    wordsOfLines(by.flatMap(({ newFrom, newTo }) => lines.slice(newFrom, newTo)))
  const takenBy = (by: readonly LineHunk[]): ReadonlySet<string> =>
    wordsOfLines(by.flatMap(({ oldFrom, oldTo }) => base.slice(oldFrom, oldTo)))
  return {
    put: { ours: putBy(ours, hunks.ours), theirs: putBy(theirs, hunks.theirs) },
    taken: { ours: takenBy(hunks.ours), theirs: takenBy(hunks.theirs) },
  }
}

const wordsOfLines = (lines: readonly string[]): ReadonlySet<string> => wordsIn(lines.join(''))
