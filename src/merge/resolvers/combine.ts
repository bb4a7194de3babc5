import { diffLines, type LineHunk } from '../text/line-diff.ts'
import { wordsOf } from './similarity.ts'

interface Change extends LineHunk {
  readonly by: 'ours' | 'theirs'
  readonly put: readonly string[]
  /** Where in the base it may as well be: of two equal elements in a row nobody knows which one was put, or taken away. */
  readonly reach: readonly [number, number]
}

/** How both sides' changes are put together. */
export interface CombineRules {
  /** Unchanged elements that must lie between changes of different sides, wherever each of these may be. */
  readonly gap: number
}

/**
 * Both sides' changes on one list, where none is about the same elements as another; null when two overlap, put different things at
 * one place, or put the same at different places. Changes that only touch are fine with a gap of 0, other than for git.
 */
export function combine(
  base: readonly string[],
  [ours, theirs]: readonly [readonly string[], readonly string[]],
  { gap }: CombineRules,
): readonly string[] | null {
  const all = [...changesOf(base, ours, 'ours'), ...changesOf(base, theirs, 'theirs')].toSorted(
    (a, b) => a.oldFrom - b.oldFrom || a.oldTo - b.oldTo,
  )
  const result: string[] = []
  let at = 0
  let last: Change | null = null
  for (const change of all) {
    if (last !== null && last.by !== change.by) {
      if (isSame(last, change)) continue
      if (meet(last, change, gap) || isMove(last, change)) return null
    }
    for (const lines of [base.slice(at, change.oldFrom), change.put]) for (const line of lines) result.push(line)
    at = change.oldTo
    last = change
  }
  return [...result, ...base.slice(at)]
}

function changesOf(base: readonly string[], side: readonly string[], by: Change['by']): readonly Change[] {
  return diffLines(base, side).map((hunk) => ({
    ...hunk,
    by,
    put: side.slice(hunk.newFrom, hunk.newTo),
    reach: reachOf(hunk, base, side),
  }))
}

function reachOf(hunk: LineHunk, base: readonly string[], side: readonly string[]): Change['reach'] {
  const { oldFrom, oldTo, newFrom, newTo } = hunk
  if (oldFrom < oldTo && newFrom < newTo) return [oldFrom, oldTo]
  const [all, from, to] = oldFrom === oldTo ? [side, newFrom, newTo] : [base, oldFrom, oldTo]
  let [back, on] = [0, 0]
  while (back < from && all[from - back - 1] === all[to - back - 1]) back += 1
  while (to + on < all.length && all[from + on] === all[to + on]) on += 1
  return [oldFrom - back, oldTo + on]
}

const isInsertion = ({ oldFrom, oldTo }: Change): boolean => oldFrom === oldTo

function meet(first: Change, second: Change, gap: number): boolean {
  if (second.oldFrom < first.oldTo) return true
  if (gap > 0 && second.reach[0] < first.reach[1] + gap) return true
  return isInsertion(first) && isInsertion(second) && first.oldFrom === second.oldFrom
}

const isSame = (a: Change, b: Change): boolean =>
  a.oldFrom === b.oldFrom && a.oldTo === b.oldTo && a.put.join('\0') === b.put.join('\0')

/** The same thing, put at two places, would be there twice. */
function isMove(a: Change, b: Change): boolean {
  const [mine, other] = [wordsIn(a.put), wordsIn(b.put)]
  return mine !== '' && mine === other
}

const wordsIn = (put: readonly string[]): string => wordsOf(put.join('')).join(' ')
