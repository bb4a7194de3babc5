import { posix } from 'node:path'

/** A language as its parser knows it. */
export type Grammar = 'python' | 'go' | 'javascript' | 'typescript' | 'tsx'

const grammars: ReadonlyMap<string, Grammar> = new Map([
  ['.py', 'python'],
  ['.pyi', 'python'],
  ['.go', 'go'],
  ['.js', 'javascript'],
  ['.mjs', 'javascript'],
  ['.cjs', 'javascript'],
  ['.jsx', 'javascript'],
  ['.ts', 'typescript'],
  ['.mts', 'typescript'],
  ['.cts', 'typescript'],
  ['.tsx', 'tsx'],
])

/** The grammar of a file by its extension; null where there is none. */
export const grammarOf = (file: string): Grammar | null => grammars.get(posix.extname(file).toLowerCase()) ?? null
