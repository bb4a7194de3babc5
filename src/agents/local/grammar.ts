import { posix } from 'node:path'

/** A language as its parser knows it. */
export type Grammar = 'python' | 'javascript' | 'typescript' | 'tsx'

/** Grammars that share their rules. */
export type Family = 'python' | 'javascript'

const grammars: ReadonlyMap<string, Grammar> = new Map([
  ['.py', 'python'],
  ['.pyi', 'python'],
  ['.js', 'javascript'],
  ['.mjs', 'javascript'],
  ['.cjs', 'javascript'],
  ['.jsx', 'javascript'],
  ['.ts', 'typescript'],
  ['.mts', 'typescript'],
  ['.cts', 'typescript'],
  ['.tsx', 'tsx'],
])

/** The grammar of a file by its extension; null when the local agent does not know it. */
export const grammarOf = (file: string): Grammar | null => grammars.get(posix.extname(file).toLowerCase()) ?? null

/** The family of a grammar. */
export const familyOf = (grammar: Grammar): Family => (grammar === 'python' ? 'python' : 'javascript')

/** Whether a file holds tests, by the usual names. */
export const isTestFile = (file: string): boolean =>
  /(?:^|\/)(?:tests?|__tests__|spec)\/|(?:^|\/)(?:test_[^/]*|[^/]*_test|conftest)\.py$|\.(?:test|spec)\.[^/]+$/.test(
    file,
  )
