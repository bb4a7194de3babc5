import type { Chunk } from '../text/three-way.ts'
import type { FileFacts } from './file-facts.ts'

/** A chunk without what both sides put alike at its ends. */
export interface Trimmed {
  readonly head: readonly string[]
  readonly chunk: Chunk
  readonly tail: readonly string[]
}

/** Kinds of files in which no line belongs to another: elsewhere equal ends are those of one block, written twice. */
const flat: ReadonlySet<FileFacts['kind']> = new Set(['changelog', 'words', 'records'])

/** What both put at one place without the lines that they share at its ends; null where nothing is shared, or one side holds the other. */
export function withoutSharedEnds(chunk: Chunk, { kind }: FileFacts): Trimmed | null {
  const { base, ours, theirs, at } = chunk
  if (!flat.has(kind) || base.length > 0) return null
  const most = Math.min(ours.length, theirs.length)
  let head = 0
  while (head < most && ours[head] === theirs[head]) head += 1
  let tail = 0
  while (head + tail < most && ours.at(-1 - tail) === theirs.at(-1 - tail)) tail += 1
  if (head + tail === 0 || head + tail === most) return null
  const inner = (lines: readonly string[]): readonly string[] => lines.slice(head, lines.length - tail)
  return {
    head: ours.slice(0, head),
    chunk: {
      base,
      ours: inner(ours),
      theirs: inner(theirs),
      at: { ...at, ours: at.ours + head, theirs: at.theirs + head },
    },
    tail: ours.slice(ours.length - tail),
  }
}
