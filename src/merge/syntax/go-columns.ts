import { linesOf } from '../text/lines.ts'
import type { InVersions } from './versions.ts'

/** A text of Go without the white space that gofmt sets things in columns by. */
export const withoutColumns = (text: string): string =>
  linesOf(text)
    .map((line) => line.replaceAll(stringOrSpace, (_, string: string | undefined) => string ?? ' ').trim())
    .join('\n')

const stringOrSpace = /("(?:\\.|[^"\\])*"|`[^`]*`)|\s+/g

/**
 * Elements in columns, as gofmt sets them, where a side has moved some of the base's columns: what begins a column begins where it
 * does in the version that has most room for it. Lines that have a comment, a tag that others lack, or more than a name and a type
 * stay as they are, and so do all beside them.
 */
export function inColumns(
  lines: readonly string[],
  { base, ours, theirs }: InVersions<readonly string[]>,
): readonly string[] {
  const rows = lines.map(rowOf)
  if (!rows.every((row) => row !== null) || new Set(rows.map((row) => row.cells.length)).size !== 1) return lines
  if (!areMoved(base, ours) && !areMoved(base, theirs)) return lines
  const known = [...ours, ...theirs].flatMap((line) => rowOf(line) ?? [])
  const widths = rows[0]?.cells.map((_, at) => Math.max(...known.map((row) => row.widths[at] ?? 0))) ?? []
  return rows.map(({ indent, cells, end }) => {
    const padded = cells.map((cell, at) => (at === cells.length - 1 ? cell : cell.padEnd(widths[at] ?? 0)))
    return indent + padded.join('') + end
  })
}

/** Whether a side has a line that differs from one of the base's in nothing but its columns. */
function areMoved(base: readonly string[], side: readonly string[]): boolean {
  const known = new Set(base)
  const bare = new Set(base.map(withoutColumns))
  return side.some((line) => !known.has(line) && bare.has(withoutColumns(line)))
}

/** A line in columns. */
interface Row {
  readonly indent: string
  readonly cells: readonly string[]
  /** Of each cell with the space behind it. */
  readonly widths: readonly number[]
  readonly end: string
}

/** `Name Type`, `Name, Other Type`, with a tag or without; `Key: value,`; `Name = value`. */
const forms: readonly RegExp[] = [
  /^(\s*)((\w+(?:, \w+)*)\s+)([^`{}=]*[^`{}=\s])(?:(\s+)(`[^`]*`))?(\r?\n?)$/,
  /^(\s*)((\w[\w.]*:|"[^"]*":)\s+)([^`]*[^`{(\s])()()(\r?\n?)$/,
  /^(\s*)((\w+)\s+)(= [^`]*[^`{(\s])()()(\r?\n?)$/,
]

function rowOf(line: string): Row | null {
  const found = forms.map((form) => form.exec(line)).find((match) => match !== null)
  const [, indent = '', first = '', name = '', rest = '', space = '', tag = '', end = ''] = found ?? []
  if (name === '' || /(?:^|\s)\/[/*]/.test(rest)) return null
  return {
    indent,
    cells: tag === '' ? [name, rest] : [name, rest, tag],
    widths: [first.length, (rest + space).length],
    end,
  }
}
