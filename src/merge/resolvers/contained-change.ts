import { diffLines } from '../text/line-diff.ts'
import { saysSomething } from './outermost-lines.ts'
import type { Resolver } from './resolver.ts'
import { holdsInOrder, similarity, wordsOf } from './similarity.ts'

/** Of the words of two lines: what is more alike is one line, changed. */
const mostAlike = 0.7

/** More lines are not compared one by one. */
const mostPairs = 10_000

/** One side took away all that the other did and put all that the other put, and went on: what it made stays. */
export const containedChange: Resolver = {
  name: 'contained-change',
  resolve({ base, ours, theirs }) {
    if (base.length === 0 || ours.length === 0 || theirs.length === 0) return null
    const [mine, other] = [changeOf(base, ours), changeOf(base, theirs)]
    const evidence = 'took away and put all that the other side did, and more'
    if (isWithin(mine, other, base)) return { grade: 'likely', lines: theirs, evidence: `theirs ${evidence}` }
    if (isWithin(other, mine, base)) return { grade: 'likely', lines: ours, evidence: `ours ${evidence}` }
    return null
  },
}

/** What a side did to the base. */
interface Change {
  /** Places in the base. */
  readonly gone: ReadonlySet<number>
  readonly put: readonly string[]
}

/** The lines that a side took away and those that it put. */
export function changeOf(base: readonly string[], side: readonly string[]): Change {
  const gone = new Set<number>()
  const put: string[] = []
  for (const { oldFrom, oldTo, newFrom, newTo } of diffLines(base, side)) {
    for (let at = oldFrom; at < oldTo; at += 1) gone.add(at)
    for (const line of side.slice(newFrom, newTo)) put.push(line)
  }
  return { gone, put }
}

/** Something must have been put, or any removal would be held by a larger one. */
function isWithin(small: Change, large: Change, base: readonly string[]): boolean {
  if (small.put.length === 0 || ![...small.gone].every((at) => large.gone.has(at))) return false
  return holdsInOrder(large.put, small.put) && !bringsBack(small, large, base)
}

/** Whether the larger change has lines that it only changed, where the smaller one took some away and put nothing instead. */
function bringsBack(small: Change, large: Change, base: readonly string[]): boolean {
  const gone = base.filter((line, at) => small.gone.has(at) && saysSomething(line))
  if (gone.length <= small.put.filter(saysSomething).length) return false
  const put = new Set(small.put)
  const more = large.put.filter((line) => saysSomething(line) && !put.has(line))
  if (more.length * gone.length > mostPairs) return true
  return more.some((line) => gone.some((was) => similarity(wordsOf(was), wordsOf(line)) >= mostAlike))
}
