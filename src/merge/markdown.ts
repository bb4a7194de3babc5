/** A part under a heading. */
export const section = (title: string, body: string): string => `## ${title}\n\n${body}`

/** A table with these heads. */
export const table = (head: readonly string[], rows: Iterable<readonly string[]>): string =>
  [...tableLines(head, rows)].join('\n')

/** Its lines, one by one: of many rows none is kept. */
export function* tableLines(head: readonly string[], rows: Iterable<readonly string[]>): Generator<string> {
  yield line(head)
  yield line(head.map(() => '---'))
  for (const row of rows) yield line(row)
}

const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`

const cell = (text: string): string => oneLine(text).replaceAll('|', String.raw`\|`)
const oneLine = (text: string): string => text.replaceAll(/\s*[\r\n]+\s*/g, ' ')

/** An agent's or a program's words: one line, and no markup but what Markdown makes of plain text. */
export const words = (text: string): string => oneLine(text).replaceAll('<', '&lt;')

/** Text as code, with a fence longer than any run of backticks in it. */
export function code(text: string): string {
  if (!text.includes('`')) return `\`${text}\``
  const fence = fenceFor(text)
  return `${fence} ${text} ${fence}`
}

/** A fence longer than any run of backticks in a text. */
export function fenceFor(text: string): string {
  const longest = (text.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 2)
  return '`'.repeat(longest + 1)
}
