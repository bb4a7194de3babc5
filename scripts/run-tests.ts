import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { withCompileCache } from '../src/actors/hosts/compile-cache.ts'
import { countTests } from './count-tests.ts'

/**
 * Runs tests and closes with one plain line: "N passed, N failed[, N skipped]".
 * On a terminal, or with options of its own, tap does it and draws itself; in a log only failures and the tests' own stderr are printed.
 * Under CI=true a skipped test is a failure: there everything a test needs is installed.
 */
const tapFile = '.tap/last-run.tap'
const live = process.stdout.isTTY
const began = performance.now()
mkdirSync('.tap', { recursive: true })
const file = openSync(tapFile, 'w')
const args = process.argv.slice(2)
const byTap = live || args.some((one) => one.startsWith('-'))
const reporter = live ? [`--output-file=${tapFile}`] : ['--reporter=tap']
const [program, ...given] = byTap ? ['tap', ...reporter, ...args] : [process.execPath, 'scripts/tests.ts', ...args]
const { status, signal } = spawnSync(program, given, {
  stdio: ['ignore', live ? 'inherit' : file, 'inherit'],
  env: withCompileCache(process.env), // each test file is a process that loads much the same
})
closeSync(file)

const { passed, failed, skipped, failures, extra } = countTests(readFileSync(tapFile, 'utf8'))
if (!live) console.log([...failures, ...(extra === '' ? [] : [extra])].join('\n'))
const missing = process.env['CI'] === 'true' ? skipped : 0
const code = status ?? 1
if (code !== 0 && failed === 0)
  console.log(`tap ended with ${signal ?? code} although no test failed: a bail-out or a crash`)
if (missing > 0) console.log(`${missing} tests were skipped, which CI does not allow`)
console.log(`took ${((performance.now() - began) / 1_000).toFixed(1)} s`)
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = code === 0 && (passed === 0 || missing > 0) ? 1 : code
