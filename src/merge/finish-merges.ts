import type { ResolverPolicy } from './resolvers/resolver.ts'
import type { BegunText, TextMerge } from './text-merges.ts'

/** What the files of one merge are finished for. */
export interface FinishRequest {
  readonly upTo: ResolverPolicy['upTo']
  /** How many pairs of change sets meet in it: what bears doubt (doubt.ts). */
  readonly pairs: number
  /** Whether each file counts, also in a merge that cannot come whole. */
  readonly isThorough: boolean
  /** Whether something else of it is left in conflict already. */
  readonly isLost: boolean
}

/**
 * Finishes the files of one merge. Unless it is to be thorough, no syntax is read for a merge that cannot come whole: because something
 * is left in conflict, or because it would rest on more decisions that are only likely than it may. What was not read is in conflict.
 */
export async function finishMerges(
  files: readonly BegunText[],
  { upTo, pairs, isThorough, isLost }: FinishRequest,
): Promise<readonly TextMerge[]> {
  const mostLikely = upTo === 'checked' ? Infinity : pairs
  const standing: BegunText[] = [...files]
  const finished: TextMerge[] = []
  const isInVain = (): boolean => !isThorough && (isLost || isHopeless(standing, mostLikely))
  const finish = async (one: BegunText): Promise<TextMerge> => {
    if (one.how !== 'open') return one
    return isInVain() ? { how: 'conflict' } : await one.finish(mostLikely)
  }
  // one after the other: the trees of one go before the next
  for (const [at, one] of files.entries()) {
    const merge = await finish(one)
    standing[at] = merge
    finished.push(merge)
  }
  return finished
}

const isHopeless = (files: readonly BegunText[], mostLikely: number): boolean =>
  files.some(({ how }) => how === 'conflict') || files.reduce((sum, one) => sum + likelyIn(one), 0) > mostLikely

/** How many decisions of a file are only likely, or will be at least. */
function likelyIn(file: BegunText): number {
  if (file.how === 'open') return file.isCertain ? 0 : 1
  return file.how === 'merged' ? file.chunks.filter(({ grade }) => grade === 'likely').length : 0
}
