import { extensionOf } from './by-extension.ts'
import type { FileFacts } from './file-facts.ts'
import { indentOf } from './indent.ts'
import { pythonLines } from './python-lines.ts'

/** How deep lines are, those aside that say nothing. */
type Levels = (lines: readonly string[]) => readonly number[]

/**
 * How deep lines are in a file in which a line belongs to what is less deep before it: by indentation, by headings, by the heads of
 * tables. null where only brackets tell.
 */
export function levelsIn({ path, kind, language }: FileFacts): Levels | null {
  if (language === 'python') return (lines) => pythonLines(lines).map(({ indent }) => indent)
  if (language === 'yaml') return yamlLevels
  const extension = extensionOf(path)
  if (tables.has(extension)) return (lines) => lines.filter(saysSomething).map((line) => (tableHead.test(line) ? 0 : 1))
  if (language === 'markdown' || extension === 'rst' || kind === 'changelog') return headingLevels
  return indented.has(extension) ? (lines) => lines.filter((line) => line.trim() !== '').map(indentOf) : null
}

const indented: ReadonlySet<string> = new Set('pyx pxd nim hs elm coffee pug jade haml slim sass styl gd fs'.split(' '))

const tables: ReadonlySet<string> = new Set(
  'toml ini cfg conf editorconfig gitconfig gitmodules service desktop'.split(' '),
)
const tableHead = /^\s*\[.*\]\s*(?:[#;].*)?$/
const saysSomething = (line: string): boolean => !/^\s*(?:[#;]|$)/.test(line)

/** An item may stand where its key does, and is deeper. */
const yamlLevels: Levels = (lines) =>
  lines.filter((line) => !/^\s*(?:#|$)/.test(line)).map((line) => indentOf(line) + (/^\s*-\s/.test(line) ? 0.5 : 0))

const headingLevels: Levels = (lines) => {
  const levels: number[] = []
  let isCode = false
  for (const [at, line] of lines.entries()) {
    if (/^\s*(?:```|~~~)/.test(line)) isCode = !isCode
    if (isCode || line.trim() === '') continue
    const heading = /^#{1,6}(?=\s)/.exec(line)?.[0].length ?? underlinedBy(lines[at + 1] ?? '')
    levels.push(heading ?? belowHeadings + indentOf(line))
  }
  return levels
}

const belowHeadings = 10

const underlinedBy = (line: string): number | null => {
  const [sign = ''] = /^([=\-~^])\1{2,}\s*$/.exec(line) ?? []
  return sign === '' ? null : '=-~^'.indexOf(sign[0] ?? '') + 1
}

/** Whether lines can follow others and belong to what these belong to. */
export function mayFollow(second: readonly string[], first: readonly string[], levels: Levels): boolean {
  const [next] = levels(second)
  return next === undefined || levels(first).every((level) => level >= next)
}
