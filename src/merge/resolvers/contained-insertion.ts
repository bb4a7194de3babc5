import { holdsInOrder } from './similarity.ts'
import type { Resolver } from './resolver.ts'

/** Both put lines at one place, and one side's lines hold all of the other's in order: the longer ones stay. */
export const containedInsertion: Resolver = {
  name: 'contained-insertion',
  resolve({ base, ours, theirs }) {
    if (base.length > 0 || ours.length === 0 || theirs.length === 0) return null
    const [longer, shorter] = ours.length >= theirs.length ? [ours, theirs] : [theirs, ours]
    if (!holdsInOrder(longer, shorter)) return null
    return {
      grade: 'likely',
      lines: longer,
      evidence: `${longer === ours ? 'ours' : 'theirs'} holds all that the other side put there`,
    }
  },
}
