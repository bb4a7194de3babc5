import type { Chunk, Segment } from '../text/three-way.ts'

/** What the markers call the sides. */
export interface MarkerLabels {
  readonly ours: string
  readonly base: string
  readonly theirs: string
}

/** What stands in an answer where a chunk was in conflict. */
export interface FilledChunk {
  readonly chunk: Chunk
  /** First line in the answer, from 1. */
  readonly line: number
  readonly lines: readonly string[]
}

/** An answer taken apart; or the first line of what was merged already that is not in it. */
export type Filled =
  | { readonly ok: true; readonly chunks: readonly FilledChunk[] }
  | { readonly ok: false; readonly missing: string }

/** A merge as a text for whoever is to finish it: each conflict between markers, as git writes them in its style diff3. */
export function markedText(segments: readonly Segment[], labels: MarkerLabels): readonly string[] {
  const all = segments.flatMap(linesIn)
  const size = markerSize(all)
  const end = endOf(all)
  const whole = (lines: readonly string[]): readonly string[] => lines.map((line) => withEnd(line, end))
  const marker = (letter: string, label = ''): string =>
    `${letter.repeat(size)}${label === '' ? '' : ` ${label}`}${end}`
  return segments.flatMap((segment) => {
    if (segment.kind === 'clean') return segment.lines
    const { ours, base, theirs } = segment.chunk
    return [
      marker('<', labels.ours),
      ...whole(ours),
      marker('|', labels.base),
      ...whole(base),
      marker('='),
      ...whole(theirs),
      marker('>', labels.theirs),
    ]
  })
}

/** The number, from 1, of the first line that is a marker and stands in none of the versions; null when there is none. */
export function leftMarker(answer: readonly string[], segments: readonly Segment[]): number | null {
  const all = segments.flatMap(linesIn)
  const [usual, own] = [usualSize, markerSize(all)].map(markerOf)
  const known = new Set(all.map(bare))
  const at = answer.map(bare).findIndex((line) => (usual?.test(line) || own?.test(line)) && !known.has(line))
  return at < 0 ? null : at + 1
}

/** Finds what an answer has in the place of each chunk: everything between must be as it was merged, in its order. */
export function filledIn(segments: readonly Segment[], answer: readonly string[]): Filled {
  const end = endOf(segments.flatMap(linesIn))
  const lines = answer.map((line) => withEnd(line, end))
  const { chunks, between } = takenApart(segments, end)
  const starts: number[] = []
  let at = 0
  for (const [number, literal] of between.entries()) {
    const isLast = number === between.length - 1
    const from = number === 0 ? 0 : isLast ? Math.max(at, lines.length - literal.length) : placeOf(lines, literal, at)
    if (from === null || !stands(lines, literal, from) || (isLast && from + literal.length !== lines.length))
      return { ok: false, missing: firstMissing(lines.slice(at), literal) }
    starts.push(from)
    at = from + literal.length
  }
  const ends = starts.map((start, number) => start + (between[number]?.length ?? 0))
  return {
    ok: true,
    chunks: chunks.map((chunk, number) => {
      const [from, to] = [ends[number] ?? 0, starts[number + 1] ?? lines.length]
      return { chunk, line: from + 1, lines: answer.slice(from, to) }
    }),
  }
}

/** The chunks, and the merged lines before, between and after them. */
function takenApart(
  segments: readonly Segment[],
  end: string,
): { readonly chunks: readonly Chunk[]; readonly between: readonly (readonly string[])[] } {
  const chunks: Chunk[] = []
  const between: string[][] = [[]]
  for (const segment of segments) {
    if (segment.kind === 'clean') for (const line of segment.lines) between.at(-1)?.push(withEnd(line, end))
    else {
      chunks.push(segment.chunk)
      between.push([])
    }
  }
  return { chunks, between }
}

/** The first place from `at` on; the leftmost leaves most room for what follows. */
function placeOf(lines: readonly string[], literal: readonly string[], at: number): number | null {
  for (let from = at; from + literal.length <= lines.length; from += 1) if (stands(lines, literal, from)) return from
  return null
}

const stands = (lines: readonly string[], literal: readonly string[], from: number): boolean =>
  literal.every((line, index) => lines[from + index] === line)

function firstMissing(rest: readonly string[], literal: readonly string[]): string {
  const missing = literal.find((line) => !rest.includes(line)) ?? literal[0] ?? rest[0] ?? ''
  return bare(missing).trim()
}

function linesIn(segment: Segment): readonly string[] {
  if (segment.kind === 'clean') return segment.lines
  const { ours, base, theirs } = segment.chunk
  return [...ours, ...base, ...theirs]
}

const usualSize = 7
const markerOf = (size: number): RegExp =>
  new RegExp(String.raw`^(?:<{${size}}|>{${size}}|\|{${size}}|={${size}})(?:\s|$)`)

/** Git's own, or longer where the text itself has lines like that. */
function markerSize(lines: readonly string[]): number {
  let size = usualSize
  const isTaken = (): boolean => lines.some((line) => markerOf(size).test(line))
  while (isTaken()) size += 1
  return size
}

const endOf = (lines: readonly string[]): string => (lines.some((line) => line.endsWith('\r\n')) ? '\r\n' : '\n')
const withEnd = (line: string, end: string): string => (line.endsWith('\n') ? line : line + end)
const bare = (line: string): string => line.replace(/\r?\n$/, '')
