import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { catalogue, type ErrorCode, must, TroupeError } from '../src/errors.ts'

const root = resolve(import.meta.dirname, '..')
const page = readFileSync(join(root, 'docs/errors.md'), 'utf8')
const rows = new Map([...page.matchAll(/^\| `([A-Z_]+)` \| (\d+) \| (.+) \|$/gm)].map((row) => [row[1], row]))

void t.test('docs/errors.md and the catalogue list the same codes, exit statuses and fixes', async (t) => {
  t.same([...rows.keys()], Object.keys(catalogue), 'the same codes in the same order')
  for (const [code, { exit, fix }] of Object.entries(catalogue)) {
    t.equal(rows.get(code)?.[2], String(exit), `${code}: exit status`)
    t.equal(rows.get(code)?.[3], fix, `${code}: what to do`)
  }
})

void t.test('every code of the catalogue is raised somewhere', async (t) => {
  const text = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'errors.ts')
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n')
  for (const code of Object.keys(catalogue)) t.match(text, `'${code}'`, code)
})

void t.test('an error says what happened, what to do and how a command ends', async (t) => {
  const cause = new Error('deeper')
  const error = new TroupeError('NO_SPACE', 'the disk is full', { cause })
  t.match(error, { code: 'NO_SPACE', message: 'the disk is full', fix: catalogue.NO_SPACE.fix, exitCode: 3, cause })
  t.throws(() => must(new Map<string, ErrorCode>(), 'x'), { code: 'INTERNAL' })
})
