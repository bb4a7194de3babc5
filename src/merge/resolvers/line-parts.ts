/** A list in brackets on one line. */
export interface LineList {
  readonly open: string
  readonly close: string
  readonly elements: readonly string[]
  /** White space behind the first bracket, what separates elements (null where there are no two), and what follows the last. */
  readonly before: string
  readonly between: string | null
  readonly after: string
}

/** A word, a string, white space, a sign, or a whole list. */
export type LinePart = string | LineList

/** Strings are one thing, whatever is in them. */
const piece = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`|[\p{L}\p{N}_$]+|\s+|[^\p{L}\p{N}_$\s]/gu

const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

/** A line taken apart, with every outermost list in brackets as one part. */
export function partsOf(line: string): readonly LinePart[] {
  const pieces = line.match(piece) ?? []
  const ends = endsOf(pieces)
  const parts: LinePart[] = []
  for (let at = 0; at < pieces.length; at += 1) {
    const [open = '', end] = [pieces[at], ends.get(at)]
    const list = end === undefined ? null : listOf(pieces.slice(at + 1, end), open)
    parts.push(list ?? open)
    if (list !== null && end !== undefined) at = end
  }
  return parts
}

/** Where the bracket that is opened at a place is closed; one that is not closed on the line is a sign like any other. */
function endsOf(pieces: readonly string[]): ReadonlyMap<number, number> {
  const ends = new Map<number, number>()
  const open: number[] = []
  for (const [at, one] of pieces.entries()) {
    if (closing[one] !== undefined) open.push(at)
    const last = open.at(-1)
    if (last === undefined || closing[pieces[last] ?? ''] !== one) continue
    ends.set(last, at)
    open.pop()
  }
  return ends
}

/** What is between two brackets; null where it is no list. */
function listOf(pieces: readonly string[], open: string): LineList | null {
  const texts = splitAt(pieces, ',')
  const [inner = '', second = '', last = ''] = [texts[0], texts[1], texts.at(-1)]
  const around = { open, close: closing[open] ?? '', between: null, after: '' }
  if (texts.length === 1 && inner.trim() === '') return { ...around, elements: [], before: inner }
  const isTrailing = texts.length > 1 && last.trim() === ''
  const elements = (isTrailing ? texts.slice(0, -1) : texts).map((text) => text.trim())
  if (elements.includes('')) return null
  const end = spaceBehind(last)
  const between = elements.length < 2 ? null : `,${spaceBefore(second)}`
  return { ...around, elements, before: spaceBefore(inner), between, after: isTrailing ? `,${end}` : end }
}

const spaceBefore = (text: string): string => text.slice(0, text.length - text.trimStart().length)
const spaceBehind = (text: string): string => text.slice(text.trimEnd().length)

/** Pieces between signs that are in no brackets. */
function splitAt(pieces: readonly string[], sign: string): readonly string[] {
  const texts = ['']
  let depth = 0
  for (const one of pieces) {
    if (closing[one] !== undefined) depth += 1
    else if (Object.values(closing).includes(one)) depth -= 1
    if (one === sign && depth === 0) texts.push('')
    else texts[texts.length - 1] += one
  }
  return texts
}

/** A part as it stands on a line. */
export function printedPart(part: LinePart): string {
  if (typeof part === 'string') return part
  const { open, close, elements, before, between, after } = part
  return open + before + elements.join(between ?? ', ') + after + close
}
