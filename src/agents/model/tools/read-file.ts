import * as z from 'zod'
import { readText } from './text-file.ts'
import { defineTool, done, refused } from './tool.ts'

const mostLines = 1_000
const mostCharacters = 40_000

/** Part of a text with its line numbers. */
export const readFile = defineTool({
  name: 'read_file',
  description: 'Shows a text file with line numbers, each followed by a tab; both are no part of the file.',
  acts: false,
  input: z.strictObject({
    path: z.string().describe('relative to the repository'),
    from: z.int().min(1).default(1).describe('first line'),
    lines: z.int().min(1).max(mostLines).default(400).describe('how many'),
  }),
  line: ({ path, from }) => `read ${path}${from > 1 ? ` from line ${from}` : ''}`,
  async use({ path, from, lines }, desk) {
    const read = await readText(desk, path)
    if (!read.ok) return refused(read.reason)
    const all = read.text.replace(/\r?\n$/, '').split(/\r?\n/)
    if (from > all.length) return refused(`${path} has only ${all.length} lines`)
    const shown = all.slice(from - 1, from - 1 + lines).map((line, index) => `${from + index}\t${line}`)
    return done(`${bounded(shown)}\n(${all.length} lines in all)`)
  },
})

function bounded(lines: readonly string[]): string {
  let left = mostCharacters
  const kept = lines.map((line) => line.slice(0, 2_000)).filter((line) => (left -= line.length + 1) >= 0)
  const cut = kept.length < lines.length ? `\n… cut off here; ask for the next lines` : ''
  return kept.join('\n') + cut
}
