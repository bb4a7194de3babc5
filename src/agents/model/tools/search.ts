import { setImmediate as endOfTurn } from 'node:timers/promises'
import { runInNewContext } from 'node:vm'
import * as z from 'zod'
import type { Desk } from './desk.ts'
import { readText } from './text-file.ts'
import { defineTool, done, refused, type ToolAnswer } from './tool.ts'

const mostMatches = 100
const mostFiles = 5_000
const limitMs = 3_000
/** In one file: whoever shares the thread waits meanwhile. */
const fileLimitMs = 500
/** Folders of what others wrote or what a build made; searched where they are named. */
const foreign = /^(?:\.git|node_modules|vendor|dist|build|target|coverage|__pycache__|\.venv|venv)$/

/** Lines that match, in all files below a folder. */
export const search = defineTool({
  name: 'search',
  description: 'Finds lines by a text or a JavaScript regular expression in a file or in all files below a folder.',
  acts: false,
  input: z.strictObject({
    pattern: z.string().min(1).max(1_000),
    path: z.string().default('.').describe('file or folder, relative to the repository'),
    regex: z.boolean().default(false).describe('whether the pattern is a regular expression'),
  }),
  line: ({ pattern, path }) => `search ${path} for ${pattern}`,
  async use({ pattern, path, regex }, desk) {
    const source = regex ? pattern : pattern.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    const mistake = mistakeIn(source)
    return mistake === null ? found(await filesBelow(desk, path), source, desk) : refused(mistake)
  },
})

async function found(files: readonly string[] | string, source: string, desk: Desk): Promise<ToolAnswer> {
  if (typeof files === 'string') return refused(files)
  const matches: string[] = []
  const began = desk.clock.monotonic()
  for (const file of files) {
    desk.context.signal.throwIfAborted()
    const left = limitMs - (desk.clock.monotonic() - began)
    await endOfTurn()
    const read = await readText(desk, file)
    const lines = read.ok ? matching(read.text, source, Math.min(left, fileLimitMs)) : []
    if (lines === null) return refused('the search takes too long: use a simpler pattern, or a smaller folder')
    matches.push(...lines.map((line) => `${file}:${line}`))
    if (matches.length > mostMatches) return done(`${matches.slice(0, mostMatches).join('\n')}\n… and more: narrow it`)
  }
  const rest = files.length === mostFiles ? `\n(only the first ${mostFiles} files were searched)` : ''
  return done((matches.join('\n') || 'nothing found') + rest)
}

function mistakeIn(source: string): string | null {
  try {
    new RegExp(source)
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** In a context of its own, since only so an expression that runs for ever can be stopped. Null when it took too long. */
function matching(text: string, source: string, timeout: number): readonly string[] | null {
  if (timeout <= 0) return null
  try {
    const lines = runInNewContext(
      script,
      { text, source, most: mostMatches + 1 },
      { timeout: Math.ceil(timeout) },
    ) as string
    return JSON.parse(lines) as string[]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return null
    throw error
  }
}

const script = `
  const pattern = new RegExp(source), found = []
  for (const [index, line] of text.split('\\n').entries()) {
    if (found.length >= most) break
    if (pattern.test(line)) found.push((index + 1) + ': ' + line.trim().slice(0, 300))
  }
  JSON.stringify(found)`

/** Files below a path in a fixed order; a text says why there are none. */
async function filesBelow(desk: Desk, path: string): Promise<readonly string[] | string> {
  const top = await desk.files.list(path)
  if (!top.ok) return (await desk.files.read(path, 0)).ok ? [path] : top.reason
  const files: string[] = []
  const waiting = [path]
  for (let folder = waiting.shift(); folder !== undefined; folder = waiting.shift()) {
    await endOfTurn()
    const listed = await desk.files.list(folder)
    for (const { name, kind } of listed.ok ? listed.value : []) {
      const inside = folder === '.' ? name : `${folder}/${name}`
      if (kind === 'folder' && !foreign.test(name)) waiting.push(inside)
      if (kind === 'file') files.push(inside)
      if (files.length >= mostFiles) return files
    }
  }
  return files
}
