import { diffLines } from '../text/line-diff.ts'
import { switchedBy } from './comment-signs.ts'
import { saysSomething } from './outermost-lines.ts'
import type { Resolution, Resolver } from './resolver.ts'
import { holdsInOrder, similarity, wordsOf } from './similarity.ts'

/** Of the words of two lines: what is more alike is one line, changed. */
const mostAlike = 0.7

/** More lines are not compared one by one. */
const mostPairs = 10_000

/** One side took away all that the other did and put all that the other put, and went on: what it made stays. */
export const containedChange: Resolver = {
  name: 'contained-change',
  resolve({ base, ours, theirs }, file) {
    if (base.length === 0) return null
    const [mine, other] = [changeOf(base, ours), changeOf(base, theirs)]
    const gone = file.kind === 'source' ? withoutUnused(base, [ours, theirs]) : null
    if (gone !== null) return gone
    if (ours.length === 0 || theirs.length === 0) return null
    const evidence = 'took away and put all that the other side did, and more'
    if (isWithin(mine, other, base)) return { grade: 'likely', lines: theirs, evidence: `theirs ${evidence}` }
    if (isWithin(other, mine, base)) return { grade: 'likely', lines: ours, evidence: `ours ${evidence}` }
    return null
  },
}

/** Without the lines that one side took away, putting nothing instead, and of which the other made comments and did nothing else. */
function withoutUnused(
  base: readonly string[],
  sides: readonly [readonly string[], readonly string[]],
): Resolution | null {
  const at = sides.findIndex((side, number) => areUnused(changeOf(base, side), sides[1 - number] ?? [], base))
  if (at === -1) return null
  const evidence = `${at === 0 ? 'ours' : 'theirs'} took away what the other side made comments of`
  return { grade: 'checked', lines: sides[at] ?? [], evidence }
}

function areUnused(removal: Change, side: readonly string[], base: readonly string[]): boolean {
  const { gone, put } = changeOf(base, side)
  const [said, off] = [put.filter(saysSomething), switchedBy(side, base).off]
  const isAll = off.length > 0 && off.length === said.length && !removal.put.some(saysSomething)
  return isAll && [...gone].every((at) => removal.gone.has(at))
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
