import type { Chunk } from '../text/three-way.ts'
import { byExtension, extensionOf } from './by-extension.ts'
import type { FileFacts } from './file-facts.ts'

/** What both put behind the last thing of a list, as if each line had its comma. */
export interface ListEnd {
  readonly chunk: Chunk
  /** The lines as they stand in the file, from those of the chunk. */
  readonly restored: (lines: readonly string[]) => readonly string[]
}

/**
 * Where only the comma of the line before is in the way of what both put at the end of a list: in JSON, manifests aside, and in
 * languages with brackets, where all of it is in brackets or has a key: else its place may tell what it is for. null elsewhere.
 */
export function atListEnd(chunk: Chunk, { path, kind, language }: FileFacts): ListEnd | null {
  if (language === 'json') return kind === 'manifest' ? null : endIn(chunk)
  const entry = entries.get(extensionOf(path))
  return entry !== undefined && isOfEntries(chunk, entry) ? endIn(chunk) : null
}

/** What begins with a bracket or a key, by ending; a parameter with its type or a value does not. */
const entries = byExtension<RegExp>([
  ['c h cc cpp cxx hh hpp hxx m mm cs lua', /^\s*(?:[{[]|\.?[\w$]+\s*=\s)/],
  ['php rb groovy gradle dart', /^\s*(?:[{[]|[:"']?[\w$-]+["']?\s*=>|["']?[\w-]+["']?:\s)/],
  ['java', /^\s*\{/],
])

/** Whether what was last and what both put are entries, at whose ends a comma is one. */
function isOfEntries({ base, ours, theirs }: Chunk, entry: RegExp): boolean {
  const [was, ...put] = [base[0], ours[1], theirs[1]]
  const lasts = [was, ours[0], ours.at(-1), theirs.at(-1)].map((line) => line ?? '')
  const isEntry = (line: string | undefined): boolean => line !== undefined && entry.test(line)
  return put.every(isEntry) && (was === undefined || isEntry(was)) && !lasts.some((line) => remark.test(line))
}

const remark = /\/[/*]|--|#/

function endIn({ base, ours, theirs, at }: Chunk): ListEnd | null {
  const [head = ''] = ours
  if (head !== theirs[0] || Math.min(ours.length, theirs.length) < 2) return null
  const [mine, other] = [ours.slice(1), theirs.slice(1)]
  if (base.length === 0 && closing.test(head)) {
    // each side's lines begin with the end of what was last, and lack their own
    const chunk = { base, ours: [...mine, head], theirs: [...other, head], at }
    return { chunk, restored: (lines) => [head, ...lines.slice(0, -1)] }
  }
  if (base.length !== 1 || head !== withComma(base[0] ?? '') || [mine, other].some(endsInComma)) return null
  const chunk = { base: [], ours: lastChanged(mine, withComma), theirs: lastChanged(other, withComma), at }
  return { chunk, restored: (lines) => [head, ...lastChanged(lines, withoutComma)] }
}

const closing = /^\s*[}\]],\s*$/
const withComma = (line: string): string => line.replace(/\s*$/, (end) => `,${end}`)
const withoutComma = (line: string): string => line.replace(/,(?=\s*$)/, '')
const endsInComma = (lines: readonly string[]): boolean => /,\s*$/.test(lines.at(-1) ?? '')

const lastChanged = (lines: readonly string[], change: (line: string) => string): readonly string[] =>
  lines.map((line, at) => (at === lines.length - 1 ? change(line) : line))
