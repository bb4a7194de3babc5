import * as z from 'zod'
import { readText } from './text-file.ts'
import { defineTool, done, refused } from './tool.ts'

const most = 500

/** Something found and not changed. */
export const reportFinding = defineTool({
  name: 'report_finding',
  description: 'Reports a fault in a file without changing it; it becomes a part of the result.',
  acts: false,
  input: z.strictObject({
    rule: z
      .string()
      .regex(/^[\w./-]{1,80}$/)
      .describe('short name of the kind of fault, as concurrency/lost-update'),
    severity: z.enum(['error', 'warning', 'note']),
    file: z.string().describe('relative to the repository'),
    line: z.int().min(1),
    endLine: z.int().min(1).optional(),
    message: z.string().min(1).max(4_000).describe('what is wrong, what follows from it, and how to put it right'),
  }),
  line: ({ rule, file, line }) => `finding ${rule} at ${file}:${line}`,
  async use({ rule, severity, file, line, endLine = line, message }, desk) {
    if (desk.findings.length >= most) return refused(`there are ${most} findings already: finish`)
    const read = await readText(desk, file)
    if (!read.ok) return refused(read.reason)
    const lines = read.text.split(/\r?\n/)
    const [text, last] = [lines[line - 1], lines[endLine - 1]]
    if (text === undefined || last === undefined || endLine < line)
      return refused(`${file} has ${lines.length} lines; ${line} to ${endLine} is not among them`)
    const place = { line, column: 1, endLine, endColumn: last.length + 1 }
    desk.findings.push({ rule, severity, file: read.path, ...place, message, text: text.trim().slice(0, 200) })
    return done(`noted, ${desk.findings.length} so far`)
  },
})
