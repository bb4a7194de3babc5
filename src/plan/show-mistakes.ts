import type { Mistake } from './task.ts'

/** How much of a line is shown, in characters. */
const widest = 120

/**
 * Mistakes as a compiler shows them: place, message, the line and a caret below the column; at the end their number.
 * Of a long line the part around the column is shown. Control characters are not handed on to the terminal.
 */
export function showMistakes(file: string, text: string, mistakes: readonly Mistake[]): string {
  const lines = text.split('\n')
  const shown = mistakes.map(({ line, column, path, message }) => {
    const { before, after } = excerpt(lines[line - 1] ?? '', column)
    const margin = String(line).padStart(5)
    const where = path === '' ? '' : `${path}: `
    const head = `${file}:${line}:${column} error ${where}${message}`
    return `${harmless(head)}\n${margin} | ${harmless(before + after)}\n${' '.repeat(margin.length)} | ${blank(before)}^`
  })
  const count = mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`
  return `${[...shown, count].join('\n')}; nothing was started`
}

/** A line in two: what stands before the column, and the rest. */
function excerpt(line: string, column: number): { readonly before: string; readonly after: string } {
  const source = line.replace(/\r$/, '')
  const before = source.slice(0, column - 1)
  const after = source.slice(column - 1)
  if (source.length <= widest) return { before, after }
  const kept = before.length > widest / 2 ? `…${before.slice(-widest / 2)}` : before
  const room = widest - kept.length
  return { before: kept, after: after.length > room ? `${after.slice(0, room)}…` : after }
}

// a tab is the one control character that a line of text may hold; what is invisible may turn the order of the others round
const harmless = (text: string): string => text.replaceAll(/(?![\t\u200C\u200D])[\p{Cc}\p{Cf}]/gu, '\u{FFFD}')

/** White space as wide as a text: tabs stay tabs, wide characters count twice, combining marks not at all. */
const blank = (text: string): string =>
  Array.from(text, (character) => {
    if (character === '\t') return '\t'
    if (/[\p{M}\u200D]/u.test(character)) return ''
    return isWide(character) ? '  ' : ' '
  }).join('')

const isWide = (character: string): boolean =>
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}/u.test(
    character,
  )
