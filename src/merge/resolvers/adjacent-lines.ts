import { combine } from './combine.ts'
import type { Resolver } from './resolver.ts'
import { similarity, tokensOf } from './similarity.ts'

/** Of the words of the base and of either side: what is less alike was written anew. */
const leastSimilarity = 0.6

/** The sides changed neighbouring lines, but not the same ones: both changes stay. */
export const adjacentLines: Resolver = {
  name: 'adjacent-lines',
  resolve({ base, ours, theirs }) {
    if (base.length === 0) return null
    const was = tokensOf(base.join(''))
    const sides = [tokensOf(ours.join('')), tokensOf(theirs.join(''))] as const
    const least = Math.min(...sides.map((side) => similarity(was, side)))
    if (least < leastSimilarity) return null
    const lines = combine(base, [ours, theirs], { gap: 0 })
    if (lines === null) return null
    const agrees = least >= 0.7 && combine(was, sides, { gap: 0 })?.join('') === lines.join('')
    const evidence = `no line was changed by both (similarity ${least.toFixed(2)}${agrees ? ', words agree' : ''})`
    return { grade: agrees ? 'certain' : 'likely', lines, evidence }
  },
}
