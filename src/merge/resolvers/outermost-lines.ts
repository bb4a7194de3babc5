import { indentOf } from './indent.ts'

/** Lines of nothing but brackets are alike everywhere. */
export const saysSomething = (line: string): boolean => /[\p{L}\p{N}]/u.test(line)

/** The lines that say something and are indented the least: what is deeper is inside them. */
export function outermostIn(lines: readonly string[]): readonly string[] {
  const saying = lines.filter(saysSomething)
  const least = saying.reduce((known, line) => Math.min(known, indentOf(line)), Infinity)
  return saying.filter((line) => indentOf(line) === least)
}
