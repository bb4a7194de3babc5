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
  const likely = files.flatMap(({ chunks }) => chunks.filter(({ grade }) => grade === 'likely')).length
  if (likely <= pairs) return files
  return files.map((file) => ({ ...file, chunks: file.chunks.map((chunk) => inDoubt(chunk, likely)) }))
}

function inDoubt(chunk: ResolvedChunk, likely: number): ResolvedChunk {
  if (chunk.grade !== 'likely') return chunk
  return { ...chunk, grade: 'checked', evidence: `${chunk.evidence}; one of ${likely} that are only likely` }
}
