import type { Chunk } from '../text/three-way.ts'

/**
 * Whether a conflict may come out of a list, as far as lines tell: reading three versions of a file takes long, and most conflicts are
 * about a line that both sides wrote anew. Only where a line says several names (imports, alternatives) may both have changed it.
 */
export function mayBeList({ base, ours, theirs }: Chunk): boolean {
  const [inOurs, inTheirs] = [new Set(ours.map(bare)), new Set(theirs.map(bare))]
  return base.every((line) => {
    const text = bare(line)
    return inOurs.has(text) || inTheirs.has(text) || saysNames(text) || !/[\p{L}\p{N}]/u.test(text)
  })
}

/** Without what separates it from the next, wherever its columns are. */
const bare = (line: string): string => line.trim().replace(/[,;]$/, '').replaceAll(/\s+/g, ' ')

const saysNames = (line: string): boolean => /^(?:import|export|from|type)\b|^(?:const|let|var)\s*\{|[|}]/.test(line)
