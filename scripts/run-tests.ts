/**
 * Runs tap, then closes with one plain line that any log reader understands: "N passed, N failed[, N skipped]".
 * On a terminal tap's own reporter draws. In a log only failures, the tests' stderr and the coverage table are printed:
 * tap's drawing reporters send cursor codes even there, and its closing "# { total, pass }" counts assertions, not tests.
 */
import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { Parser, type Result } from 'tap-parser'
import { stringify } from 'yaml'

const out = '.tap/last-run.tap'
const live = process.stdout.isTTY
const began = performance.now()
mkdirSync('.tap', { recursive: true })
const file = openSync(out, 'w')
const { status, signal } = spawnSync(
  'tap',
  [...(live ? [`--output-file=${out}`] : ['--reporter=tap']), ...process.argv.slice(2)],
  { stdio: ['ignore', live ? 'inherit' : file, 'inherit'] },
)
closeSync(file)

const nested = new Set<string>()
const total = { passed: 0, failed: 0, skipped: 0 }

/** Counts leaf tests: a `t.test()` without `t.test()`s of its own, a skipped one, or a whole file that has only bare assertions or that died. */
function watch(parser: Parser, path: readonly string[]): void {
  const subtests = new Map<string, { readonly tests: number; readonly failed: number }>()
  parser.on('child', (child: Parser) => {
    subtests.set(child.name, { tests: total.passed + total.failed, failed: total.failed })
    watch(child, [...path, child.name])
  })
  parser.on('assert', (a: Result) => {
    const before = subtests.get(a.name)
    if (a.skip) total.skipped++
    else if (path.length === 0) {
      // one point for each file
      if (a.ok) total.passed += before && before.tests < total.passed + total.failed ? 0 : 1
      else total.failed += before && before.failed < total.failed ? 0 : 1
    } else if (before && subtests.size > 0 && !nested.has([...path, a.name].join('\0'))) {
      if (a.ok || a.todo) total.passed++
      else total.failed++
    }
    if (!a.ok && !a.todo && !a.skip && (!before || path.length === 0))
      report([...path, a.name], a, before !== undefined)
  })
  parser.on('child', () => {
    nested.add(path.join('\0'))
  })
}
function report(path: readonly string[], a: Result, isFile: boolean): void {
  if (live) return
  const diag = { ...(a.diag as Record<string, unknown> | undefined) }
  for (const noise of ['args', 'stdio', 'cwd', 'externalID', 'command', 'jobId', ...(isFile ? ['at', 'source'] : [])])
    delete diag[noise]
  console.log(`FAIL ${path.join(' > ')}\n${stringify(diag).replace(/^(?=.)/gm, '    ')}`)
}

const root = new Parser()
watch(root, [])
let extra = ''
root.on('extra', (line: string) => {
  extra += line
})
root.end(readFileSync(out, 'utf8'))

const code = status ?? 1
if (!live) process.stdout.write(extra)
if (code !== 0 && total.failed === 0)
  console.log(
    `tap ended with ${String(signal ?? code)} although no test failed: coverage too low, a bail-out or a crash`,
  )
console.log(
  `\ntook ${Math.round(performance.now() - began)} ms\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`,
)
process.exit(code === 0 && total.passed === 0 ? 1 : code)
