import { addsImports } from './resolvers/import-lines.ts'
import type { ResolvedChunk } from './resolve-text.ts'

/** A file that resolvers made whole, as far as doubt goes. */
interface Resolved {
  readonly chunks: readonly ResolvedChunk[]
}

/**
 * Decisions that are only likely are wrong about one time in five, and doubts add up: a merge may rest on one for each pair of change
 * sets that meet in it. Where it rests on more, they are for a check to confirm.
 * @param files all that was resolved in one merge
 * @param pairs how many pairs of change sets meet in it
 */
export function doubted<File extends Resolved>(files: readonly File[], pairs: number): readonly File[] {
  const likely = weightOf(files.flatMap(doubtsIn))
  if (likely <= pairs) return files
  return files.map((file) => ({ ...file, chunks: file.chunks.map((chunk) => inDoubt(chunk, likely)) }))
}

/** A decision that is only likely: about names that both bring in, or about something else. */
export type Doubt = 'imports' | 'other'

/** The decisions about a file that are only likely. */
export const doubtsIn = ({ chunks }: Resolved): readonly Doubt[] =>
  chunks.flatMap(({ grade, chunk }) => (grade === 'likely' ? (addsImports(chunk) ? 'imports' : 'other') : []))

/** How many of them count: names that are brought in go with what uses them, and are as right as that. */
export function weightOf(doubts: readonly Doubt[]): number {
  const others = doubts.filter((doubt) => doubt === 'other').length
  return others > 0 ? others : doubts.length
}

function inDoubt(chunk: ResolvedChunk, likely: number): ResolvedChunk {
  if (chunk.grade !== 'likely') return chunk
  return { ...chunk, grade: 'checked', evidence: `${chunk.evidence}; one of ${likely} that are only likely` }
}
