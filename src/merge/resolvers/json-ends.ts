import type { Chunk } from '../text/three-way.ts'

/** What both put behind the last thing of a list in JSON, as if each line had its comma. */
export interface JsonEnd {
  readonly chunk: Chunk
  /** The lines as they stand in the file, from those of the chunk. */
  readonly restored: (lines: readonly string[]) => readonly string[]
}

/** Where only the comma of the line before is in the way of what both put at the end of a list; null elsewhere. */
export function atJsonEnd({ base, ours, theirs, at }: Chunk): JsonEnd | null {
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
