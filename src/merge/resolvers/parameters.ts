import type { FileFacts, Language } from './file-facts.ts'
import { outermostIn } from './outermost-lines.ts'

/**
 * Whether both sides put what may be parameters, one a line: a caller tells them by their place, so that one of the two would be given
 * what is meant for the other. Keys of an object, which look alike, are told by the syntax of their list.
 */
export function putParameters(ours: readonly string[], theirs: readonly string[], { language }: FileFacts): boolean {
  const pattern = language === null ? undefined : patterns[language]
  return pattern !== undefined && [ours, theirs].every((side) => isOf(pattern, outermostIn(side)))
}

const isOf = (pattern: RegExp, lines: readonly string[]): boolean =>
  lines.length > 0 && lines.every((line) => pattern.test(line))

const script =
  /^\s*(?:(?:public|private|protected|readonly|override)\s+)*[A-Za-z_$][\w$]*\??\s*(?:(?::(?!:)|=(?![=>]))[^;]*)?,\s*$/
const patterns: Partial<Record<Language, RegExp>> = {
  typescript: script,
  javascript: script,
  // those with a default are mostly given by name
  python: /^\s*[A-Za-z_]\w*(?:\s*:[^=]*)?,\s*$/,
}
