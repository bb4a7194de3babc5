import type { Resolver } from './resolver.ts'

const pattern = /\d+(?:\.\d+)+(?:[-.+]?(?:dev|alpha|beta|rc|a|b|pre|post)[-.]?\d*)*/gi

/** Lines that differ in nothing but a version: the higher one stays. Only where versions are declared. */
export const versionNumber: Resolver = {
  name: 'version-number',
  resolve({ base, ours, theirs }, { kind }) {
    if (!['manifest', 'automation', 'settings', 'changelog'].includes(kind)) return null
    if (ours.length !== theirs.length || ours.length !== base.length || ours.length === 0) return null
    if (withoutVersions(ours) !== withoutVersions(theirs) || withoutVersions(base) !== withoutVersions(ours))
      return null
    const [oursVersions, theirsVersions] = [versionsIn(ours), versionsIn(theirs)]
    const order = oursVersions.map((version, at) => compareVersions(version, theirsVersions[at] ?? ''))
    const hasHigher = order.some((one) => one > 0)
    const hasLower = order.some((one) => one < 0)
    if (hasHigher === hasLower) return null
    return {
      grade: 'certain',
      lines: hasHigher ? ours : theirs,
      evidence: `the higher version, of ${hasHigher ? 'ours' : 'theirs'}`,
    }
  },
}

const withoutVersions = (lines: readonly string[]): string => lines.join('').replaceAll(pattern, '0')
const versionsIn = (lines: readonly string[]): readonly string[] => lines.join('').match(pattern) ?? []

/** By numbers first; what has a word behind it (`1.2.0-rc.1`, `1.2.dev`) comes before what has none. */
function compareVersions(a: string, b: string): number {
  const parts = (version: string): readonly (string | number)[] =>
    (version.toLowerCase().match(/\d+|[a-z]+/g) ?? []).map((part) => (/^\d/.test(part) ? Number(part) : part))
  const [x, y] = [parts(a), parts(b)]
  for (let at = 0; at < Math.max(x.length, y.length); at += 1) {
    const [one, other] = [x[at], y[at]]
    if (one === other) continue
    return rank(one) - rank(other) || (String(one) < String(other) ? -1 : 1)
  }
  return 0
}

function rank(part: string | number | undefined): number {
  if (part === undefined) return -0.5
  return typeof part === 'number' ? part : part === 'post' ? -0.4 : -1
}
