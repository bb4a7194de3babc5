import { indentOf, isBlank } from '../syntax/blocks.ts'
import type { Chunk } from '../text/three-way.ts'
import { bareLines } from './bare-lines.ts'
import type { Resolution, Resolver } from './resolver.ts'

/** One side changed nothing but white space that means nothing, or both wrote the same but for it: the real change stays. */
export const whiteSpace: Resolver = {
  name: 'white-space',
  resolve({ base, ours, theirs }, file) {
    const bare = bareLines(file)
    if (bare === null) return null
    const signs = new Map([base, ours, theirs].map((lines) => [lines, lines.join('').replaceAll(/\s+/g, '')]))
    // hardly any sides have the same signs, and only these are looked at closely
    const areSame = (a: readonly string[], b: readonly string[]): boolean =>
      signs.get(a) === signs.get(b) && bare(a) === bare(b)
    if (areSame(ours, theirs))
      return { grade: 'certain', lines: ours, evidence: 'both sides are the same but for white space' }
    if (areSame(base, ours)) return kept(theirs, 'ours')
    if (areSame(base, theirs)) return kept(ours, 'theirs')
    return shifted({ base, ours, theirs })
  },
}

const kept = (lines: readonly string[], idle: string): Resolution => ({
  grade: 'certain',
  lines,
  evidence: `${idle} changed only white space`,
})

/** One side moved the base's lines in or out as a whole: what the other wrote moves with them. */
function shifted({ base, ours, theirs }: Pick<Chunk, 'base' | 'ours' | 'theirs'>): Resolution | null {
  const [byOurs, byTheirs] = [shiftOf(base, ours), shiftOf(base, theirs)]
  const shift = byOurs ?? byTheirs
  if (shift === null || (byOurs !== null && byTheirs !== null)) return null
  const lines = moved(byOurs === null ? ours : theirs, shift)
  return (
    lines && { grade: 'certain', lines, evidence: `${byOurs === null ? 'theirs' : 'ours'} only indented the lines` }
  )
}

/** White space to take away and to put at the beginning of every line. */
interface Shift {
  readonly from: string
  readonly to: string
}

function shiftOf(base: readonly string[], side: readonly string[]): Shift | null {
  if (base.length !== side.length || base.every(isBlank)) return null
  const at = base.findIndex((line) => !isBlank(line))
  const [before, after] = [indentOf(base[at] ?? ''), indentOf(side[at] ?? '')]
  const shift =
    before.length <= after.length && after.endsWith(before)
      ? { from: '', to: after.slice(0, after.length - before.length) }
      : { from: before.slice(0, before.length - after.length), to: '' }
  const result = moved(base, shift)
  return result !== null && result.every((line, index) => line === side[index]) ? shift : null
}

function moved(lines: readonly string[], { from, to }: Shift): readonly string[] | null {
  if (!lines.every((line) => isBlank(line) || line.startsWith(from))) return null
  return lines.map((line) => (isBlank(line) ? line : to + line.slice(from.length)))
}
