import type { Chunk } from '../text/three-way.ts'
import { changeOf } from './contained-change.ts'
import { declaredIn } from './declared-names.ts'
import type { FileFacts } from './file-facts.ts'
import { wordsOf } from './similarity.ts'

/**
 * Whether both sides may have mended the same fault, one where a value is made, the other where it is used: one put new words, all
 * of which the other put as well, and one of them changed a line that gives a name to what the other's line goes on with.
 */
export function mayBeOneFix({ base, ours, theirs }: Chunk, file: FileFacts): boolean {
  const known = new Set(saidIn(base))
  const put = (side: readonly string[]): ReadonlySet<string> => new Set(saidIn(side).filter((word) => !known.has(word)))
  if (!holdsAll(put(ours), put(theirs)) && !holdsAll(put(theirs), put(ours))) return false
  const [byOurs, byTheirs] = [changeOf(base, ours).gone, changeOf(base, theirs).gone]
  const mine = base.filter((_, at) => byOurs.has(at) && !byTheirs.has(at))
  const other = base.filter((_, at) => byTheirs.has(at) && !byOurs.has(at))
  return goesOnWith(mine, other, file) || goesOnWith(other, mine, file)
}

const holdsAll = (all: ReadonlySet<string>, some: ReadonlySet<string>): boolean =>
  some.size > 0 && [...some].every((word) => all.has(word))

/** Words, and the signs that mend what may be missing. */
const saidIn = (lines: readonly string[]): readonly string[] => lines.join('').match(/[\p{L}\p{N}_$]+|\?[?.]/gu) ?? []

function goesOnWith(made: readonly string[], used: readonly string[], file: FileFacts): boolean {
  const words = new Set(wordsOf(used.join('')))
  return declaredIn(made, file).some((name) => words.has(name))
}
