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
