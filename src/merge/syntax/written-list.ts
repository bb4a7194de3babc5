import type { SyntaxNode } from '../../syntax/parser.ts'
import { linesOf } from '../text/lines.ts'
import { type Excerpt, wholeLines } from './excerpt.ts'
import { withoutColumns } from './go-columns.ts'
import type { LineElement, LineList, LineRange } from './line-list.ts'
import type { Element } from './merge-elements.ts'

/** A text and the node that it ends in; null for a text that was made here. */
export interface Head {
  readonly text: string
  readonly node: SyntaxNode | null
}

/** An element as it is written. */
export interface Written extends Element {
  /** All before its separator, comments above it included. */
  readonly head: Head
  /** All behind its separator. */
  readonly tail: string
  /** How many stand above it. */
  readonly blankLines: number
}

/** A part of a list as it is written. */
export interface WrittenList {
  readonly elements: readonly Written[]
  readonly separators: { readonly between: string; readonly last: string }
  /** Whether nothing of the list comes behind it. */
  readonly isEnd: boolean
  /** Whether the last element of the whole list has a separator as well; nobody knows of an empty list. */
  readonly isLastSeparated: boolean | undefined
  readonly blankLinesBefore: number
  readonly blankLinesAfter: number
  readonly lineEnd: string
  /** Whether its last line has no end, as the last of a file may. */
  readonly endsInLine: boolean
}

/** Reads the elements within a range of lines; null when there is something else between them. */
export function writtenList(
  list: LineList,
  lines: readonly string[],
  { from, to, hidden }: LineRange & { readonly hidden: Excerpt['hidden'] },
): WrittenList | null {
  const isInside = (element: LineElement): boolean => element.from >= from && element.to <= to
  const inside = list.elements.filter(isInside)
  const taken = new Set(inside.flatMap((one) => range(one.from - from, one.to - from)))
  if (lines.some((line, at) => line.trim() !== '' && !taken.has(at))) return null
  const { between, last: sign } = separatorsOf(list)
  const elements = inside.map((element) => {
    const written = whole(split(element, lines.slice(element.from - from, element.to - from), sign), hidden)
    const text = list.kind.isInColumns === true ? withoutColumns(written.text) : written.text
    return { ...written, text, key: element.key, blankLines: blankLinesAbove(element, list) }
  })
  const last = list.elements.at(-1)
  return {
    elements,
    separators: { between, last: sign },
    isEnd: last === undefined || last.to <= to,
    isLastSeparated: last === inside.at(-1) ? elements.at(-1)?.isSeparated : undefined,
    blankLinesBefore: (inside[0]?.from ?? from) - from,
    blankLinesAfter: to - (inside.at(-1)?.to ?? to),
    ...lineEndsOf(lines),
  }
}

/** Alternatives of a type have theirs before them; what ends the type ends the last. */
function separatorsOf({ kind: { separator } }: LineList): WrittenList['separators'] {
  return separator === '|' ? { between: '', last: ';' } : { between: separator, last: separator }
}

const lineEndsOf = (lines: readonly string[]): Pick<WrittenList, 'lineEnd' | 'endsInLine'> => ({
  lineEnd: lines.some((line) => line.endsWith('\r\n')) ? '\r\n' : '\n',
  endsInLine: lines.length > 0 && !(lines.at(-1) ?? '').endsWith('\n'),
})

const range = (from: number, to: number): readonly number[] => Array.from({ length: to - from }, (_, at) => from + at)

/** The first of a list has none above it: it is written as the next is. */
function blankLinesAbove(element: LineElement, { elements }: LineList): number {
  const at = elements.indexOf(element)
  const [above, below] = at === 0 ? [elements[0], elements[1]] : [elements[at - 1], element]
  return above === undefined || below === undefined ? 0 : below.from - above.to
}

/** Two that are the same shall be so whether something of them was left out or not. */
const whole = (written: Split, hidden: Excerpt['hidden']): Split =>
  hidden.size === 0 ? written : { ...written, text: wholeLines(linesOf(written.text), hidden).join('') }

interface Split {
  readonly head: Head
  readonly tail: string
  readonly text: string
  readonly isSeparated: boolean
}

function split({ node, from }: LineElement, lines: readonly string[], sign: string): Split {
  const text = lines.join('')
  const whole = text.endsWith('\n') ? text : `${text}\n`
  const { end } = node.range()
  const at = lines.slice(0, end.line - from).join('').length + end.column
  const head = { text: whole.slice(0, at), node }
  const rest = whole.slice(at)
  const isSeparated = sign !== '' && rest.trimStart().startsWith(sign)
  const tail = isSeparated ? rest.replace(sign, '') : rest
  return { head, tail, text: head.text + tail, isSeparated }
}
