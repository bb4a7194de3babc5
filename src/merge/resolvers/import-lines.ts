import type { Chunk } from '../text/three-way.ts'
import type { FileFacts, Language } from './file-facts.ts'
import { areInOrder, byCode } from './in-order.ts'
import { withNamesOfBoth } from './import-names.ts'
import type { Resolver } from './resolver.ts'

/** Whole lines that bring names in, by language. */
const patterns: Partial<Record<Language, RegExp>> = {
  typescript: /^\s*(?:import\b.*|export\b.*\bfrom\b.*|(?:const|let|var)\s.*=\s*require\(.*\).*)$/,
  javascript: /^\s*(?:import\b.*|export\b.*\bfrom\b.*|(?:const|let|var)\s.*=\s*require\(.*\).*)$/,
  python: /^\s*(?:import\s+[\w.]+.*|from\s+[\w.]+\s+import\s+[^(]*)$/,
  go: /^\s*(?:import\s+)?(?:[\w.]+\s+)?"[^"]+"\s*$/,
}

/** Lines that bring names in are a set: what each side added or took away. */
export const importLines: Resolver = {
  name: 'import-lines',
  resolve(chunk, file) {
    if (!areImports(chunk, file)) return null
    const { base, ours, theirs } = withNamesOfBoth(chunk)
    const [inBase, inOurs, inTheirs] = [new Set(base), new Set(ours), new Set(theirs)]
    const stays = ours.filter((line) => line.trim() === '' || inTheirs.has(line) || !inBase.has(line))
    const added = theirs.filter((line) => line.trim() !== '' && !inOurs.has(line) && !inBase.has(line))
    const end = stays.findLastIndex((line) => line.trim() !== '') + 1
    const lines = [...stays.slice(0, end), ...added, ...stays.slice(end)]
    const areRewritten = areRewrittenImports(chunk, file)
    if (bringsInTwice(lines, [ours, theirs])) return null
    return {
      grade: areRewritten ? 'checked' : 'likely',
      lines: areInOrder(ours) && areInOrder(theirs) ? lines.toSorted(byCode) : lines,
      evidence: `imports are a set${areRewritten ? ', though both took some away' : ''}`,
    }
  },
}

/** Whether both sides changed imports, each its own: two ways of going about one thing, of which people mostly choose one. */
export const areRewrittenImports = (chunk: Chunk, file: FileFacts): boolean =>
  areImports(chunk, file) && isChangedBy(chunk.ours, chunk) && isChangedBy(chunk.theirs, chunk)

/** Whether all lines of a conflict bring names in. */
export function areImports({ base, ours, theirs }: Chunk, { language }: FileFacts): boolean {
  const pattern = language === null ? undefined : patterns[language]
  if (pattern === undefined) return false
  return [...base, ...ours, ...theirs].every((line) => line.trim() === '' || pattern.test(line.replace(/\r?\n$/, '')))
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
function bringsInTwice(lines: readonly string[], sides: readonly (readonly string[])[]): boolean {
  const [all, ...known] = [lines, ...sides].map(namesIn)
  return [...(all ?? [])].some(([name, times]) => times > 1 && known.every((side) => (side.get(name) ?? 0) < times))
}

function namesIn(lines: readonly string[]): ReadonlyMap<string, number> {
  const names = new Map<string, number>()
  for (const line of lines) {
    const bare = line.replaceAll(/(["']).*?\1/g, '').replace(/^\s*from\s+\S+/, '')
    for (const name of new Set(bare.match(/[A-Za-z_$][\w$]*/g)))
      if (!words.has(name)) names.set(name, (names.get(name) ?? 0) + 1)
  }
  return names
}

const words = new Set(['import', 'from', 'as', 'type', 'export', 'default', 'const', 'let', 'var', 'require'])
