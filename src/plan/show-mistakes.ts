import type { Mistake } from './task.ts'

/** Mistakes as a compiler shows them: place, message, the line and a caret below the column. */
export function showMistakes(file: string, text: string, mistakes: readonly Mistake[]): string {
  const lines = text.split('\n')
  const shown = mistakes.map(({ line, column, path, message }) => {
    const source = (lines[line - 1] ?? '').replace(/\r$/, '')
    const where = path === '' ? '' : `${path}: `
    const margin = String(line).padStart(5)
    return `${file}:${line}:${column} error ${where}${message}\n${margin} | ${source}\n      | ${indent(source, column)}^`
  })
  const count = mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`
  return `${shown.join('\n')}\n${count}; nothing was started`
}

/** White space as wide as what stands before the column: tabs stay tabs, wide characters count twice. */
function indent(source: string, column: number): string {
  const before = source.slice(0, column - 1)
  return Array.from(before, (character) => (character === '\t' ? '\t' : isWide(character) ? '  ' : ' ')).join('')
}

const isWide = (character: string): boolean =>
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Extended_Pictographic}/u.test(
    character,
  )
