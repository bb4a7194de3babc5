import type { Chunk } from '../text/three-way.ts'
import type { IsKnown, Resolver } from './resolver.ts'
import { holdsInOrder } from './similarity.ts'

/** Both did nothing but take lines away, and one took all that the other did: the larger removal stays. */
export const containedRemoval: Resolver = {
  name: 'contained-removal',
  resolve(chunk, _, isKnown) {
    const { base, ours, theirs } = chunk
    const [was, mine, other] = [base, ours, theirs].map(saying) as [string[], string[], string[]]
    if (Math.max(mine.length, other.length) >= was.length || !holdsInOrder(was, mine) || !holdsInOrder(was, other))
      return null
    const evidence = 'took away all that the other side did, and more'
    if (holdsInOrder(mine, other) && isGone('ours', 'theirs', { chunk, isKnown }))
      return { grade: 'likely', lines: theirs, evidence: `theirs ${evidence}` }
    if (holdsInOrder(other, mine) && isGone('theirs', 'ours', { chunk, isKnown }))
      return { grade: 'likely', lines: ours, evidence: `ours ${evidence}` }
    return null
  },
}

const saying = (lines: readonly string[]): readonly string[] => lines.filter((line) => line.trim() !== '')

type Side = 'ours' | 'theirs'

/** Whether what the smaller removal took away is not elsewhere in the other side, as what was only moved would be. */
function isGone(small: Side, large: Side, { chunk, isKnown }: { chunk: Chunk; isKnown: IsKnown }): boolean {
  const left = new Set(chunk[small])
  const gone = saying(chunk.base).filter((line) => !left.has(line))
  return gone.every((line) => !isKnown(line, large) || isKnown(line, small))
}
