import { execFile } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import type { Assignment, Finding, Outcome } from '../../src/agents/agent.ts'
import { rules } from '../../src/agents/local/review/rules.ts'
import { tags } from '../../src/agents/local/review/rule.ts'
import { findingsToSarif } from '../../src/agents/local/sarif.ts'
import { kinds } from '../../src/agents/registry.ts'
import { must } from '../../src/errors.ts'
import { assignment, type Direction, perform } from './perform.ts'

const run = promisify(execFile)
const kind = must(kinds, 'local')
const agent = await kind.load()
const here = import.meta.dirname
const allRules = Object.values(rules).flat()

type Files = Readonly<Record<string, string>>

/** A workspace with these files. */
function workspace(t: Test, files: Files): string {
  const directory = t.testdir({})
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, file)), { recursive: true })
    writeFileSync(join(directory, file), text)
  }
  return directory
}

const ask = async (directory: string, what: Partial<Assignment>, direction?: Direction): Promise<Outcome> =>
  (await perform(agent, assignment('local', { directory, ...what }), direction)).outcome

async function completed(
  directory: string,
  what: Partial<Assignment>,
): Promise<Extract<Outcome, { readonly how: 'completed' }>> {
  const outcome = await ask(directory, what)
  if (outcome.how !== 'completed') throw new Error(JSON.stringify(outcome))
  t.match(outcome.summary, 'no model was used')
  return outcome
}

const ruleAndPlace = ({ file, line, rule }: Finding): string => `${file}:${line} ${rule}`

t.test('review', async (t) => {
  /** Fixtures as a workspace; scripts end in .txt there, so that no tool of ours reads them. */
  const weak: Files = Object.fromEntries(
    globSync('weak-*/**/*.{py,txt}', { cwd: join(here, '../fixtures') }).map((file) => [
      file.replace(/\.txt$/, ''),
      readFileSync(join(here, '../fixtures', file), 'utf8'),
    ]),
  )

  t.test('finds every marked weakness of the fixtures, and nothing in their other lines', async (t) => {
    const marked = Object.entries(weak).flatMap(([file, text]) =>
      text.split('\n').flatMap((line, index) => {
        const [, below, names] = /(?:#|\/\/) weak( below)?: (.+)$/.exec(line) ?? []
        return names === undefined ? [] : [`${file}:${index + (below === undefined ? 1 : 2)} ${names}`]
      }),
    )
    const { findings, details } = await completed(workspace(t, weak), {})
    t.ok(marked.length > 100)
    t.same(findings.map(ruleAndPlace).toSorted(), marked.toSorted())
    t.same(details['parsedInPart'], [])
    const found = new Set(findings.map(({ rule }) => rule))
    t.same(
      allRules.map(({ id }) => id).filter((id) => !found.has(id)),
      [],
      'every rule has an example',
    )
  })

  t.test('says where, by file, line, column and rule', async (t) => {
    const directory = workspace(t, {
      'b.py': 'ö = "🎭"; eval(ö); exec(\n  ö)\n',
      'a.py': 'import hashlib\n\nkey = hashlib.md5(eval(x))\n',
    })
    const { findings } = await completed(directory, { files: ['b.py', 'a.py'] })
    t.same(
      findings.map(({ file, line, column, endLine, endColumn, text }) => [
        file,
        line,
        column,
        endLine,
        endColumn,
        text,
      ]),
      [
        ['a.py', 3, 7, 3, 27, 'hashlib.md5(eval(x))'],
        ['a.py', 3, 19, 3, 26, 'eval(x)'],
        ['b.py', 1, 11, 1, 18, 'eval(ö)'],
        ['b.py', 1, 20, 2, 5, 'exec('],
      ],
    )
    t.match(findings[0], { rule: 'python/weak-hash', severity: 'warning', message: /sha256/ })
  })

  t.test('is narrowed by a prompt that names a tag, and by ignored rules', async (t) => {
    const directory = workspace(t, { 'a.py': 'eval(x)\nhashlib.md5(x)\ndef f(a=[]): pass\n' })
    const found = async (what: Partial<Assignment>): Promise<readonly string[]> =>
      (await completed(directory, what)).findings.map(({ rule }) => rule.replace('python/', ''))
    t.same(await found({ prompt: null }), ['eval', 'weak-hash', 'mutable-default'])
    t.same(await found({ prompt: 'Look for anything odd.' }), ['eval', 'weak-hash', 'mutable-default'])
    t.same(await found({ prompt: 'security issues' }), ['eval', 'weak-hash'])
    t.same(await found({ prompt: 'Correctness, and cryptography.' }), ['weak-hash', 'mutable-default'])
    t.same(await found({ options: { ignoreRules: ['python/eval'] } }), ['weak-hash', 'mutable-default'])
  })

  t.test('looks at all sources when no file is named, but at nothing that others wrote', async (t) => {
    const weakLine = 'eval(x)\n'
    const directory = workspace(t, {
      ...Object.fromEntries(
        ['a.py', 'src/b.py', 'node_modules/m/c.js', '.git/d.py', 'dist/e.js', '.hidden.py', '__pycache__/f.py'].map(
          (file) => [file, weakLine],
        ),
      ),
      'README.md': '# Read me',
    })
    symlinkSync('/', join(directory, 'root'))
    const all = await completed(directory, {})
    t.same(all.findings.map(ruleAndPlace), ['a.py:1 python/eval', 'src/b.py:1 python/eval'])
    t.same((await completed(directory, { files: ['src/'] })).findings.map(ruleAndPlace), ['src/b.py:1 python/eval'])
    const cut = await completed(directory, { options: { maximumFiles: 1 } })
    t.match(cut, { details: { reviewed: 1, isCut: true }, summary: /more files than maximumFiles/ })
  })

  t.test('says what it left out', async (t) => {
    const directory = workspace(t, {
      'a.md': '# text',
      'b.py': 'def (:\n  eval(x)\n',
      'c.js': `const x = '${'x'.repeat(1024 * 1024)}'\n`,
    })
    const { summary, details } = await completed(directory, { files: ['a.md', 'b.py', 'c.js'] })
    t.match(details['skipped'], [
      { file: 'a.md', reason: /language/ },
      { file: 'c.js', reason: /larger/ },
    ])
    t.match(summary, /Left out: a\.md .*c\.js.*Only parsed in part: b\.py/)
  })

  t.test('fails when a file is not there or lies outside, and names it', async (t) => {
    const directory = workspace(t, { 'inside/a.py': 'x = 1\n', 'secret.py': 'x = 1\n' })
    symlinkSync('../secret.py', join(directory, 'inside/link.py'))
    const outcome = await ask(join(directory, 'inside'), {
      files: ['a.py', 'gone.py', '../secret.py', 'link.py', join(directory, 'secret.py')],
    })
    t.match(outcome, { how: 'failed', failure: { kind: 'agent', message: /gone\.py, \.\.\/secret\.py, link\.py, \// } })
  })

  t.test('stops between two files', async (t) => {
    const directory = workspace(t, { 'a.py': 'eval(x)\n', 'b.py': 'eval(x)\n' })
    const { outcome, progress } = await perform(agent, assignment('local', { directory }), {
      stopAtFirstSign: 'enough',
    })
    t.same(outcome, { how: 'cancelled', reason: 'enough' })
    t.same(progress, ['reviewing a.py'])
  })

  t.test('works in a worker thread too', async (t) => {
    const directory = workspace(t, { 'a.py': 'eval(x)\n' })
    const worker = new Worker(
      `import(${JSON.stringify(import.meta.resolve('./perform.ts'))}).then(async ({ assignment, perform }) => {
        const { kinds } = await import(${JSON.stringify(import.meta.resolve('../../src/agents/registry.ts'))})
        const agent = await kinds.get('local').load()
        const { outcome } = await perform(agent, assignment('local', { directory: ${JSON.stringify(directory)} }))
        require('node:worker_threads').parentPort.postMessage(outcome)
      })`,
      { eval: true, execArgv: [] },
    )
    const [outcome] = await once(worker, 'message')
    t.match(outcome, { how: 'completed', findings: [{ rule: 'python/eval' }] })
    await worker.terminate()
  })
  t.end()
})

t.test('the rules', async (t) => {
  t.test('are at least twelve a family, well formed and about known tags', (t) => {
    for (const [family, ofFamily] of Object.entries(rules)) {
      t.ok(ofFamily.length >= 12)
      for (const { id, message, tags: its } of ofFamily) {
        t.match(id, new RegExp(`^${family}/[a-z-]+$`))
        t.match(message, /^[A-Z](?!.*[.!?] ).*\.$/, `${id} has one sentence`)
        t.ok(its.length > 0 && its.every((tag) => tags.includes(tag)))
      }
    }
    t.equal(new Set(allRules.map(({ id }) => id)).size, allRules.length)
    t.end()
  })
  t.test('stand in docs/local-agent.md, all of them and no others', (t) => {
    const page = readFileSync(join(here, '../../docs/local-agent.md'), 'utf8')
    const rows = [...page.matchAll(/^\| `([a-z]+\/[a-z-]+)` \| (\w+) \| ([\w, ]+) \| (.+) \|$/gm)]
    t.same(
      rows.map(([, id, severity, its, message]) => [id, severity, its, message]),
      allRules.map(({ id, severity, tags: its, message }) => [id, severity, its.join(', '), message]),
    )
    t.end()
  })
  t.end()
})

t.test('SARIF has what the format requires', async (t) => {
  const directory = workspace(t, { 'a b/ü#.py': 'eval(x)\nhashlib.md5(x)\neval(y)\n' })
  const { findings } = await completed(directory, {})
  const own: Finding = { ...must(new Map(findings.entries()), 0), rule: 'own/rule', severity: 'note', message: 'Own.' }
  const log = JSON.parse(JSON.stringify(findingsToSarif([...findings, own], { version: '1.2.3' })))
  t.match(log, { version: '2.1.0', $schema: /^https:.*sarif-schema-2\.1\.0\.json$/ })
  t.equal(log.runs.length, 1)
  const [{ tool, results, columnKind }] = log.runs
  t.match(tool.driver, { name: 'troupe', version: '1.2.3' })
  t.equal(columnKind, 'utf16CodeUnits')
  t.same(
    tool.driver.rules.map(({ id }: { id: string }) => id),
    ['own/rule', 'python/eval', 'python/weak-hash'],
  )
  for (const { shortDescription, defaultConfiguration } of tool.driver.rules) {
    t.match(shortDescription.text, /\.$/)
    t.match(defaultConfiguration.level, /^(?:error|warning|note)$/)
  }
  t.equal(results.length, 4)
  for (const result of results) {
    t.equal(tool.driver.rules[result.ruleIndex].id, result.ruleId)
    t.match(result.level, /^(?:error|warning|note)$/)
    t.match(result.message.text, /\S/)
    const [{ physicalLocation }] = result.locations
    t.equal(physicalLocation.artifactLocation.uri, 'a%20b/%C3%BC%23.py')
    const { startLine, startColumn, endLine, endColumn } = physicalLocation.region
    for (const number of [startLine, startColumn, endLine, endColumn]) t.ok(Number.isInteger(number) && number >= 1)
  }
  t.same(JSON.parse(JSON.stringify(findingsToSarif([], { version: '0' }))).runs[0].results, [])
})

t.test('test', async (t) => {
  const calc = `"""Sums."""
import os

LIMIT = 3


def add(a, b=1):
    return a + b


async def later():
    pass


def _private():
    pass


class Adder(object):
    def __init__(self, by):
        self.by = by
`
  const python = (directory: string, ...args: string[]): Promise<{ stderr: string; stdout: string }> =>
    run('python3', ['-B', ...args], { cwd: directory })
  const withPytest = await firstOf(['python3', '/usr/bin/python3'], (name) => run(name, ['-c', 'import pytest']))

  t.test('writes unittest cases that run green', async (t) => {
    const directory = workspace(t, {
      'calc.py': calc,
      'src/shop/__init__.py': '',
      'src/shop/cart.py': 'from .money import Money\n\n\ndef total(items):\n    return Money(sum(items))\n',
      'src/shop/money.py': 'class Money(int):\n    pass\n',
    })
    const { details, summary } = await completed(directory, { verb: 'test', files: ['calc.py', 'src/shop/cart.py'] })
    t.same(details['written'], ['test_calc_smoke.py', 'src/shop/test_cart_smoke.py'])
    t.match(summary, /2 smoke tests with 4 cases, not run yet/)
    for (const file of ['test_calc_smoke.py', 'src/shop/test_cart_smoke.py']) {
      const { stderr } = await python(directory, '-m', 'unittest', file)
      t.match(stderr, file.includes('calc') ? /Ran 3 tests[\s\S]*OK/ : /Ran 1 test[\s\S]*OK/)
    }
    writeFileSync(join(directory, 'calc.py'), calc.replace('def add', 'def plus'))
    await t.rejects(python(directory, '-m', 'unittest', 'test_calc_smoke.py'), /has no attribute 'add'/)
  })

  t.test(
    'writes pytest cases that run green where the project uses pytest',
    { skip: withPytest === null },
    async (t) => {
      const directory = workspace(t, {
        'src/calc.py': calc,
        'src/only_types.pyi': 'def f() -> int: ...\n',
        'src/data.py': 'LIMIT = 1\n',
        'requirements.txt': 'requests\npytest>=7\n',
        'tests/test_other.py': 'def test_other(): pass\n',
      })
      const { details } = await completed(directory, { verb: 'test', files: ['src'] })
      t.match(details, {
        written: ['tests/test_calc_smoke.py'],
        skipped: [{ file: 'src/data.py' }, { file: 'src/only_types.pyi' }],
      })
      const { stdout } = await run(withPytest ?? '', ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', 'tests'], {
        cwd: directory,
      })
      t.match(stdout, '4 passed')
    },
  )

  t.test('writes node:test cases that run green, for ES modules, CommonJS and TypeScript', async (t) => {
    const directory = workspace(t, {
      'package.json': '{"type": "module"}',
      'src/a.js': [
        'export const f = () => 1, limit = 2',
        'export default class {}',
        'function g() {}',
        'export { g as h }',
        "export * from './it's 100%.mjs'".replace("'s", ''),
      ].join('\n'),
      'src/it 100%.mjs': 'export async function* many() {}\n',
      'src/b.cjs': 'const f = () => 1\nmodule.exports = { f, g() {}, n: 1, K: class {} }\n',
      'src/c.cjs': 'module.exports = function make() {}\nmodule.exports.also = () => 2\n',
      'src/d.ts':
        'export interface Shape { x: number }\nexport function area(a: number): number\nexport function area(a: string): number\nexport function area(): number { return 1 }\n/** @internal */\nexport function hidden() {}\n',
      'test/.keep': '',
    })
    writeFileSync(
      join(directory, 'src/a.js'),
      readFileSync(join(directory, 'src/a.js'), 'utf8').replace('it 100%', 'it 100%25'),
    )
    const { details } = await completed(directory, { verb: 'test', files: ['src'] })
    const written = details['written'] as readonly string[]
    t.same(
      written,
      ['a', 'b', 'c', 'd', 'it 100%'].map(
        (name, at) => `test/${name}.smoke.test.${['js', 'cjs', 'cjs', 'ts', 'mjs'][at]}`,
      ),
    )
    const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap', ...written], {
      cwd: directory,
      env: { PATH: process.env['PATH'] },
    })
    t.match(stdout, '# pass 10\n# fail 0')
    writeFileSync(join(directory, 'src/b.cjs'), 'module.exports = { g() {} }\n')
    await t.rejects(
      run(process.execPath, ['--test', 'test/b.smoke.test.cjs'], {
        cwd: directory,
        env: { PATH: process.env['PATH'] },
      }),
    )
  })

  t.test('writes for the framework the project has', async (t) => {
    const cases: readonly (readonly [manifest: object, sign: RegExp])[] = [
      [{ devDependencies: { vitest: '1' } }, /import \{ expect, test \} from 'vitest'/],
      [{ devDependencies: { jest: '1' } }, /^test\([\s\S]*expect\(typeof subject\.f\)\.toBe/m],
      [{ devDependencies: { jest: '1' }, scripts: { test: 'tap run' } }, /import t from 'tap'/],
      [{ dependencies: { mocha: '1' } }, /^it\('a\.js exports f, a function'/m],
      [{ devDependencies: { jest: '1' }, scripts: { test: 'node --test' } }, /from 'node:test'/],
      [{}, /from 'node:test'/],
    ]
    for (const [manifest, sign] of cases) {
      const directory = workspace(t, { 'package.json': JSON.stringify(manifest), 'a.js': 'export function f() {}\n' })
      const { details } = await completed(directory, { verb: 'test', files: ['a.js'] })
      const [file = ''] = details['written'] as readonly string[]
      t.match(readFileSync(join(directory, file), 'utf8'), sign, JSON.stringify(manifest))
    }
    const directory = workspace(t, { 'a.py': 'def f(): pass\n', 'tests/test_b.py': 'import pytest\n' })
    await completed(directory, { verb: 'test', files: ['a.py'] })
    t.match(readFileSync(join(directory, 'tests/test_a_smoke.py'), 'utf8'), 'import pytest')
    await completed(directory, { verb: 'test', files: ['a.py'], options: { framework: 'unittest' } })
    t.match(readFileSync(join(directory, 'tests/test_a_smoke.py'), 'utf8'), 'import unittest')
  })

  t.test('never writes over what it did not write', async (t) => {
    const directory = workspace(t, {
      'pkg/__init__.py': '',
      'pkg/a.py': 'def f(): pass\n',
      'tests/test_a_smoke.py': 'mine\n',
    })
    const first = await completed(directory, { verb: 'test', files: ['pkg/a.py'] })
    t.same(first.details['written'], ['tests/test_pkg_a_smoke.py'])
    const again = await completed(directory, { verb: 'test', files: ['pkg/a.py'] })
    t.same(again.details['written'], ['tests/test_pkg_a_smoke.py'], 'its own it may write again')
    writeFileSync(join(directory, 'tests/test_pkg_a_smoke.py'), 'mine too\n')
    t.match(await ask(directory, { verb: 'test', files: ['pkg/a.py'] }), {
      failure: { kind: 'agent', message: /tests\/test_pkg_a_smoke\.py is there already and was not written by troupe/ },
    })
    t.equal(readFileSync(join(directory, 'tests/test_a_smoke.py'), 'utf8'), 'mine\n')
    t.equal(readFileSync(join(directory, 'tests/test_pkg_a_smoke.py'), 'utf8'), 'mine too\n')
  })

  t.test('says when there is nothing to test', async (t) => {
    const directory = workspace(t, { 'a.py': 'x = 1\n', 'b.md': '' })
    t.match(await ask(directory, { verb: 'test', files: ['a.py', 'b.md'] }), {
      failure: { message: /no smoke test could be written\. Left out: b\.md .*a\.py \(nothing public to call\)/ },
    })
  })
  t.end()
})

t.test('docs', async (t) => {
  const files: Files = {
    'src/shop/cart.ts': `/**
 * Sums up.
 *
 * Twice, if need be: a | b, as \`Set<T>\` <or> so.
 * @param items what to sum - all of it
 * @param options.tax in percent
 * @returns the sum
 * @throws when there is nothing
 */
export async function total<T extends object>(items: readonly T[], { tax }: { tax: number } = { tax: 7 }, ...rest: T[]): Promise<number> {
  return 1
}

// not a doc comment
export const twice = (x: number, y?: string): number => x * 2
export const limit: number = 3
export type Pair<T> = readonly [T, T]

/** Holds. */
export class Cart<T> extends Set<T> {
  /** Adds one. */
  put(item: T): this { return this }
  private hide() {}
  #secret() {}
}
function notExported() {}
`,
    'src/shop/tax.py': `"""Taxes."""


def rate(country: str, *, year: int = 2026, **extra) -> float:
    """The rate.

    In percent:
        always
    """
    return 1.0


def _hidden():
    pass


class Table:
    """All rates."""

    @staticmethod
    def load(path):
        return path

    def get(self, country="x"):
        """One rate."""
`,
  }

  t.test('writes a page for each module from its signatures and comments', async (t) => {
    const directory = workspace(t, files)
    const task = { verb: 'docs', files: ['src/shop/cart.ts', 'src/shop/tax.py'] }
    const { details, summary } = await completed(directory, task)
    t.same(details['written'], ['docs/api/src/shop/cart.md', 'docs/api/src/shop/tax.md'])
    t.same(kind.willWrite(task), details['written'], 'where it was foretold')
    t.match(summary, /Wrote 2 pages/)
    for (const page of ['cart.md', 'tax.md']) {
      const expected = readFileSync(join(here, '../fixtures/reference', page), 'utf8')
      t.equal(readFileSync(join(directory, 'docs/api/src/shop', page), 'utf8'), expected)
    }
    t.ok(existsSync(join(directory, 'docs/api/src/shop', '../../../../src/shop/cart.ts')), 'the links lead there')
  })

  t.test('writes only inside the workspace and only over its own pages', async (t) => {
    const directory = workspace(t, { 'in/a.py': 'def f(): pass\n', 'out/.keep': '', 'in/docs/.keep': '' })
    symlinkSync('../../out', join(directory, 'in/docs/api'))
    t.match(await ask(join(directory, 'in'), { verb: 'docs', files: ['a.py'] }), {
      failure: { kind: 'agent', message: 'docs/api/a.md would be written outside the workspace' },
    })
    t.notOk(existsSync(join(directory, 'out/a.md')))
    const other = workspace(t, { 'a.py': 'def f(): pass\n', 'docs/api/a.md': '# Mine\n' })
    t.match(await ask(other, { verb: 'docs', files: ['a.py'] }), { failure: { message: /a\.md is there already/ } })
    const link = workspace(t, { 'a.py': 'def f(): pass\n', 'docs/api/.keep': '' })
    symlinkSync('../../a.py', join(link, 'docs/api/a.md'))
    t.match(await ask(link, { verb: 'docs', files: ['a.py'] }), { how: 'failed' })
    t.equal(readFileSync(join(link, 'a.py'), 'utf8'), 'def f(): pass\n')
  })

  t.test('keeps modules of one name apart', (t) => {
    const willWrite = (...names: string[]): readonly string[] | null => kind.willWrite({ verb: 'docs', files: names })
    t.same(willWrite('a.js', 'b.py'), ['docs/api/a.md', 'docs/api/b.md'])
    t.same(willWrite('a.js', 'a.py'), ['docs/api/a.js.md', 'docs/api/a.py.md'])
    t.equal(willWrite('src'), null)
    t.equal(kind.willWrite({ verb: 'test', files: ['a.py'] }), null)
    t.same(kind.willWrite({ verb: 'review', files: ['a.py'] }), [])
    t.end()
  })
  t.end()
})

t.test('mistakes are said before a run', (t) => {
  const task = { prompt: null, command: null, files: ['a.py'], options: {} }
  t.same(kind.mistakes({ ...task, verb: 'review', files: [] }), [])
  t.same(kind.mistakes({ ...task, verb: 'docs' }), [])
  t.same(kind.mistakes({ ...task, verb: 'fix' }), [
    "local knows review, test and docs; use a command or model agent for 'fix'",
  ])
  t.match(kind.mistakes({ ...task, verb: 'test', files: [] }), [/needs files/])
  t.match(kind.mistakes({ ...task, verb: 'review', command: ['ls'] }), [/no command/])
  t.equal(kind.preferredWorkspace('review'), 'shared')
  t.equal(kind.preferredWorkspace('docs'), 'own')
  t.end()
})

/** The first of these with which something works; null when it works with none. */
async function firstOf(names: readonly string[], works: (name: string) => Promise<unknown>): Promise<string | null> {
  for (const name of names) {
    const isFine = await works(name).then(
      () => true,
      () => false,
    )
    if (isFine) return name
  }
  return null
}
