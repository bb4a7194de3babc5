import { areInOrder, byCode } from './in-order.ts'
import { indentOf } from './indent.ts'
import type { Resolver } from './resolver.ts'

/** Lines of a key and a value, in files that are made of them: what each side did to each key. */
export const keyedLines: Resolver = {
  name: 'keyed-lines',
  resolve({ base, ours, theirs }, { kind, language }) {
    if (!['manifest', 'automation', 'settings'].includes(kind)) return null
    const [b, o, t] = [entriesOf(base), entriesOf(ours), entriesOf(theirs)]
    if (b === null || o === null || t === null) return null
    const values = merged(b, o, t)
    if (values === null || (language === 'yaml' && deepens(values))) return null
    return {
      grade: 'likely',
      lines: commas(values, ours, theirs),
      evidence: 'no key was changed by both',
    }
  },
}

const line = /^\s*(?:"([^"]+)"|'([^']+)'|([\w.@/-]+))\s*[:=]\s*\S.*$/

/** A line for each key; null when a line has none, or a key comes twice. */
function entriesOf(lines: readonly string[]): Entries | null {
  const entries = new Map<string, string>()
  for (const text of lines) {
    const [, double, single, bare] = line.exec(text.replace(/\r?\n$/, '')) ?? []
    const key = double ?? single ?? bare
    if (key === undefined || entries.has(key)) return null
    if (/[[{(]\s*,?\s*$/.test(text.trimEnd())) return null
    entries.set(key, text)
  }
  return entries
}

type Entries = ReadonlyMap<string, string>

/** The lines of all keys; null where one was changed by both. */
function merged(b: Entries, o: Entries, t: Entries): readonly string[] | null {
  const lines: string[] = []
  for (const key of new Set([...keysOfBoth(b, o, t), ...b.keys()])) {
    const [was, mine, other] = [valueOf(b, key), valueOf(o, key), valueOf(t, key)]
    const value = mine === other || other === was ? o.get(key) : mine === was ? t.get(key) : null
    if (value === null) return null
    if (value !== undefined) lines.push(value)
  }
  return lines
}

/** In order where all versions are in order; otherwise as ours has them, each that only theirs has behind what it follows there. */
function keysOfBoth(b: Entries, o: Entries, t: Entries): readonly string[] {
  const keys = [...o.keys()]
  let before = -1
  for (const key of t.keys()) {
    const at = keys.indexOf(key)
    before = at === -1 ? before + 1 : at
    if (at === -1) keys.splice(before, 0, key)
  }
  return [b, o, t].every((entries) => areInOrder([...entries.keys()])) && haveOneIndent(o, t)
    ? keys.toSorted(byCode)
    : keys
}

const haveOneIndent = (...sides: readonly Entries[]): boolean =>
  new Set(sides.flatMap((entries) => [...entries.values()].map(indentOf))).size === 1

/** Whether a line is deeper than one before it: it would belong to that, which has a value. */
const deepens = (lines: readonly string[]): boolean =>
  lines.some((text, at) => at > 0 && indentOf(text) > indentOf(lines[at - 1] ?? ''))

/** Without the comma that may or may not follow it. */
const valueOf = (entries: Entries, key: string): string | undefined => entries.get(key)?.trim().replace(/,$/, '')

/** Every entry but perhaps the last has the comma that the sides' entries have. */
function commas(lines: readonly string[], ours: readonly string[], theirs: readonly string[]): readonly string[] {
  const hasComma = (text: string): boolean => text.trimEnd().endsWith(',')
  if (![...ours, ...theirs].some(hasComma)) return lines
  const lastHas = hasComma(ours.at(-1) ?? theirs.at(-1) ?? '')
  return lines.map((text, at) => {
    const bare = text.trimEnd().replace(/,$/, '')
    const end = text.slice(text.trimEnd().length)
    return at < lines.length - 1 || lastHas ? `${bare},${end}` : `${bare}${end}`
  })
}
