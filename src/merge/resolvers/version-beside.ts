import { inVersions, type InVersions, isInAllVersions } from '../syntax/versions.ts'
import { linesOf } from '../text/lines.ts'
import type { Chunk } from '../text/three-way.ts'
import type { FileFacts } from './file-facts.ts'
import type { IsKnown, Resolution } from './resolver.ts'
import { areShort, tokensOf, wordsOf } from './similarity.ts'
import { tokensOfLines } from './tokens-of-lines.ts'
import { isVersion, type NumberOnLine } from './version-places.ts'
import { mergeVersions, versionPattern } from './versions.ts'

/** Of what stands before a number no more is looked at for its name. */
const longestName = 200

/**
 * The version that both sides changed merged by itself, and the words around it, of which none was changed by both; null where there is
 * no such version.
 */
export function versionBeside(chunk: Chunk, file: FileFacts, isKnown: IsKnown): Resolution | null {
  if (!isInAllVersions((name) => areShort(tokensOf(chunk[name].join(''))))) return null
  const numbers = inVersions((name) => chunk[name].flatMap(numbersOn))
  if (!isInAllVersions((name) => numbers[name].length === numbers.base.length)) return null
  const merged = numbers.base.map((base, at) => {
    const [ours, theirs] = [numbers.ours[at], numbers.theirs[at]]
    return ours && theirs ? versionOfBoth({ base, ours, theirs }, file) : null
  })
  const told = merged.filter((one) => one !== null)
  if (told.length === 0) return null
  const settled = inVersions((name) => withVersions(chunk[name], merged))
  const made = tokensOfLines.resolve({ ...chunk, ...settled }, file, isKnown)
  return made && { ...made, grade: 'checked', evidence: `${told.join(' ')} of the versions; else ${made.evidence}` }
}

const numbersOn = (line: string): readonly NumberOnLine[] =>
  [...line.matchAll(versionPattern)].map(({ 0: number, index }) => ({
    number,
    before: line.slice(0, index),
    after: line.slice(index + number.length),
  }))

/** null where not both changed it, or it may be no version of the same thing. */
function versionOfBoth({ base, ours, theirs }: InVersions<NumberOnLine>, file: FileFacts): string | null {
  const isChanged = ours.number !== base.number && theirs.number !== base.number && ours.number !== theirs.number
  const of = [base, ours, theirs].map(({ before }) => wordsOf(before.slice(-longestName)).at(-1) ?? '')
  const isOfOne = of[0] !== '' && new Set(of).size === 1
  if (!isChanged || !isOfOne || isVersion(ours, file) === 'no') return null
  return mergeVersions(base.number, ours.number, theirs.number).version
}

function withVersions(lines: readonly string[], versions: readonly (string | null)[]): readonly string[] {
  let at = 0
  return linesOf(lines.join('').replaceAll(versionPattern, (number) => versions[at++] ?? number))
}
