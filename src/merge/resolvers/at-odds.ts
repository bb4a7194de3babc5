import { diffLines, type LineHunk } from '../text/line-diff.ts'

/** A text in words and signs, as it was and as each side has it. */
export interface InTokens {
  readonly was: readonly string[]
  readonly sides: readonly [readonly string[], readonly string[]]
}

/** What a side did at one place. */
interface Change extends LineHunk {
  readonly gone: readonly string[]
  readonly put: readonly string[]
  /** The first and the last line of the base that it is on. */
  readonly lines: readonly [number, number]
}

/**
 * Whether what the sides did cannot stand side by side, though no word was changed by both: on one line one put a word of which the
 * other left none, one wrote beside words that the other took away, or both changed what a condition asks.
 */
export function areAtOdds({ was, sides }: InTokens, isSource: boolean): boolean {
  const [mine, other] = [changesIn(was, sides[0]), changesIn(was, sides[1])]
  return (
    takesWhatIsPut(mine, other, new Set(sides[0])) ||
    takesWhatIsPut(other, mine, new Set(sides[1])) ||
    hasLostItsPlace(mine, other, was) ||
    hasLostItsPlace(other, mine, was) ||
    (isSource && changeConditions(mine.filter(changesCondition), other.filter(changesCondition)))
  )
}

function changesIn(was: readonly string[], side: readonly string[]): readonly Change[] {
  const lines: number[] = [0]
  for (const token of was) lines.push((lines.at(-1) ?? 0) + (token === '\n' ? 1 : 0))
  return diffLines(was, side).map((hunk) => ({
    ...hunk,
    gone: was.slice(hunk.oldFrom, hunk.oldTo),
    put: side.slice(hunk.newFrom, hunk.newTo),
    lines: [lines[hunk.oldFrom] ?? 0, lines[hunk.oldTo] ?? 0],
  }))
}

/** Lines that were put between others are on none of these. */
const areBetween = ({ oldFrom, oldTo, put }: Change): boolean => oldFrom === oldTo && put.includes('\n')

const areOnOneLine = (one: Change, other: Change): boolean =>
  one.lines[0] <= other.lines[1] && other.lines[0] <= one.lines[1] && !areBetween(one) && !areBetween(other)

const isWord = (token: string): boolean => /[\p{L}\p{N}_$]/u.test(token)

function takesWhatIsPut(changes: readonly Change[], others: readonly Change[], left: ReadonlySet<string>): boolean {
  return changes.some((change) => {
    const gone = new Set(change.gone.filter((token) => isWord(token) && !left.has(token)))
    return (
      gone.size > 0 && others.some((other) => areOnOneLine(change, other) && other.put.some((one) => gone.has(one)))
    )
  })
}

/** Whether the words beside others that were put, on their line, are all gone. */
function hasLostItsPlace(changes: readonly Change[], others: readonly Change[], was: readonly string[]): boolean {
  const isGone = (at: number): boolean => others.some(({ oldFrom, oldTo }) => oldFrom <= at && at < oldTo)
  return changes.some(({ oldFrom, oldTo, put }) => {
    if (oldFrom !== oldTo || !saysSomething(put)) return false
    const beside = [wordBeside(was, oldFrom - 1, -1), wordBeside(was, oldFrom, 1)].filter((at) => at !== null)
    return beside.length > 0 && beside.every(isGone)
  })
}

/** Words, or signs that make a comment of what is behind them. */
const saysSomething = (put: readonly string[]): boolean => put.some(isWord) || /\/\/|#|--/.test(put.join(''))

/** Where the next word of the line is, from a place on. */
function wordBeside(was: readonly string[], from: number, step: 1 | -1): number | null {
  for (let at = from; ; at += step) {
    const token = was[at] ?? '\n'
    if (token === '\n') return null
    if (isWord(token)) return at
  }
}

const changeConditions = (changes: readonly Change[], others: readonly Change[]): boolean =>
  changes.some((one) => others.some((other) => changeOneCondition(one, other)))

/** Whether both changed what a line asks, and did not only put the same. */
function changeOneCondition(one: Change, other: Change): boolean {
  const areAlike = asked(one.put) === asked(other.put) && asked(one.gone) === '' && asked(other.gone) === ''
  return areOnOneLine(one, other) && !areAlike
}

const changesCondition = ({ gone, put }: Change): boolean => asked(gone) !== asked(put)

/** The words and signs that say what must hold. */
const asked = (tokens: readonly string[]): string =>
  (tokens.join('').match(/\b(?:and|or|not)\b|&&|\|\||!/g) ?? []).join(' ')
