import * as z from 'zod'
import { count } from '../../../count.ts'
import { readText, writeText } from './text-file.ts'
import { defineTool, done } from './tool.ts'

/** A whole file. */
export const writeFile = defineTool({
  name: 'write_file',
  description: 'Writes a whole file, with the folders that it needs; what was in it is gone.',
  acts: true,
  input: z.strictObject({ path: z.string().describe('relative to the repository'), content: z.string() }),
  line: ({ path }) => `write ${path}`,
  async use({ path, content }, desk) {
    const before = await readText(desk, path)
    if (before.ok && before.text === content) return done(`${path} is already so`)
    return writeText(desk, path, content, `${path} written, ${count(linesOf(content), 'line')}`)
  },
})

/** As `read_file` counts them: a newline ends a line and begins none. */
const linesOf = (text: string): number => (text === '' ? 0 : text.replace(/\n$/, '').split('\n').length)
