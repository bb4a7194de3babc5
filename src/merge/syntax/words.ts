import { diffLines } from '../text/line-diff.ts'
import { linesOf } from '../text/lines.ts'
import type { WholeVersions } from './trees.ts'

/** Every word that may be a name. */
export const wordsIn = (text: string): ReadonlySet<string> => new Set(text.match(/[\p{L}_$][\p{L}\p{N}_$]*/gu))

/** The words of the lines that each side put. */
export interface NewWords {
  readonly ours: ReadonlySet<string>
  readonly theirs: ReadonlySet<string>
}

/** The words of the lines that each side put. */
export function newWordsOf({ base, ours, theirs }: WholeVersions): NewWords {
  const was = linesOf(base)
  const wordsOf = (side: string): ReadonlySet<string> => {
    const lines = linesOf(side)
    return wordsIn(
      diffLines(was, lines)
        .flatMap(({ newFrom, newTo }) => lines.slice(newFrom, newTo))
        .join(''),
    )
  }
  return { ours: wordsOf(ours), theirs: wordsOf(theirs) }
}
