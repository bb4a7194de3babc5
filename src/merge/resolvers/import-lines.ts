import type { Chunk } from '../text/three-way.ts'
import type { FileFacts } from './file-facts.ts'
import { type ImportForm, importFormOf } from './import-forms.ts'
import { areInOrder, byCode } from './in-order.ts'
import { type ImportVersions, withNamesOfBoth } from './import-names.ts'
import type { Resolver } from './resolver.ts'

/** Lines that bring names in are a set: what each side added or took away. */
export const importLines: Resolver = {
  name: 'import-lines',
  resolve(chunk, file) {
    const form = importFormOf(file)
    if (form === null || !areImports(chunk, file)) return null
    const versions = withNamesOfBoth(chunk)
    const { base, ours, theirs } = versions
    const [inBase, inOurs, inTheirs] = [new Set(base), new Set(ours), new Set(theirs)]
    const stays = ours.filter((line) => line.trim() === '' || inTheirs.has(line) || !inBase.has(line))
    const added = theirs.filter((line) => line.trim() !== '' && !inOurs.has(line) && !inBase.has(line))
    const end = stays.findLastIndex((line) => line.trim() !== '') + 1
    const lines = [...stays.slice(0, end), ...added, ...stays.slice(end)]
    const isApart = isChangedApart(versions, form)
    if (bringsInTwice(lines, [ours, theirs], form) || (isApart && !isParsed(file))) return null
    const areRewritten = isApart || areRewrittenImports(chunk, file)
    return {
      grade: areRewritten ? 'checked' : 'likely',
      lines: areInOrder(ours) && areInOrder(theirs) ? lines.toSorted(byCode) : lines,
      evidence: `imports are a set${areRewritten ? ', though both changed some' : ''}`,
    }
  },
}

/** Whether both sides changed imports, each its own: two ways of going about one thing, of which people mostly choose one. */
export function areRewrittenImports(chunk: Chunk, file: FileFacts): boolean {
  const form = importFormOf(file)
  if (form === null || !areImports(chunk, file)) return false
  if (isChangedBy(chunk.ours, chunk) && isChangedBy(chunk.theirs, chunk)) return true
  const { ours, theirs } = withNamesOfBoth(chunk)
  return !isParsed(file) && bringsInTwice([...new Set([...ours, ...theirs])], [ours, theirs], form)
}

/** Whether a result is held against names that are declared twice or no longer, by its syntax. */
const isParsed = ({ language }: FileFacts): boolean => language !== null

/** Whether all lines of a conflict bring names in. */
export function areImports({ base, ours, theirs }: Chunk, file: FileFacts): boolean {
  const form = importFormOf(file)
  const isImport = (line: string): boolean => form?.line.test(line.replace(/\r?\n$/, '')) === true
  return form !== null && [...base, ...ours, ...theirs].every((line) => line.trim() === '' || isImport(line))
}

/** Lines that bring names in, in any language. */
const bringsIn =
  /^\s*(?:import\b|from\s+\S+\s+import\b|export\b.*\bfrom\b|(?:const|let|var)\s.*=\s*require\(|use\s|using\s|#\s*include\b)/

/** Whether both sides bring names in and do nothing else, whatever the language. */
export const addsImports = ({ base, ours, theirs }: Chunk): boolean =>
  [...ours, ...theirs].every((line) => line.trim() === '' || bringsIn.test(line)) &&
  base.every((line) => ours.includes(line) && theirs.includes(line))

/** Whether a side took lines away that the other kept. */
function isChangedBy(side: readonly string[], { base, ours, theirs }: Chunk): boolean {
  const [own, all] = [new Set(side), new Set([...ours, ...theirs])]
  return base.some((line) => line.trim() !== '' && !own.has(line) && all.has(line))
}

/** Whether a name comes from more lines than in either side: it would be declared twice. */
function bringsInTwice(
  lines: readonly string[],
  sides: readonly (readonly string[])[],
  { namesIn, mayRepeat }: ImportForm,
): boolean {
  if (mayRepeat) return false
  const [all, ...known] = [lines, ...sides].map((some) => countsOf(some.flatMap(namesIn)))
  return [...(all ?? [])].some(([name, times]) => times > 1 && known.every((side) => (side.get(name) ?? 0) < times))
}

function countsOf(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

/** Whether one side brings a name in from elsewhere that the other has no longer, or brings in from elsewhere again. */
function isChangedApart({ base, ours, theirs }: ImportVersions, { namesIn }: ImportForm): boolean {
  const [inBase, inOurs, inTheirs] = [new Set(base), new Set(ours), new Set(theirs)]
  const putBy = (side: readonly string[]): ReadonlyMap<string, string> =>
    new Map(side.flatMap((line) => (inBase.has(line) ? [] : namesIn(line).map((name) => [name, line] as const))))
  const [mine, other] = [putBy(ours), putBy(theirs)]
  const gone = base.filter((line) => !inOurs.has(line) && !inTheirs.has(line))
  return gone.flatMap(namesIn).some((name) => mine.get(name) !== other.get(name))
}
