import type { Grammar } from '../../syntax/grammar.ts'
import { indentOf, isBlank, isSuiteOf, togetherAt } from './blocks.ts'

/** What an outline is made for. */
export interface OutlineRequest {
  readonly grammar: Grammar
  /** Takes lines that are left out; gives a name for them that no other has. */
  readonly leaveOut: (lines: readonly string[]) => string
}

/**
 * Lines without what is inside of their blocks, without comments of several lines and, of blocks in a row, without all but the last; a
 * comment stands for each.
 */
export const outlineOf = (lines: readonly string[], request: OutlineRequest): readonly string[] =>
  withoutRows(piecesOf(lines, request.grammar)).flatMap((piece) => shownOf(piece, request))

/** Some lines that are shown or left out together. */
interface Piece {
  readonly kind: 'line' | 'blank' | 'comment' | 'block'
  readonly lines: readonly string[]
  /** What of them is left out, half-open. */
  readonly inside: { readonly from: number; readonly to: number }
}

function piecesOf(lines: readonly string[], grammar: Grammar): readonly Piece[] {
  const pieces: Piece[] = []
  let at = 0
  while (at < lines.length) {
    const piece = pieceAt(lines, at, grammar)
    pieces.push(piece)
    at += piece.lines.length
  }
  return pieces
}

function pieceAt(lines: readonly string[], at: number, grammar: Grammar): Piece {
  const line = lines[at] ?? ''
  const found = togetherAt(lines, at, grammar)
  if (found === null) return { kind: isBlank(line) ? 'blank' : 'line', lines: [line], inside: { from: 1, to: 1 } }
  const kind = found.isEnded ? found.kind : 'line'
  return { kind, lines: lines.slice(at, found.end), inside: { from: found.from - at, to: found.to - at } }
}

function shownOf({ lines, inside: { from, to } }: Piece, request: OutlineRequest): readonly string[] {
  const stand = from === to ? [] : [standIn(lines.slice(from, to), lines[from - 1] ?? '', request)]
  return [...lines.slice(0, from), ...stand, ...lines.slice(to)]
}

/** A comment, behind a statement that does nothing where there must be one. */
function standIn(lines: readonly string[], above: string, { grammar, leaveOut }: OutlineRequest): string {
  const first = lines.find((line) => !isBlank(line)) ?? ''
  const statement = isSuiteOf(above, grammar) ? 'pass ' : ''
  const sign = grammar === 'python' ? '#' : '//'
  return `${indentOf(first)}${statement}${sign} ${leaveOut(lines)}${first.endsWith('\r\n') ? '\r\n' : '\n'}`
}

/**
 * Of blocks in a row all but the last are left out whole: what they declare, every version declares once more than it seems. A comment
 * belongs to what follows it, so the last stays: before it no change begins.
 */
function withoutRows(pieces: readonly Piece[]): readonly Piece[] {
  const kept: Piece[] = []
  let at = 0
  while (at < pieces.length) {
    const row = rowAt(pieces, at)
    for (const [n, { from, to }] of row.entries()) {
      const unit = pieces.slice(from, to)
      kept.push(...(n < row.length - 1 ? [leftOutWhole(unit)] : unit), ...pieces.slice(to, row[n + 1]?.from ?? to))
      at = to
    }
    if (row.length === 0) kept.push(...pieces.slice(at, (at += 1)))
  }
  return kept
}

function leftOutWhole(unit: readonly Piece[]): Piece {
  const lines = unit.flatMap((piece) => piece.lines)
  return { kind: 'comment', lines, inside: { from: 0, to: lines.length } }
}

/** A block with what stands above it, as half-open numbers of pieces. */
interface Unit {
  readonly from: number
  readonly to: number
}

/** The blocks in a row that begin here: of one indentation, with nothing but blank lines between them. */
function rowAt(pieces: readonly Piece[], at: number): readonly Unit[] {
  const row: Unit[] = []
  if (pieces[at - 1]?.kind !== 'blank') return row
  const indent = indentOf(pieces[at]?.lines[0] ?? '')
  for (let from = at; ;) {
    const to = endOfUnit(pieces, from, indent)
    if (to === null) return row
    row.push({ from, to })
    from = to
    while (pieces[from]?.kind === 'blank') from += 1
  }
}

/** null where there is none, or where it is not followed by a blank line. */
function endOfUnit(pieces: readonly Piece[], from: number, indent: string): number | null {
  let at = from
  while (isAbove(pieces[at]) || (at > from && pieces[at]?.kind === 'blank')) at += 1
  const block = pieces[at]
  const isUnit = block?.kind === 'block' && pieces[at + 1]?.kind === 'blank'
  return isUnit && indentOf(block.lines[0] ?? '') === indent ? at + 1 : null
}

const isAbove = (piece: Piece | undefined): boolean =>
  piece?.kind === 'comment' || (piece?.kind === 'line' && /^\s*@/.test(piece.lines[0] ?? ''))
