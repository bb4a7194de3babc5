import { asTaskId } from '../../ids.ts'
import { entriesOf, nothingToSay } from '../ledger.ts'
import type { ConflictedText } from '../resolve-chunks.ts'
import type { ResolvedChunk, TextResolution } from '../resolve-text.ts'
import { fileFacts, type Language } from '../resolvers/file-facts.ts'
import { isJson } from '../resolvers/file-guards.ts'
import type { Grade } from '../resolvers/resolver.ts'
import { diffLines, type LineHunk } from '../text/line-diff.ts'
import { linesOf } from '../text/lines.ts'
import { mergeNodes } from './merge-nodes.ts'
import { type KeyedNode, meaningOf, printNode, UnreadableKeys } from './node.ts'
import { readJson } from './read-json.ts'
import { readToml } from './read-toml.ts'
import { readYaml } from './read-yaml.ts'

export const keyedFileName = 'keyed-file'

const readers: Partial<Record<Language, (text: string) => KeyedNode>> = {
  json: readJson,
  yaml: readYaml,
  toml: readToml,
}

/** How sure a merge by key is. */
interface KeyedStanding {
  readonly grade: Grade
  /** Whether its user has asked for it. */
  readonly isDeclared: boolean
}

/**
 * Merges a file of JSON, YAML or TOML by key. Where lines were merged without a conflict they stay as they are; only keys in
 * conflict are written anew, with their comments, order and white space as their own side has them.
 */
export function resolveKeyed(text: ConflictedText, { grade, isDeclared }: KeyedStanding): TextResolution {
  const read = readers[fileFacts(text.path).language ?? 'json'] ?? readJson
  const merged = mergedText(text, read)
  if (merged === null) return { how: 'left', reason: 'a key was changed by both, or the keys cannot be read' }
  const { text: whole, decided } = merged
  const found = [...decided, `no ${decided.length === 0 ? '' : 'other '}key was changed by both`].join('; ')
  const evidence = isDeclared ? `declared: ${found}` : found
  return { how: 'resolved', text: whole, chunks: chunksOf(text, linesOf(whole), { grade, evidence }) }
}

interface MergedText {
  readonly text: string
  /** Versions that were decided, in words. */
  readonly decided: readonly string[]
}

type Read = (text: string) => KeyedNode

function mergedText({ base, ours, theirs, segments }: ConflictedText, read: Read): MergedText | null {
  const nodeOf = (lines: readonly string[]): KeyedNode | null => readOrNull(ended(lines.join('')), read)
  const [was, mine, other] = [base.length === 0 ? null : nodeOf(base), nodeOf(ours), nodeOf(theirs)]
  if (mine === null || other === null || (was === null && base.length > 0)) return null
  const onto = segments.flatMap((segment) => (segment.kind === 'clean' ? segment.lines : segment.chunk.ours))
  const isStrict = [ours, theirs].every((lines) => isJson(lines.join('')))
  // where the lines that were merged do not go together, what has no comments can be written into ours
  const isBare = [ours, theirs].every((lines) => !mayHaveComments(lines.join('')))
  const found = [nodeOf(onto), ...(isStrict || isBare ? [mine] : [])].flatMap((target): readonly MergedText[] => {
    const decided: string[] = []
    const place = { path: [], decided }
    const merged = target === null ? null : mergeNodes({ base: was, ours: mine, theirs: other, onto: target }, place)
    const printed = merged === null ? null : sound(merged, read, isStrict)
    return printed === null ? [] : [{ text: printed, decided }]
  })
  const [first] = found
  const isUnended = ![ours, theirs].some((lines) => lines.at(-1)?.endsWith('\n') === true)
  return first === undefined ? null : isUnended ? { ...first, text: first.text.replace(/\r?\n$/, '') } : first
}

/** Its text, when that says the very same. */
function sound(merged: KeyedNode, read: Read, isStrict: boolean): string | null {
  const printed = printNode(merged)
  const again = readOrNull(printed, read)
  if (again === null || meaningOf(again) !== meaningOf(merged)) return null
  return isStrict && !isJson(printed) ? null : printed
}

const mayHaveComments = (text: string): boolean => /#|\/[/*]/.test(text)

/** With an end to its last line, so that a line may follow it. */
const ended = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`)

function readOrNull(text: string, read: (text: string) => KeyedNode): KeyedNode | null {
  try {
    return read(text)
  } catch (error) {
    if (error instanceof UnreadableKeys) return null
    throw error
  }
}

/** The places that were in conflict; the whole file where a change outside them was written in another way. */
function chunksOf(
  text: ConflictedText,
  result: readonly string[],
  said: Pick<ResolvedChunk, 'grade' | 'evidence'>,
): readonly ResolvedChunk[] {
  const { base, ours, theirs, segments, path } = text
  const own = { resolver: keyedFileName, ...said }
  const inConflict = segments.flatMap((segment) => (segment.kind === 'conflict' ? segment.chunk : []))
  const decided = inConflict.map((chunk) => [...chunk.base, ...chunk.ours, ...chunk.theirs])
  const isTold = [ours, theirs].every((after) =>
    entriesOf(
      { task: noTask, path, before: base, after, final: result, isSame: false },
      { ...nothingToSay, decided: () => decided },
    ).every(({ fate }) => fate !== 'unexplained'),
  )
  const whole = { base, ours, theirs, at: { base: 0, ours: 0, theirs: 0 } }
  if (!isTold) return [{ ...own, line: 1, lines: result.length, chunk: whole }]
  return inConflict.map((chunk) => ({
    ...own,
    ...placeIn(result, { ours, lines: chunk.ours.length, at: chunk.at.ours }),
    chunk,
  }))
}

const noTask = asTaskId('')

/** Where lines of ours are in the result, with all that was put there. */
function placeIn(
  result: readonly string[],
  { ours, lines, at }: Place,
): { readonly line: number; readonly lines: number } {
  const hunks = diffLines(ours, result)
  const shift = (before: (hunk: LineHunk) => boolean): number =>
    hunks
      .filter(before)
      .reduce((sum, { oldFrom, oldTo, newFrom, newTo }) => sum + newTo - newFrom - (oldTo - oldFrom), 0)
  const end = at + lines
  const from = at + shift(({ oldTo }) => oldTo < at)
  return { line: from + 1, lines: Math.max(0, end + shift(({ oldFrom }) => oldFrom <= end) - from) }
}

interface Place {
  readonly ours: readonly string[]
  readonly lines: number
  readonly at: number
}
