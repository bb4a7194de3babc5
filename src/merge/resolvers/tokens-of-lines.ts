import { linesOf } from '../text/lines.ts'
import { combine } from './combine.ts'
import type { Resolver } from './resolver.ts'
import { similarity, tokensOf } from './similarity.ts'

/** Below this the lines were written anew. */
const leastSimilarity = 0.7

/** The sides changed different words of the same lines: both changes stay. */
export const tokensOfLines: Resolver = {
  name: 'tokens-of-lines',
  resolve({ base, ours, theirs }) {
    if (base.length === 0 || ours.length === 0 || theirs.length === 0) return null
    const was = tokensOf(base.join(''))
    const sides = [tokensOf(ours.join('')), tokensOf(theirs.join(''))] as const
    const least = Math.min(...sides.map((side) => similarity(was, side)))
    if (least < leastSimilarity) return null
    const tokens = combine(was, sides, { gap: 1 })
    if (tokens === null) return null
    const evidence = `no word was changed by both (similarity ${least.toFixed(2)})`
    return { grade: 'likely', lines: linesOf(tokens.join('')), evidence }
  },
}
