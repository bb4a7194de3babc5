import { diffLines } from '../text/line-diff.ts'
import { combine } from './combine.ts'
import { areSwitched } from './comment-signs.ts'
import { areRewrittenImports } from './import-lines.ts'
import { mayBeOneFix } from './one-fix.ts'
import type { Resolver } from './resolver.ts'
import { areShort, similarity, tokensOf } from './similarity.ts'

/** Of the words of the base and of either side: what is less alike was written anew. */
const leastSimilarity = 0.6

/** The sides changed neighbouring lines, but not the same ones: both changes stay. */
export const adjacentLines: Resolver = {
  name: 'adjacent-lines',
  resolve(chunk, file) {
    const { base, ours, theirs } = chunk
    if (base.length === 0) return null
    const lines = combine(base, [ours, theirs], { gap: 0 })
    if (lines === null) return null
    const was = tokensOf(base.join(''))
    const sides = [tokensOf(ours.join('')), tokensOf(theirs.join(''))] as const
    // what only puts lines between leaves the others as they were
    const alike = sides.map((side) => similarity(was, side))
    const changed = alike.filter((_, at) => !onlyPuts(base, [ours, theirs][at] ?? []))
    const least = Math.min(1, ...changed)
    const agrees = areShort(was, ...sides) && combine(was, sides, { gap: 0 })?.join('') === lines.join('')
    const evidence = `no line was changed by both (similarity ${least.toFixed(2)}${agrees ? ', words agree' : ''})`
    const isUnsure =
      least < leastSimilarity || areRewrittenImports(chunk, file) || mayBeOneFix(chunk, file) || areSwitched(chunk)
    const grade = isUnsure ? 'checked' : agrees && Math.min(...alike) >= 0.7 ? 'certain' : 'likely'
    return { grade, lines, evidence }
  },
}

const onlyPuts = (base: readonly string[], side: readonly string[]): boolean =>
  diffLines(base, side).every(({ oldFrom, oldTo }) => oldFrom === oldTo)
