import { diffLines } from '../text/line-diff.ts'
import type { Chunk } from '../text/three-way.ts'
import { declaredIn } from './declared-names.ts'
import type { FileFacts } from './file-facts.ts'
import { wordsOf } from './similarity.ts'

/**
 * Whether both sides may have mended the same fault, one where a value is made, the other where it is used: both put a word that was
 * not there, and one of them changed what the other's lines go on with.
 */
export function mayBeOneFix({ base, ours, theirs }: Chunk, file: FileFacts): boolean {
  const known = new Set(saidIn(base))
  const put = (side: readonly string[]): readonly string[] => saidIn(side).filter((word) => !known.has(word))
  const others = new Set(put(theirs))
  if (!put(ours).some((word) => others.has(word))) return false
  const [mine, other] = [changedBy(base, ours), changedBy(base, theirs)]
  return goesOnWith(mine, other, file) || goesOnWith(other, mine, file)
}

/** Words, and the signs that mend what may be missing. */
const saidIn = (lines: readonly string[]): readonly string[] => lines.join('').match(/[\p{L}\p{N}_$]+|\?[?.]/gu) ?? []

const changedBy = (base: readonly string[], side: readonly string[]): readonly string[] =>
  diffLines(base, side).flatMap(({ oldFrom, oldTo }) => base.slice(oldFrom, oldTo))

function goesOnWith(made: readonly string[], used: readonly string[], file: FileFacts): boolean {
  const words = new Set(wordsOf(used.join('')))
  return declaredIn(made, file).some((name) => words.has(name))
}
