import * as z from 'zod'
import { readText, writeText } from './text-file.ts'
import { defineTool, done, refused } from './tool.ts'

/** An exact replacement. */
export const editFile = defineTool({
  name: 'edit_file',
  description:
    'Replaces an exact text in a file by another. The old text must stand there exactly once, with its white space; give some lines around it to make it unique, or all: true.',
  acts: true,
  input: z.strictObject({
    path: z.string().describe('relative to the repository'),
    old: z.string().min(1).describe('exact text, without line numbers'),
    new: z.string(),
    all: z.boolean().default(false).describe('replace it wherever it stands'),
  }),
  line: ({ path }) => `edit ${path}`,
  async use(edit, desk) {
    const read = await readText(desk, edit.path)
    if (!read.ok) return refused(read.reason)
    const edited = replaced(read.text, edit)
    if (typeof edited === 'string') return refused(edited)
    if (edited.text === read.text) return done(`${edit.path} is already so`)
    return writeText(desk, edit.path, edited.text, `${edit.path}: ${edited.count} replaced`)
  },
})

interface Edit {
  readonly path: string
  readonly old: string
  readonly new: string
  readonly all: boolean
}

/** The text with the replacement, or why it cannot be. */
export function replaced(text: string, edit: Edit): { readonly text: string; readonly count: number } | string {
  const lines = /\r\n/.test(text) && !/(?<!\r)\n/.test(text) ? withCarriageReturns(edit) : edit
  const parts = text.split(lines.old)
  const count = parts.length - 1
  if (count === 0) return notThere(text, edit)
  if (count > 1 && !edit.all)
    return `the old text stands in ${edit.path} ${count} times: give more of the lines around it, or all: true`
  return { text: parts.join(lines.new), count }
}

/** A model writes plain line ends, whatever the file has. */
const withCarriageReturns = (edit: Edit): Edit => ({
  ...edit,
  old: edit.old.replace(/\r?\n/g, '\r\n'),
  new: edit.new.replace(/\r?\n/g, '\r\n'),
})

function notThere(text: string, { path, old }: Edit): string {
  const loose = (given: string): string => given.replace(/\s+/g, ' ').trim()
  const isNear = loose(text).includes(loose(old))
  const why = isNear ? 'only with other white space' : 'nowhere'
  return `the old text stands in ${path} ${why}: read the file again and copy it exactly`
}
