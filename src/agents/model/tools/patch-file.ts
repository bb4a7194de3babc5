import * as z from 'zod'
import { applyPatch } from './unified-diff.ts'
import { readText, writeText } from './text-file.ts'
import { defineTool, done, refused } from './tool.ts'

/** Several changes of one file at once. */
export const patchFile = defineTool({
  name: 'patch_file',
  description:
    'Applies a unified diff (hunks that begin with @@ -line,count +line,count @@) to one file, all of it or nothing. Lines of context must be exact.',
  acts: true,
  input: z.strictObject({
    path: z.string().describe('relative to the repository'),
    patch: z.string().min(1).describe('hunks of a unified diff'),
  }),
  line: ({ path }) => `patch ${path}`,
  async use({ path, patch }, desk) {
    const read = await readText(desk, path)
    if (!read.ok) return refused(read.reason)
    const patched = applyPatch(read.text, patch)
    if (!patched.ok) return refused(`${path} is as it was: ${patched.reason}`)
    if (patched.text === read.text) return done(`${path} is already so`)
    return writeText(desk, path, patched.text, `${path}: ${patched.hunks} hunks applied`)
  },
})
