import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { resolveText } from '../merge/resolve-text.ts'
import { type Grade, grades } from '../merge/resolvers/resolver.ts'
import { linesOf } from '../merge/text/lines.ts'
import { mergeThreeWays } from '../merge/text/three-way.ts'

/**
 * How many real merges that git leaves in conflict the resolvers make whole, and how many of these as people did (white space and the
 * order of equal lines aside). Takes a gzipped file with a case as JSON on each line: `id`, `files: [{path, base, left, right, human}]`.
 */
interface Case {
  readonly id: string
  readonly files: readonly {
    readonly path: string
    readonly base: string | null
    readonly left: string | null
    readonly right: string | null
    readonly human: string | null
  }[]
}

interface Row {
  readonly upTo: Grade
  readonly cases: number
  readonly resolved: number
  readonly asPeople: number
  readonly precision: number
  readonly bothKept: number
  readonly bothKeptResolved: number
  readonly bothKeptAsPeople: number
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { wrong: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
})
const [path] = positionals
if (path === undefined) throw new Error('which file of cases?')
const cases = gunzipSync(readFileSync(path))
  .toString()
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Case)

/** Lines that say something, without white space, in an order that does not matter. */
const bag = (text: string): readonly string[] =>
  text
    .split('\n')
    .flatMap((line) => line.replaceAll(/\s+/g, '') || [])
    .toSorted()
const isAlike = (a: string, b: string): boolean => bag(a).join('\n') === bag(b).join('\n')

type Answer = 'left' | 'as people' | 'otherwise'

function answerTo({ files }: Case, upTo: Grade): Answer {
  let isAsPeople = true
  for (const { path: name, base, left, right, human } of files) {
    if (base === null || left === null || right === null) return 'left'
    const versions = { base: linesOf(base), ours: linesOf(left), theirs: linesOf(right) }
    const segments = mergeThreeWays(versions)
    const resolution = resolveText({ path: name, segments, ...versions }, { upTo, off: [] })
    if (resolution.how === 'left') return 'left'
    isAsPeople &&= isAlike(resolution.text, human ?? '')
  }
  return isAsPeople ? 'as people' : 'otherwise'
}

/** Whether people kept every line that either side had added. */
function isBothKept({ files }: Case): boolean {
  return files.every(({ base, left, right, human }) => {
    if (base === null || left === null || right === null || human === null) return false
    const known = new Set([...bag(base), ...bag(human)])
    return [...bag(left), ...bag(right)].every((line) => known.has(line))
  })
}

function rowOf(upTo: Grade): Row {
  const answers = cases.map((one) => ({ one, answer: answerTo(one, upTo), isBothKept: isBothKept(one) }))
  const count = (is: (one: (typeof answers)[number]) => boolean): number => answers.filter(is).length
  if (values.wrong)
    for (const { one, answer } of answers)
      if (answer === 'otherwise') process.stderr.write(`${upTo}: otherwise than people: ${one.id}\n`)
  const resolved = count(({ answer }) => answer !== 'left')
  const asPeople = count(({ answer }) => answer === 'as people')
  return {
    upTo,
    cases: cases.length,
    resolved,
    asPeople,
    precision: Number((asPeople / resolved).toFixed(3)),
    bothKept: count((one) => one.isBothKept),
    bothKeptResolved: count((one) => one.isBothKept && one.answer !== 'left'),
    bothKeptAsPeople: count((one) => one.isBothKept && one.answer === 'as people'),
  }
}

const rows = grades.filter((grade) => grade !== 'checked').map(rowOf)
if (values.json) process.stdout.write(`${JSON.stringify({ schema: 'troupe/bench-resolvers/1', rows })}\n`)
else {
  for (const { upTo, resolved, asPeople, precision, bothKept, bothKeptResolved, bothKeptAsPeople } of rows) {
    process.stdout.write(
      `${upTo}: ${resolved} of ${cases.length} resolved, ${asPeople} as people did (${precision}); ` +
        `where both sides were kept ${bothKeptResolved} of ${bothKept}, ${bothKeptAsPeople} right\n`,
    )
  }
}
