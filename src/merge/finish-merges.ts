import { type Doubt, doubtsIn, weightOf } from './doubt.ts'
import type { ResolverPolicy } from './resolvers/resolver.ts'
import type { BegunText, TextMerge } from './text-merges.ts'

/** What the files of one merge are finished for. */
export interface FinishRequest {
  readonly upTo: ResolverPolicy['upTo']
  /** How many pairs of change sets meet in it: what bears doubt (doubt.ts). */
  readonly pairs: number
  /** Whether something else of it is left in conflict already. */
  readonly isLost: boolean
}

/**
 * Finishes the files of one merge. No syntax is read any more for a merge that cannot come whole: because something is left in conflict,
 * or because it rests on more decisions that are only likely than it may. Of such a merge whatever was not read, or is only likely, is
 * in conflict.
 */
export async function finishMerges(
  files: readonly BegunText[],
  { upTo, pairs, isLost }: FinishRequest,
): Promise<readonly TextMerge[]> {
  const mostLikely = upTo === 'checked' ? Infinity : pairs
  const standing: BegunText[] = [...files]
  const isInVain = (): boolean => isLost || isHopeless(standing, mostLikely)
  // one after the other: the trees of one go before the next
  for (const [at, one] of files.entries()) if (one.how === 'open' && !isInVain()) standing[at] = await one.finish()
  const unsure: TextMerge | null = isInVain() ? { how: 'conflict' } : null
  return standing.map((one) => {
    if (one.how === 'open') return { how: 'conflict' }
    return unsure !== null && knownDoubtsIn(one).length > 0 ? unsure : one
  })
}

const isHopeless = (files: readonly BegunText[], mostLikely: number): boolean =>
  files.some(({ how }) => how === 'conflict') || weightOf(files.flatMap(knownDoubtsIn)) > mostLikely

/** The decisions of a file that are only likely, or one that will be. */
function knownDoubtsIn(file: BegunText): readonly Doubt[] {
  if (file.how === 'open') return file.isCertain ? [] : ['other']
  return file.how === 'merged' ? doubtsIn(file) : []
}
