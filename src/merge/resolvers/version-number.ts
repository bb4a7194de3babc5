import type { FileFacts } from './file-facts.ts'
import type { Resolver } from './resolver.ts'
import { isOfVersions, isVersion, type NumberOnLine } from './version-places.ts'
import { compareVersions, versionPattern } from './versions.ts'

/** Lines that differ in nothing but a version: the higher one stays. Only where versions are declared. */
export const versionNumber: Resolver = {
  name: 'version-number',
  resolve({ base, ours, theirs }, file) {
    if (file.kind === 'lock' || ours.length !== theirs.length || ours.length !== base.length) return null
    const bare = withoutVersions(ours)
    if (bare !== withoutVersions(theirs) || bare !== withoutVersions(base)) return null
    const order = ours.map((line, at) => compareLines(line, theirs[at] ?? ''))
    if (order.includes(null) || order.every((one) => one === 0)) return null
    const told = ours.flatMap((line, at) => (order[at] === 0 ? [] : saidOn(line, theirs[at] ?? '', file)))
    if (told.includes('no')) return null
    const lines = ours.map((line, at) => ((order[at] ?? 0) < 0 ? (theirs[at] ?? line) : line))
    return { grade: told.includes('perhaps') ? 'checked' : 'certain', lines, evidence: evidenceOf(ours, theirs, lines) }
  },
}

/** Kinds of files whose version numbers are those of a package. */
const declaredIn: ReadonlySet<FileFacts['kind']> = new Set(['manifest', 'automation', 'settings', 'changelog'])

/** A line that gives a version its name and says nothing else. */
const declaration =
  /(?:(?<![a-z])version\w*|Version\w*|(?<![A-Z])VERSION\w*)["']?\s*(?::\s*\w+\s*)?:?=?=?\s*\(?\s*["'`]?v?\d[\w.+-]*["'`]?[\s;,)]*$/
/** A line that pins a package or an image. */
const pin = /^\s*(?:[\w.-]+(?:\[[\w,. -]*\])?==v?\d[\w.+-]*(?:\s*[;#\\].*)?|FROM\s+\S+:v?\d.*)\s*$/

/** What is to be thought of each number in which two lines differ. */
function saidOn(ours: string, theirs: string, file: FileFacts): readonly ReturnType<typeof isVersion>[] {
  const others = numbersIn(theirs)
  const isDeclared = declaredIn.has(file.kind) || isOfVersions(file) || declaration.test(ours) || pin.test(ours)
  return numbersIn(ours)
    .filter(({ number }, at) => number !== others[at]?.number)
    .map((one) => {
      const said = isVersion(one, file)
      return said === 'yes' && !isDeclared ? 'perhaps' : said
    })
}

function numbersIn(line: string): readonly NumberOnLine[] {
  const text = withoutPins(line)
  return [...text.matchAll(versionPattern)].map(({ 0: found, index }) => {
    const number = found.replace(/^(?:[\^~]|>=\s*)/, '')
    const start = index + found.length - number.length
    return { number, before: text.slice(0, start), after: text.slice(index + found.length) }
  })
}

// a commit that is pinned goes with the version beside it
const withoutPins = (text: string): string => text.replaceAll(/@[0-9a-f]{40}(?=\s+#\s*v?\d)/g, '')
const withoutVersions = (lines: readonly string[]): string =>
  withoutPins(lines.join('')).replaceAll(versionPattern, '0')
const versionsIn = (line: string): readonly string[] => withoutPins(line).match(versionPattern) ?? []

/** Which line has the higher versions; null when each has one that is higher. */
function compareLines(ours: string, theirs: string): number | null {
  const others = versionsIn(theirs)
  const order = versionsIn(ours).map((version, at) => compareVersions(version, others[at] ?? ''))
  const least = order.reduce((one, other) => Math.min(one, other), 0)
  const most = order.reduce((one, other) => Math.max(one, other), 0)
  return least < 0 && most > 0 ? null : least + most
}

function evidenceOf(ours: readonly string[], theirs: readonly string[], lines: readonly string[]): string {
  const at = ours.findIndex((line, number) => line !== theirs[number])
  const other = lines[at] === ours[at] ? theirs[at] : ours[at]
  const told = (line = ''): string => versionsIn(line).join(' ')
  return `the higher version: ${told(lines[at])}, not ${told(other)}`
}
