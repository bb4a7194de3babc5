import { inVersions, isInAllVersions } from '../syntax/versions.ts'
import type { FileFacts } from './file-facts.ts'
import { type Grade, grades, type Resolver } from './resolver.ts'
import { versionBeside } from './version-beside.ts'
import { isOfVersions, isVersion, type NumberOnLine } from './version-places.ts'
import { compareVersions, mergeVersions, versionPattern } from './versions.ts'

/** Lines that differ in nothing but a version: the higher one stays, or each part as one side changed it. Beside other changes only for a check to confirm. */
export const versionNumber: Resolver = {
  name: 'version-number',
  resolve(chunk, file, isKnown) {
    const { base, ours, theirs } = chunk
    if (file.kind === 'lock') return null
    const bare = inVersions((name) => withoutVersions(chunk[name]))
    const areAlike = isInAllVersions((name) => bare[name] === bare.base && chunk[name].length === base.length)
    if (!areAlike) return versionBeside(chunk, file, isKnown)
    const merged = base.map((was, at) => mergeLine(was, ours[at] ?? '', theirs[at] ?? ''))
    if (!merged.every((one) => one !== null) || merged.every(({ isNews }) => !isNews)) return null
    const told = ours.flatMap((line, at) => (merged[at]?.isNews ? saidOn(line, theirs[at] ?? '', file) : []))
    if (told.includes('no')) return null
    const lines = merged.map(({ line }) => line)
    const grade = told.includes('perhaps') ? 'checked' : leastSure(merged)
    return { grade, lines, evidence: evidenceOf(ours, theirs, lines) }
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

interface MergedLine {
  readonly line: string
  readonly grade: Grade
  /** Whether the sides have other versions on it. */
  readonly isNews: boolean
}

/** A line with its versions as they become; null when each side has one that is higher. */
function mergeLine(base: string, ours: string, theirs: string): MergedLine | null {
  const [was = [], mine = [], other = []] = [base, ours, theirs].map(versionsIn)
  const order = mine.map((version, at) => compareVersions(version, other[at] ?? ''))
  const isNews = order.some((one) => one !== 0)
  if (ours === base || theirs === base) return { line: ours === base ? theirs : ours, grade: 'certain', isNews }
  const isLower = order.some((one) => one < 0)
  if (isLower && order.some((one) => one > 0)) return null
  const higher = isLower ? theirs : ours
  const merged = mine.map((version, at) => mergeVersions(was[at] ?? '', version, other[at] ?? ''))
  const grade = leastSure(merged)
  if (grade !== 'likely') return { line: higher, grade, isNews }
  // no commit is known of a version that neither side has
  if (withoutPins(higher) !== higher) return { line: higher, grade: 'checked', isNews }
  let at = 0
  return { line: higher.replaceAll(versionPattern, () => merged[at++]?.version ?? ''), grade, isNews }
}

const leastSure = (all: readonly { readonly grade: Grade }[]): Grade =>
  grades.findLast((grade) => all.some((one) => one.grade === grade)) ?? 'certain'

function evidenceOf(ours: readonly string[], theirs: readonly string[], lines: readonly string[]): string {
  const at = ours.findIndex((line, number) => line !== theirs[number])
  const told = (line = ''): string => versionsIn(line).join(' ')
  const [made, mine, other] = [lines[at], ours[at], theirs[at]].map(told)
  if (made !== mine && made !== other) return `each part of the version as one side changed it: ${made}`
  return `the higher version: ${made}, not ${made === mine ? other : mine}`
}
