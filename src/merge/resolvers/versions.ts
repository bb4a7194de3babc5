import type { Grade } from './resolver.ts'

/** What may stand behind the numbers: `-rc.1` and the like, or `rc1`, `.dev0`, `.post1`. */
const suffix = String.raw`(?:-[\da-z]+(?:[.-][\da-z]+)*|(?:[.+]?(?:dev|alpha|beta|rc|a|b|pre|post|snapshot|final)(?:[-.]?\d+)?)+)?`

/** Version numbers with what binds them (`^1.2`, `>= 3`); a single number only where something says that it is a version. */
export const versionPattern = new RegExp(
  String.raw`(?:[\^~]|>=\s*)?\bv?\d+(?:\.(?:\d+|x\b))+${suffix}|(?:[\^~]|>=\s*)\d+\b|(?<=@|version["']?\s*[:=]\s*["']?)v?\d+\b`,
  'gi',
)

/** Greater than 0 when `a` is the higher one. By numbers first; what has a word behind it (`1.2.0-rc.1`, `1.2.dev`) comes before what has none. */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [partsOf(a), partsOf(b)]
  for (let at = 0; at < Math.max(x.length, y.length); at += 1) {
    const [one, other] = [x[at], y[at]]
    if (one === other) continue
    if (typeof one === 'number' && typeof other === 'number') return one - other
    return rank(one) - rank(other) || (String(one) < String(other) ? -1 : 1)
  }
  return 0
}

const partsOf = (version: string): readonly (string | number)[] =>
  (
    version
      .toLowerCase()
      .replace(/^\D+/, '')
      .match(/\d+|[a-z]+/g) ?? []
  ).map((part) => (/^\d/.test(part) ? Number(part) : part))

function rank(part: string | number | undefined): number {
  if (part === undefined) return -0.5
  return typeof part === 'number' ? 0 : part === 'post' ? -0.4 : -1
}

/** What a version becomes that both sides changed, and how sure that is. */
export interface MergedVersion {
  readonly version: string
  readonly grade: Grade
}

/**
 * The higher one; where it left the parts behind its own as they were and the lower one went on with these, each part as one side
 * changed it. A check must confirm it where a side went back, or where a long version begins with that of something else.
 */
export function mergeVersions(base: string, ours: string, theirs: string): MergedVersion {
  const [high, low] = compareVersions(ours, theirs) < 0 ? [theirs, ours] : [ours, theirs]
  if (compareVersions(low, base) < 0) return { version: high, grade: 'checked' }
  return byParts(base, high, low) ?? { version: high, grade: 'certain' }
}

/** null where the lower one has nothing that the higher one has passed over. */
function byParts(base: string, high: string, low: string): MergedVersion | null {
  const [was, above, below] = [numbersOf(base), numbersOf(high), numbersOf(low)]
  if (was.length < 3 || was.length !== above.length || was.length !== below.length) return null
  const behind = was.findIndex((part, at) => part !== above[at]) + 1
  const [kept, made, other] = [restOf(was, behind), restOf(above, behind), restOf(below, behind)]
  const hasBegunAnew = was.slice(0, behind).join('.') !== below.slice(0, behind).join('.')
  if (hasBegunAnew || made === other || /^[0.]*$/.test(made)) return null
  if (made === kept) return { version: high.slice(0, high.length - made.length) + other, grade: 'likely' }
  return was.length > 4 ? { version: high, grade: 'checked' } : null
}

/** The parts of a version of nothing but numbers. */
const numbersOf = (version: string): readonly string[] => /^\D*(\d+(?:\.\d+)*)$/.exec(version)?.[1]?.split('.') ?? []

const restOf = (parts: readonly string[], from: number): string => parts.slice(from).join('.')
