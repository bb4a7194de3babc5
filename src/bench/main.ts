import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { questions } from './questions.ts'
import { circumstances, type Report } from './suite/report.ts'
import { reportToHtml } from './suite/report-html.ts'
import { movedTable } from './suite/moved.ts'
import { reportToMarkdown, tableText } from './suite/report-text.ts'

/**
 * The suite: asks every question, or those that are named, prints what came of it, and keeps it as JSON and as a page in `.agents/bench`.
 * `--against <report.json>` tells how far every ratio has moved since.
 */
const { values, positionals } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    against: { type: 'string' },
  },
  allowPositionals: true,
})
const unknown = positionals.filter((name) => !questions.some((question) => question.name === name))
if (unknown.length > 0) {
  process.stderr.write(
    `bench: there is no question ${unknown.join(', ')}; there are ${questions.map(({ name }) => name).join(', ')}\n`,
  )
  process.exit(2)
}

const wanted = questions.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
const answers: Report['answers'][number][] = []
const at = new Date().toISOString()
const kept = join('.agents/bench', at.replaceAll(/[:.]/g, '-'))
const surroundings = circumstances({ at, full: values.full, seed: Number(values.seed) })

/** After each question: a run that is broken off leaves what it knows. */
function keep(): Report {
  const report: Report = { schema: 'troupe/bench/1', ...surroundings, answers }
  mkdirSync('.agents/bench', { recursive: true })
  writeFileSync(`${kept}.json`, `${JSON.stringify(report, null, 2)}\n`)
  writeFileSync(`${kept}.html`, reportToHtml(report))
  return report
}

for (const { name, title, ask } of wanted) {
  const folder = mkdtempSync(join(tmpdir(), `troupe-bench-${name}-`))
  try {
    const tell = (text: string): void => void process.stderr.write(`${name}: ${text}\n`)
    const beganMs = performance.now()
    answers.push({ name, title, ...(await ask({ full: values.full, seed: Number(values.seed), folder, tell })) })
    keep()
    tell(`answered in ${Math.round((performance.now() - beganMs) / 1_000)} s`)
  } catch (error) {
    // what the others came to is kept all the same
    process.stderr.write(`${name}: no answer: ${error instanceof Error ? error.stack : String(error)}\n`)
    process.exitCode = 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
const report = keep()
const before = values.against === undefined ? null : (JSON.parse(readFileSync(values.against, 'utf8')) as Report)
process.stdout.write(
  values.json
    ? `${JSON.stringify(report)}\n`
    : `${reportToMarkdown(report)}\n${before === null ? '' : `${tableText(movedTable(before, report))}\n\n`}kept: ${kept}.json and .html\n`,
)
