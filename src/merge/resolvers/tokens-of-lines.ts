import { linesOf } from '../text/lines.ts'
import type { Chunk } from '../text/three-way.ts'
import { areAtOdds } from './at-odds.ts'
import { combine } from './combine.ts'
import { areSwitched } from './comment-signs.ts'
import type { FileFacts } from './file-facts.ts'
import { giveTwice } from './given-twice.ts'
import { areRewrittenImports } from './import-lines.ts'
import { mayBeOneFix } from './one-fix.ts'
import type { Resolver } from './resolver.ts'
import { areShort, similarity, tokensOf, wordsOf } from './similarity.ts'

/** Below this the lines were written anew. */
const leastSimilarity = 0.7

/** Below this nothing is left to put a change beside. */
const leastShared = 0.2

/** The sides changed different words of the same lines: both changes stay. */
export const tokensOfLines: Resolver = {
  name: 'tokens-of-lines',
  resolve(chunk, file) {
    const { base, ours, theirs } = chunk
    if ([base, ours, theirs].some(({ length }) => length === 0)) return null
    const was = tokensOf(base.join(''))
    const sides = [tokensOf(ours.join('')), tokensOf(theirs.join(''))] as const
    if (!areShort(was, ...sides)) return null
    const least = Math.min(...sides.map((side) => similarity(was, side)))
    if (least < leastShared) return null
    const apart = combine(was, sides, { gap: 1 })
    const tokens = apart ?? combine(was, sides, { gap: 0 })
    if (tokens === null || areGlued(tokens) || areAtOdds({ was, sides }, file.kind === 'source')) return null
    const evidence = `no word was changed by both (similarity ${least.toFixed(2)}${apart === null ? ', though some that touch' : ''})`
    const lines = linesOf(tokens.join(''))
    const isUnsure = least < leastSimilarity || apart === null || isDoubtful(chunk, file, lines)
    return { grade: isUnsure ? 'checked' : 'likely', lines, evidence }
  },
}

const isDoubtful = (chunk: Chunk, file: FileFacts, lines: readonly string[]): boolean =>
  areRewrittenImports(chunk, file) ||
  mayBeOneFix(chunk, file) ||
  areSwitched(chunk) ||
  giveTwice(lines, [chunk.ours, chunk.theirs])

/** Whether two words have become one: a side took away the line's end between them while the other wrote beside it. */
const areGlued = (tokens: readonly string[]): boolean =>
  wordsOf(tokens.join('')).length !== tokens.flatMap(wordsOf).length
