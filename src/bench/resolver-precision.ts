import { parseArgs } from 'node:util'
import { resolveFile } from '../merge/resolve-file.ts'
import { type Grade, grades } from '../merge/resolvers/resolver.ts'
import { linesOf } from '../merge/text/lines.ts'
import { mergeThreeWays } from '../merge/text/three-way.ts'
import { loadParser } from '../syntax/parser.ts'
import { type Answer, type CaseRow, caseRows, rowText } from './case-rows.ts'
import { type ChunkAnswer, chunkAnswers, keptIn } from './chunk-precision.ts'
import { isAlike, type MergeCase, readCases } from './merge-cases.ts'

/**
 * How many real merges that git leaves in conflict the resolvers make whole, and how many of these as people did (white space and the
 * order of equal lines aside), all and by repository. With `--chunks` the same of single conflicts, by resolver; `--wrong` shows what
 * people did otherwise, `--left` what no resolver holds for; `--lines` leaves syntax out. Takes a gzipped file with a case as JSON on
 * each line: `id`, `repo`, `files: [{path, base, left, right, human}]`.
 */
const flag = { type: 'boolean', default: false } as const
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    chunks: flag,
    wrong: flag,
    left: flag,
    json: flag,
    lines: flag,
    without: { type: 'string', multiple: true, default: [] },
  },
})
const [path] = positionals
if (path === undefined) throw new Error('which file of cases?')
const cases = readCases(path)
const off = values.without
const parse = values.lines ? null : loadParser()

function answerTo({ files }: MergeCase, upTo: Grade): Answer {
  let isAsPeople = true
  for (const { path: name, base, left, right, human } of files) {
    if (base === null || left === null || right === null) return 'left'
    const versions = { base: linesOf(base), ours: linesOf(left), theirs: linesOf(right) }
    const segments = mergeThreeWays(versions)
    const resolution = resolveFile({ path: name, segments, ...versions }, { upTo, off }, parse)
    if (resolution.how === 'left') return 'left'
    isAsPeople &&= isAlike(resolution.text, human ?? '')
  }
  return isAsPeople ? 'as people' : 'otherwise'
}

function rowsOf(upTo: Grade): readonly CaseRow[] {
  const answers = cases.map((one) => ({ one, answer: answerTo(one, upTo) }))
  if (values.wrong)
    for (const { one, answer } of answers)
      if (answer === 'otherwise') process.stderr.write(`${upTo}: otherwise than people: ${one.id}\n`)
  return caseRows(upTo, answers)
}

function tellCases(): void {
  const rows = grades.flatMap(rowsOf)
  const told = values.json
    ? [JSON.stringify({ schema: 'troupe/bench-resolvers/1', rows })]
    : rows.map((row) => rowText(row))
  process.stdout.write(`${told.join('\n')}\n`)
}

/** How often a resolver holds for a conflict, and is right; by repository as `right/all`. */
interface ChunkRow {
  readonly by: string
  readonly fires: number
  readonly right: number
  readonly wrong: number
  readonly byRepo: Readonly<Record<string, string>>
}

function tellChunks(): void {
  const answers = chunkAnswers(cases, { upTo: 'checked', off }, parse)
  const groups = Map.groupBy(answers, ({ found }) => (found === null ? '' : `${found.resolver} ${found.grade}`))
  const rows = [...groups].filter(([by]) => by !== '').map(([by, own]) => chunkRow(by, own))
  const left = groups.get('') ?? []
  const kept = Object.entries(Object.groupBy(left, keptIn)).map(([who, own]) => `${who} ${own.length}`)
  if (values.wrong) for (const one of answers) if (one.found !== null && !one.isRight) show(one)
  if (values.left) left.forEach(show)
  if (values.json)
    return void process.stdout.write(
      `${JSON.stringify({ schema: 'troupe/bench-resolver-chunks/1', chunks: answers.length, left: left.length, rows })}\n`,
    )
  for (const { by, fires, right, byRepo } of rows.toSorted((a, b) => (a.by < b.by ? -1 : 1))) {
    const each = Object.entries(byRepo).map(([repo, told]) => `${repo} ${told}`)
    process.stdout.write(
      `${by}: ${fires}, ${right} as people did (${(right / fires).toFixed(2)}); ${each.join(', ')}\n`,
    )
  }
  process.stdout.write(
    `left: ${left.length} of ${answers.length} whose place is known; people kept ${kept.join(', ')}\n`,
  )
}

function chunkRow(by: string, answers: readonly ChunkAnswer[]): ChunkRow {
  const right = answers.filter(({ isRight }) => isRight).length
  const byRepo = Object.entries(Object.groupBy(answers, ({ repo }) => repo)).map(
    ([repo, own = []]) => [repo, `${own.filter(({ isRight }) => isRight).length}/${own.length}`] as const,
  )
  return { by, fires: answers.length, right, wrong: answers.length - right, byRepo: Object.fromEntries(byRepo) }
}

function show({ id, path: file, chunk, found, human, ...one }: ChunkAnswer): void {
  const by =
    found === null
      ? `left, people kept ${keptIn({ id, path: file, chunk, found, human, ...one })}`
      : `${found.resolver} ${found.grade}`
  const texts = { base: chunk.base, ours: chunk.ours, theirs: chunk.theirs, made: found?.lines, human }
  const told = Object.entries(texts).flatMap(([name, lines]) =>
    lines === undefined ? [] : `--- ${name}\n${lines.map((line) => `| ${line.trimEnd()}\n`).join('')}`,
  )
  process.stderr.write(`=== ${by}: ${id} ${file}:${chunk.at.ours + 1}\n${told.join('')}`)
}

if (values.chunks) tellChunks()
else tellCases()
