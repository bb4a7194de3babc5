import type { FileFacts } from './file-facts.ts'
import type { Resolver } from './resolver.ts'
import { compareVersions, versionPattern } from './versions.ts'

/** Lines that differ in nothing but a version: the higher one stays. Only where versions are declared. */
export const versionNumber: Resolver = {
  name: 'version-number',
  resolve({ base, ours, theirs }, { kind }) {
    if (kind === 'lock' || ours.length !== theirs.length || ours.length !== base.length) return null
    const bare = withoutVersions(ours)
    if (bare !== withoutVersions(theirs) || bare !== withoutVersions(base)) return null
    const order = ours.map((line, at) => compareLines(line, theirs[at] ?? ''))
    if (order.includes(null) || order.every((one) => one === 0)) return null
    const isDeclared = (line: string, at: number): boolean => order[at] === 0 || declaration.test(line)
    const grade = declaredIn.has(kind) ? 'certain' : ours.every(isDeclared) ? 'certain' : 'checked'
    const lines = ours.map((line, at) => ((order[at] ?? 0) < 0 ? (theirs[at] ?? line) : line))
    return { grade, lines, evidence: evidenceOf(ours, theirs, lines) }
  },
}

/** Kinds of files whose version numbers are those of a package. */
const declaredIn: ReadonlySet<FileFacts['kind']> = new Set(['manifest', 'automation', 'settings', 'changelog'])

/** A line that gives a version its name and says nothing else. */
const declaration = /version\w*["']?\s*(?::\s*\w+\s*)?:?=?=?\s*\(?\s*["'`]?v?\d[\w.+-]*["'`]?[\s;,)]*$/i

// a commit that is pinned goes with the version beside it
const withoutPins = (text: string): string => text.replaceAll(/@[0-9a-f]{40}(?=\s+#\s*v?\d)/g, '')
const withoutVersions = (lines: readonly string[]): string =>
  withoutPins(lines.join('')).replaceAll(versionPattern, '0')
const versionsIn = (line: string): readonly string[] => withoutPins(line).match(versionPattern) ?? []

/** Which line has the higher versions; null when each has one that is higher. */
function compareLines(ours: string, theirs: string): number | null {
  const others = versionsIn(theirs)
  const order = versionsIn(ours).map((version, at) => compareVersions(version, others[at] ?? ''))
  const [least, most] = [Math.min(0, ...order), Math.max(0, ...order)]
  return least < 0 && most > 0 ? null : least + most
}

function evidenceOf(ours: readonly string[], theirs: readonly string[], lines: readonly string[]): string {
  const at = ours.findIndex((line, number) => line !== theirs[number])
  const other = lines[at] === ours[at] ? theirs[at] : ours[at]
  const told = (line = ''): string => versionsIn(line).join(' ')
  return `the higher version: ${told(lines[at])}, not ${told(other)}`
}
