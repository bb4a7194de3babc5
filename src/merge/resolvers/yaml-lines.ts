import { indentOf } from './indent.ts'

/** A key, an item of a list, or a value; several may stand on one line. */
interface Entry {
  readonly kind: 'key' | 'item' | 'value'
  /** Its column; an item, which may stand where its key does, is deeper by half. */
  readonly level: number
  /** Whether what is deeper belongs to it. */
  readonly opens: boolean
}

/**
 * Whether every key and every item stands at the level of its like before it, or deeper where one has no value yet. What is in brackets,
 * and texts of several lines, are not looked into.
 */
export function isWellNested(text: string): boolean {
  const open: Entry[] = []
  let hidden = Infinity
  let depth = 0
  for (const line of text.split('\n')) {
    if (/^\s*(?:#|$|\{\{)/.test(line) || indentOf(line) > hidden) continue
    const isInBrackets = depth > 0
    depth = Math.max(0, depth + bracketsIn(line))
    if (isInBrackets) continue
    if (/^(?:---|\.\.\.|%)/.test(line)) open.length = 0
    else if (!entriesOf(line).every((entry) => fits(entry, open))) return false
    hidden = beginsText.test(line) ? (open.at(-1)?.level ?? 0) : Infinity
  }
  return true
}

/** `key: |` and the like: the lines that follow it are no YAML. */
const beginsText = /(?:^|[:\s-])[|>][-+\d]*\s*(?:#.*)?$/

const bracketsIn = (line: string): number => {
  const signs = line.replaceAll(/"(?:[^"\\]|\\.)*"|'[^']*'|\s#.*/g, '')
  return signs.replaceAll(/[^[{]/g, '').length - signs.replaceAll(/[^\]}]/g, '').length
}

function entriesOf(line: string): readonly Entry[] {
  const entries: Entry[] = []
  let indent = indentOf(line)
  let text = line.trim()
  for (let dash = item.exec(text); dash !== null; dash = item.exec(text)) {
    text = text.slice(dash[0].length)
    entries.push({ kind: 'item', level: indent + 0.5, opens: empty.test(text) || item.test(text) || key.test(text) })
    indent += dash[0].length
  }
  const rest = key.exec(text)
  if (rest !== null) entries.push({ kind: 'key', level: indent, opens: empty.test(text.slice(rest[0].length)) })
  else if (!empty.test(text)) entries.push({ kind: 'value', level: indent, opens: false })
  return entries
}

const item = /^-(?:\s+|$)/
const key = /^(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'[{#].*?)\s*:(?=\s|$)/
/** Nothing but an anchor, a tag or a comment. */
const empty = /^\s*(?:[&!]\S*\s*)*(?:#.*)?$/

/** Puts an entry where it belongs; false where there is no such place. */
function fits(entry: Entry, open: Entry[]): boolean {
  const last = open.at(-1)
  if (entry.kind === 'value') return true
  const isDeeper = last === undefined || entry.level > last.level
  while ((open.at(-1)?.level ?? -1) > entry.level) open.pop()
  const isKnown = open.at(-1)?.level === entry.level
  if (isKnown) open.pop()
  open.push(entry)
  return isDeeper ? (last?.opens ?? true) : isKnown
}
