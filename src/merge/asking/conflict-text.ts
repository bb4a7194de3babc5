import type { Objects } from '../../changes/objects.ts'
import { textOf } from '../text-merges.ts'
import { linesOf } from '../text/lines.ts'
import { mergeThreeWays, type Segment, type Versions } from '../text/three-way.ts'
import type { ConflictedVersions } from './open-conflict.ts'

/** A file in conflict as text. */
export interface ConflictText extends Versions {
  readonly segments: readonly Segment[]
  readonly encoding: 'utf8' | 'latin1'
}

/** Reads the versions of a file and merges them line by line; null where they are no texts of one encoding. */
export async function conflictText(
  objects: Objects,
  { base, ours, theirs }: Pick<ConflictedVersions, 'base' | 'ours' | 'theirs'>,
): Promise<ConflictText | null> {
  const read = async (oid: string) => textOf((await objects.read(oid)).content, oid)
  const [a, b, o] = await Promise.all([read(ours), read(theirs), base === null ? nothing : read(base)])
  if (a === null || b === null || o === null) return null
  const { encoding } = a
  if (b.encoding !== encoding || (base !== null && o.encoding !== encoding)) return null
  const versions = { base: o.lines, ours: a.lines, theirs: b.lines }
  return { ...versions, segments: mergeThreeWays(versions), encoding }
}

const nothing = { lines: [], encoding: 'utf8' } as const

/** The lines of a blob read in an encoding; null when they are not that. */
export async function linesOfBlob(
  objects: Objects,
  oid: string,
  encoding: ConflictText['encoding'],
): Promise<readonly string[] | null> {
  const { content } = await objects.read(oid)
  const text = content.toString(encoding)
  return Buffer.from(text, encoding).equals(content) && !content.includes(0) ? linesOf(text) : null
}
