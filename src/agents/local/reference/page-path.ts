import { posix } from 'node:path'
import { grammarOf } from '../grammar.ts'

/**
 * Where the pages of some modules go: `src/a.ts` to `docs/api/src/a.md`; of two modules that differ in the extension only, each keeps it.
 * Null when a name is not a module, as a folder's: then only the workspace tells.
 */
export function pagePaths(files: readonly string[]): readonly string[] | null {
  const modules = files.map((file) => posix.normalize(file))
  if (modules.some((file) => grammarOf(file) === null || file.startsWith('..'))) return null
  return modules.map((file) => {
    const bare = withoutExtension(file)
    const isAlone = modules.every((other) => other === file || withoutExtension(other) !== bare)
    return `docs/api/${isAlone ? bare : file}.md`
  })
}

const withoutExtension = (file: string): string => file.slice(0, -posix.extname(file).length)
