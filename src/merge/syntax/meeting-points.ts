import { type Chunk, isUnchanged, type Segment, type Versions, versionsOf } from '../text/three-way.ts'
import { type InVersions, inVersions } from './versions.ts'

/** A place between lines, in all three versions. */
export type Point = InVersions<number>

/** A merge as its smallest parts: a line that nobody changed, or what someone did; part n lies between points n and n + 1. */
export interface Parts {
  readonly parts: readonly Segment[]
  readonly points: readonly Point[]
}

/** A merge, cut into its smallest parts. */
export function partsOf(segments: readonly Segment[]): Parts {
  const parts = segments.flatMap((segment): readonly Segment[] =>
    isUnchanged(segment) ? segment.lines.map((line) => ({ ...segment, lines: [line] })) : [segment],
  )
  const points: Point[] = []
  let at: Point = { base: 0, ours: 0, theirs: 0 }
  for (const part of parts) {
    points.push(at)
    const grown = versionsOf(part)
    const before = at
    at = inVersions((name) => before[name] + grown[name].length)
  }
  return { parts, points: [...points, at] }
}

/** All that lies between two points. */
export function chunkBetween(versions: Versions, from: Point, to: Point): Chunk {
  return { ...inVersions((name) => versions[name].slice(from[name], to[name])), at: from }
}
