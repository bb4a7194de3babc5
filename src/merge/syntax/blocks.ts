import type { Grammar } from '../../syntax/grammar.ts'

/** Lines that belong together, half-open, from 0. */
export interface LineGroup {
  readonly kind: 'block' | 'comment'
  /** Of a block what is inside of it, of a comment all. */
  readonly from: number
  readonly to: number
  /** What is behind the line that ends it; of a block that goes on with that line (`} else {`), that line. */
  readonly end: number
  /** Whether nothing of it goes on behind its end. */
  readonly isEnded: boolean
}

/**
 * What a line begins, as far as lines tell: a comment of several lines, or a block, which is the lines below it that are indented more,
 * down to the one that closes it. null where it begins none, where that does not end in these lines, and where something else may begin
 * inside and end outside.
 */
export function groupAt(lines: readonly string[], at: number, grammar: Grammar): LineGroup | null {
  const line = (lines[at] ?? '').trim()
  if (isLineComment(line, grammar)) return null
  if (grammar !== 'python' && line.startsWith('/*')) return commentAt(lines, at)
  if (isSuiteOf(line, grammar)) return suiteAt(lines, at)
  return line.endsWith('{') ? bracedAt(lines, at) : null
}

/** Whether there is nothing on a line but a comment that ends with it. */
export const isLineComment = (line: string, grammar: Grammar): boolean =>
  line.trimStart().startsWith(grammar === 'python' ? '#' : '//')

/** Whether a line opens a block that must hold a statement. */
export const isSuiteOf = (line: string, grammar: Grammar): boolean =>
  grammar === 'python' && line.trimEnd().endsWith(':')

function suiteAt(lines: readonly string[], at: number): LineGroup | null {
  let to = endOfInside(lines, at)
  if (to === lines.length) return null
  while (isBlank(lines[to - 1] ?? 'none')) to -= 1
  if (to === at + 1 || !isWhole(lines.slice(at + 1, to))) return null
  return { kind: 'block', from: at + 1, to, end: to, isEnded: true }
}

function bracedAt(lines: readonly string[], at: number): LineGroup | null {
  const to = endOfInside(lines, at)
  const closing = lines[to] ?? ''
  if (!closing.startsWith(`${indentOf(lines[at] ?? '')}}`) || !isWhole(lines.slice(at + 1, to))) return null
  const isEnded = /^\s*\}[)\];,]*\s*$/.test(closing)
  return { kind: 'block', from: at + 1, to, end: isEnded ? to + 1 : to, isEnded }
}

/** Whoever never closes a comment shall not have every one that is opened looked for to the end of the text. */
const longestComment = 1_000

function commentAt(lines: readonly string[], at: number): LineGroup | null {
  const most = Math.min(lines.length, at + longestComment)
  let last = at
  while (last < most && lines[last]?.includes('*/') === false) last += 1
  const isClosed = last > at && last < most && lines[last]?.trimEnd().endsWith('*/') === true
  const to = last + 1
  return isClosed && isWhole(lines.slice(at, to)) ? { kind: 'comment', from: at, to, end: to, isEnded: true } : null
}

function endOfInside(lines: readonly string[], at: number): number {
  const indent = indentOf(lines[at] ?? '')
  let end = at + 1
  while (end < lines.length && isInside(lines[end] ?? '', indent)) end += 1
  return end
}

/** What a line begins with before its first sign. */
export const indentOf = (line: string): string => /^[ \t]*/.exec(line)?.[0] ?? ''

/** Whether there is nothing on a line. */
export const isBlank = (line: string): boolean => line.trim() === ''

const isInside = (line: string, indent: string): boolean =>
  isBlank(line) || (line.startsWith(indent) && /^[ \t]/.test(line.slice(indent.length)))

/** Whether no text or comment of several lines can begin in it and end behind it, or the other way round. */
function isWhole(lines: readonly string[]): boolean {
  const text = lines.join('')
  const isEven = ['"""', "'''", '`'].every((sign) => text.split(sign).length % 2 === 1)
  return isEven && text.split('/*').length === text.split('*/').length
}
