import { declaredIn } from './declared-names.ts'
import type { FileFacts, FileKind } from './file-facts.ts'
import { indentOf } from './indent.ts'
import { outermostIn, saysSomething } from './outermost-lines.ts'
import type { IsKnown } from './resolver.ts'
import { similarity, wordsOf } from './similarity.ts'

/** Of the words of both: what is more alike is one thing, written twice. */
const mostAlike = 0.8

/** Whether both sides put one thing, each in its own way: nearly the same words, a name that both give to something, or a line that is new. */
export function putOneThing(
  ours: readonly string[],
  theirs: readonly string[],
  { file, isKnown }: { readonly file: FileFacts; readonly isKnown: IsKnown },
): boolean {
  if (ofEntries.has(file.kind)) return false
  if (similarity(wordsOf(ours.join('')), wordsOf(theirs.join(''))) > mostAlike) return true
  if ([ours, theirs].some(hasNoName)) return false
  const names = new Set(declaredIn(ours, file))
  if (declaredIn(theirs, file).some((name) => names.has(name))) return true
  const isNew = (line: string): boolean => wordsOf(line).length > 1 && !isKnown(line)
  const put = new Set(outermostIn(ours).map((line) => line.trim()))
  return outermostIn(theirs).some((line) => isNew(line) && put.has(line.trim()))
}

/** Kinds of files whose entries may well be alike. */
const ofEntries: ReadonlySet<FileKind> = new Set(['changelog', 'words', 'records'])

/** Whether lines are within brackets of their own, as elements of a list without a name: these may well have keys in common. */
function hasNoName(lines: readonly string[]): boolean {
  const [first = ''] = lines.filter((line) => line.trim() !== '')
  const [outermost = ''] = outermostIn(lines)
  return !saysSomething(first) && indentOf(first) < indentOf(outermost)
}
