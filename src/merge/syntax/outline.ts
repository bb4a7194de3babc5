import type { Grammar } from '../../syntax/grammar.ts'
import { groupAt, indentOf, isBlank, isLineComment, isSuiteOf } from './blocks.ts'

/** What an outline is made for. */
export interface OutlineRequest {
  readonly grammar: Grammar
  /** Takes lines that are left out, and makes the line that stands for them of a name that no other has. */
  readonly leaveOut: (lines: readonly string[], standIn: (name: string) => string) => string
  /** Blocks that are indented as much or more are never left out whole. */
  readonly fromIndent: number
}

/**
 * Lines without what is inside of their blocks, without comments of several lines and, of blocks in a row, without all but the last; a
 * comment stands for each.
 */
export const outlineOf = (lines: readonly string[], request: OutlineRequest): readonly string[] =>
  withoutRows(piecesOf(lines, request.grammar), request).flatMap((piece) => shownOf(piece, request))

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
  const found = groupAt(lines, at, grammar)
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
  const end = first.endsWith('\r\n') ? '\r\n' : '\n'
  return leaveOut(lines, (name) => `${indentOf(first)}${statement}${sign} ${name}${end}`)
}

/**
 * Of blocks in a row all but the last are left out whole: what they declare, every version declares once more than it seems. A comment
 * belongs to what follows it, so the last stays: before it no change begins.
 */
function withoutRows(pieces: readonly Piece[], { grammar, fromIndent }: OutlineRequest): readonly Piece[] {
  const kept: Piece[] = []
  let at = 0
  while (at < pieces.length) {
    const row = rowAt(pieces, at, grammar)
    const isLeftOut = indentOf(pieces[at]?.lines[0] ?? '').length < fromIndent
    for (const [n, { from, to }] of row.entries()) {
      const unit = pieces.slice(from, to)
      const shown = isLeftOut && n < row.length - 1 ? [leftOutWhole(unit)] : unit
      for (const piece of [...shown, ...pieces.slice(to, row[n + 1]?.from ?? to)]) kept.push(piece)
      at = to
    }
    if (row.length > 0) continue
    kept.push(...pieces.slice(at, at + 1))
    at += 1
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
function rowAt(pieces: readonly Piece[], at: number, grammar: Grammar): readonly Unit[] {
  const row: Unit[] = []
  if (pieces[at - 1]?.kind !== 'blank') return row
  const indent = indentOf(pieces[at]?.lines[0] ?? '')
  for (let from = at; ;) {
    const to = endOfUnit(pieces, from, { indent, grammar })
    if (to === null) return row
    row.push({ from, to })
    from = to
    while (pieces[from]?.kind === 'blank') from += 1
  }
}

/** So much may stand above a block: whoever looks for its end shall not look through a whole text from every line. */
const mostAbove = 100

/** null where there is none, or where it is not followed by a blank line. */
function endOfUnit(
  pieces: readonly Piece[],
  from: number,
  { indent, grammar }: { readonly indent: string; readonly grammar: Grammar },
): number | null {
  let at = from
  while (at < from + mostAbove && isAbove(pieces[at], at > from, grammar)) at += 1
  const block = pieces[at]
  const isUnit = block?.kind === 'block' && pieces[at + 1]?.kind === 'blank'
  return isUnit && indentOf(block.lines[0] ?? '') === indent ? at + 1 : null
}

/** Whether a block below may have it: comments, decorators, and blank lines behind one of these. */
function isAbove(piece: Piece | undefined, isBehind: boolean, grammar: Grammar): boolean {
  if (piece === undefined || piece.kind === 'block') return false
  if (piece.kind !== 'line') return piece.kind === 'comment' || isBehind
  const [line = ''] = piece.lines
  return line.trimStart().startsWith('@') || isLineComment(line, grammar)
}
