import { indentOf } from './indent.ts'

/** A statement of Python, or its head where others belong to it. */
export interface PythonLine {
  readonly indent: number
  /** Whether deeper lines must follow. */
  readonly opens: boolean
}

/** The lines that statements begin on: without blank ones, comments, and what is inside strings and brackets. */
export function pythonLines(lines: readonly string[]): readonly PythonLine[] {
  const found: PythonLine[] = []
  let state: State = { quote: null, depth: 0, isContinued: false, last: '' }
  for (const line of lines) {
    const isInside = state.quote !== null || state.depth > 0 || state.isContinued
    if (!isInside && /^\s*(?:#|$)/.test(line)) continue
    state = read(line, isInside ? state : { ...state, last: '' })
    if (!isInside) found.push({ indent: indentOf(line), opens: false })
    const own = found.at(-1)
    if (own !== undefined) found[found.length - 1] = { ...own, opens: state.last === ':' }
  }
  return found
}

/** Whether every line is as deep as one before it, or deeper where one opens a block. */
export function isWellIndented(text: string): boolean {
  const open = [0]
  let opens = false
  for (const { indent, opens: next } of pythonLines(text.split('\n'))) {
    if (indent > (open.at(-1) ?? 0) !== opens) return false
    if (opens) open.push(indent)
    while (indent < (open.at(-1) ?? 0)) open.pop()
    if (indent !== open.at(-1)) return false
    opens = next
  }
  return true
}

/** Where a text stands at the end of a line. */
interface State {
  /** What closes the string of several lines that it is in. */
  readonly quote: string | null
  /** Brackets that are open. */
  readonly depth: number
  readonly isContinued: boolean
  /** The last sign of the statement. */
  readonly last: string
}

function read(line: string, from: State): State {
  let state = from
  let text: string | null = line
  while (text !== null) {
    if (state.quote !== null) {
      const end = text.indexOf(state.quote)
      if (end === -1) return { ...state, isContinued: false }
      text = text.slice(end + state.quote.length)
      state = { ...state, quote: null, last: state.quote }
    }
    ;[state, text] = readBare(text, state)
  }
  return state
}

/** Up to the end, or to the beginning of a string that may have several lines, and what is left then. */
function readBare(text: string, from: State): [State, string | null] {
  let { depth } = from
  let end = text.length
  for (const { 0: piece, index } of text.matchAll(pieces)) {
    if (longQuotes.has(piece)) return [{ ...from, quote: piece, depth }, text.slice(index + piece.length)]
    if (piece.startsWith('#')) end = index
    else if (piece.length === 1) depth = Math.max(0, depth + ('([{'.includes(piece) ? 1 : -1))
  }
  const last = text.slice(0, end).trimEnd().at(-1) ?? from.last
  return [{ quote: null, depth, isContinued: last === '\\', last: depth > 0 ? '' : last }, null]
}

const longQuotes: ReadonlySet<string> = new Set(['"""', "'''"])
const pieces = /"""|'''|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|#.*|[()[\]{}]/g
