import * as z from 'zod'
import { defineTool, done, refused } from './tool.ts'

const most = 500

/** What lies in a folder. */
export const listFiles = defineTool({
  name: 'list_files',
  description: 'Lists what lies in a folder. Folders end with /, links with @.',
  acts: false,
  input: z.strictObject({ path: z.string().default('.').describe('folder, relative to the repository') }),
  line: ({ path }) => `list ${path}`,
  async use({ path }, { files }) {
    const listed = await files.list(path)
    if (!listed.ok) return refused(listed.reason)
    const names = listed.value.map(({ name, kind }) => name + (kind === 'folder' ? '/' : kind === 'link' ? '@' : ''))
    const rest = names.length > most ? [`… and ${names.length - most} more`] : []
    return done([...names.slice(0, most), ...rest].join('\n') || '(empty)')
  },
})
