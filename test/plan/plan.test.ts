import { readdirSync, readFileSync } from 'node:fs'
import { join, matchesGlob, resolve } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { kinds, kinds as realKinds } from '../../src/agents/registry.ts'
import { must } from '../../src/errors.ts'
import { asAgentName, asTaskId, namePattern } from '../../src/ids.ts'
import { manifestToJson, manifestToYaml } from '../../src/plan/as-manifest.ts'
import { commandWords } from '../../src/plan/command-words.ts'
import { findCycles } from '../../src/plan/cycle.ts'
import { readYaml } from '../../src/plan/document.ts'
import { isExpression, readExpression } from '../../src/plan/expression.ts'
import { buildGraph, type Graph } from '../../src/plan/graph.ts'
import { jsonDocument } from '../../src/plan/json-document.ts'
import { longYaml } from '../../src/plan/long-yaml.ts'
import type { PlanKind } from '../../src/plan/kinds.ts'
import { readManifest } from '../../src/plan/manifest.ts'
import { type OverlapWorld, predictOverlaps } from '../../src/plan/overlap.ts'
import { manifestJsonSchema } from '../../src/plan/schema.ts'
import { showMistakes } from '../../src/plan/show-mistakes.ts'
import { type Manifest, type Mistake, noBudget, type Reading, type Task } from '../../src/plan/task.ts'
import { renderArguments, renderText, templateMistakes, type TemplateValues } from '../../src/plan/template.ts'

const root = resolve(import.meta.dirname, '../..')
const read = (text: string): Reading<Manifest> => readManifest(text, { kinds })
const fileText = (path: string): string => readFileSync(join(root, path), 'utf8')

function mistakesOf(text: string): readonly Mistake[] {
  const reading = read(text)
  return reading.ok ? [] : reading.mistakes
}

const line = (mistake: Mistake): string =>
  `${mistake.line}:${mistake.column} ${mistake.path === '' ? '' : `${mistake.path}: `}${mistake.message}`

function sound(text: string): Manifest {
  const reading = read(text)
  if (!reading.ok) throw new Error(`${text}\n${reading.mistakes.map(line).join('\n')}`)
  return reading.value
}

/** The manifests of bad-manifests.txt, each with a title and its mistakes, one a line. */
const corpus = readFileSync(join(import.meta.dirname, 'bad-manifests.txt'), 'utf8')
  .split(/^=== /m)
  .slice(1)
  .map((part) => {
    const [, title = '', text = '', mistakes = ''] = /^(.*)\n([^]*)>>> mistakes\n([^]*)$/.exec(part) ?? []
    return { title, text, mistakes: mistakes.trimEnd() }
  })

void t.test('a bad manifest is answered with all its mistakes at once, each with place, path and words', async (t) => {
  for (const { title, text, mistakes } of corpus) t.equal(mistakesOf(text).map(line).join('\n'), mistakes, title)
  const words = corpus.flatMap(({ mistakes }) => mistakes.split('\n').map((one) => one.replace(/^\S+ (\S+: )?/, '')))
  t.ok(new Set(words).size >= 60, `${new Set(words).size} different mistakes`)
})

void t.test('with line breaks of Windows the mistakes are the same', async (t) => {
  // where the parser gives up at the end of a line, that end is one character further on
  for (const { title, text, mistakes } of corpus.filter((entry) => !/bracket that is not closed/.test(entry.title)))
    t.equal(mistakesOf(text.replaceAll('\n', '\r\n')).map(line).join('\n'), mistakes, title)
})

void t.test('a tag that YAML does not know is a warning', async (t) => {
  const reading = read('version: 1\nname: !strange x\ntasks: [{ id: a, verb: review }]\n')
  t.match(reading, { ok: true, warnings: [{ line: 2, column: 7, message: /!strange/ }] })
})

void t.test(
  'property: a text is read or has mistakes within it, whatever is cut out of it or put into it',
  async (t) => {
    const whole = [fileText('examples/diamond/troupe.yaml'), ...corpus.map(({ text }) => text)]
    const scraps = fc.oneof(
      fc.constantFrom('"', "'", '[', '{', '}', ': ', '- ', '&a ', '*a', '\n', '\t', '{{', '|'),
      fc.string(),
    )
    const change = fc.record({ at: fc.nat(3000), cut: fc.nat(20), put: scraps })
    fc.assert(
      fc.property(fc.constantFrom(...whole), fc.array(change, { minLength: 1, maxLength: 4 }), (original, changes) => {
        const text = changes.reduce((now, { at, cut, put }) => now.slice(0, at) + put + now.slice(at + cut), original)
        const reading = read(text)
        if (reading.ok) return true
        const lines = text.split('\n')
        const inside = ({ line, column }: Mistake): boolean =>
          line >= 1 && line <= lines.length && column >= 1 && column <= (lines[line - 1] ?? '').length + 1
        return reading.mistakes.length > 0 && reading.mistakes.every(inside)
      }),
      { numRuns: 300 },
    )
    t.equal(read('['.repeat(100_000)).ok, false, 'nor does deep nesting break the reader')
    t.equal(read(`{"a": ${'['.repeat(5000)}${']'.repeat(5000)}}`).ok, false)
  },
)

void t.test('mistakes are shown as a compiler shows them', async (t) => {
  const at = (column: number, line = 1): Mistake => ({ line, column, path: 'a.b', message: 'is wrong' })
  const shown = (text: string, mistake: Mistake): readonly string[] =>
    showMistakes('m.yaml', text, [mistake]).split('\n').slice(1, 3)
  t.equal(
    showMistakes('m.yaml', 'x\ny: 1\n', [at(4, 2), { line: 3, column: 1, path: '', message: 'is short' }]),
    [
      'm.yaml:2:4 error a.b: is wrong',
      '    2 | y: 1',
      '      |    ^',
      'm.yaml:3:1 error is short',
      '    3 | ',
      '      | ^',
      '2 mistakes; nothing was started',
    ].join('\n'),
  )
  t.same(shown('\tx:\ty\r\n', at(5)), ['    1 | \tx:\ty', '      | \t  \t^'], 'below tabs')
  t.same(shown('日本: x', at(5)), ['    1 | 日本: x', '      |       ^'], 'below wide characters')
  t.same(shown('e\u0301e\u0301: x', at(7)), ['    1 | e\u0301e\u0301: x', '      |     ^'], 'below combining marks')
  t.same(shown('👩\u200D💻: x', at(8)).at(1)?.endsWith('^'), true)
  t.same(shown('a\u001B[31mb', at(2)), ['    1 | a\uFFFD[31mb', '      |  ^'], 'no escape reaches the terminal')
  t.same(shown('a\u202Eb', at(2)), ['    1 | a\uFFFDb', '      |  ^'], 'nor what turns a line round')
  t.match(showMistakes('m.yaml', '', [{ ...at(1), message: 'no \u001B]0;title\u0007' }]), /no \uFFFD\]0;title\uFFFD/)
  t.same(shown('\n'.repeat(123_455) + 'x', at(1, 123_456)), ['123456 | x', '       | ^'], 'also far down')
  const [source = '', caret = ''] = shown(`${'a'.repeat(500)}X${'b'.repeat(500)}`, at(501))
  t.ok(source.length < 140 && source.includes('…') && source.charAt(caret.indexOf('^')) === 'X', 'and far to the right')
})

void t.test('what a manifest leaves out is as the reference says', async (t) => {
  const { agents, ...rest } = sound('version: 1\ntasks: [{ id: a, verb: review }, { id: b, command: [make] }]\n')
  t.same(
    [...agents.keys()].toSorted(),
    ['acp', 'claude', 'codex', 'command', 'gemini', 'local', 'model', 'opencode'],
    'agents named for their kind need no declaration',
  )
  t.match(agents.get(asAgentName('local')), { kind: 'local', mode: 'auto', concurrency: null, options: {} })
  const task = {
    prompt: null,
    files: [],
    owns: null,
    needs: [],
    priority: 0,
    estimateMs: null,
    timeoutMs: null,
    stallMs: 900_000,
    memoryBytes: null,
    budget: { tokens: null, costUsd: null, timeMs: null },
    bestOf: null,
    retries: 0,
    onRetry: 'fresh',
    env: {},
    workspace: null,
  }
  t.same(rest, {
    version: 1,
    name: null,
    base: 'HEAD',
    mode: 'auto',
    concurrency: 4,
    mailbox: 64,
    providers: new Map(),
    onConflict: 'tell',
    stallMs: 900_000,
    memoryBytes: null,
    budget: { tokens: null, costUsd: null, timeMs: null },
    snapshotMs: 10_000,
    merge: {
      strategy: 'best-set',
      resolve: 'likely',
      off: [],
      blame: true,
      union: [],
      keyed: [],
      regenerate: [],
      reusePasses: true,
      checksAtOnce: null,
      resolver: null,
    },
    onOverlap: 'warn',
    onFailure: 'continue',
    secrets: [],
    keepPrompts: false,
    tasks: [
      { id: 'a', agent: 'local', verb: 'review', command: null, ...task },
      { id: 'b', agent: 'command', verb: 'run', command: ['make'], ...task },
    ],
    check: [],
    prepare: [],
    earlyCheck: [],
    output: { json: null, markdown: null, sarif: null },
  })
})

void t.test('what a manifest says is filled in', async (t) => {
  const { agents, tasks, check, output } = sound(`
version: 1
agents:
  coder: { kind: command, argv: [code, "{{task.prompt}}"], mode: process, concurrency: 2 }
  sh: { kind: command, shell: true }
  local: { kind: local, maximumFiles: 3 }
tasks:
  - { id: a, agent: coder, prompt: do it, files: [./src//a.js, src/., .], owns: [src/, "./lib/**"] }
  - { id: b, agent: coder, needs: [a], estimate: 20m, timeout: 1.5h, retries: 3, priority: -2, workspace: none, env: { A: b } }
  - { id: c, agent: sh, command: "make | tee {{task.id}}" }
  - { id: d, command: "node -e 'a > b' \\"\\" {{ task.files }} x{{task.id}}" }
check: [npm test, { run: make, timeout: 5m }, { name: types, run: [tsc, -p, "."] }]
output: { json: out/p.json }
`)
  t.match(agents.get(asAgentName('coder')), {
    mode: 'process',
    concurrency: 2,
    options: { argv: ['code', '{{task.prompt}}'] },
  })
  t.same(agents.get(asAgentName('local'))?.options, { maximumFiles: 3 })
  t.match(tasks[0], { verb: 'implement', command: null, files: ['src/a.js', 'src', '.'], owns: ['src/**', 'lib/**'] })
  t.match(tasks[1], { verb: 'run', timeoutMs: 5_400_000, retries: 3, priority: -2, workspace: 'none', env: { A: 'b' } })
  t.equal(tasks[1]?.estimateMs, 1_200_000)
  t.same(tasks[2]?.command, ['make | tee {{task.id}}'], 'a line for a shell stays one')
  t.same(tasks[3]?.command, ['node', '-e', 'a > b', '', '{{task.files}}', 'x{{task.id}}'], 'a variable stays one word')
  t.same(check, [
    { name: 'npm test', command: ['sh', '-c', 'npm test'], timeoutMs: null },
    { name: 'make', command: ['sh', '-c', 'make'], timeoutMs: 300_000 },
    { name: 'types', command: ['tsc', '-p', '.'], timeoutMs: null },
  ])
  t.same(output, { json: 'out/p.json', markdown: null, sarif: null })
})

void t.test('commands written as text are split, but never guessed at', async (t) => {
  const split = (text: string): readonly string[] | string => {
    const words = commandWords(text)
    return words.ok ? words.argv : words.message
  }
  t.same(split('  make  -j4\tall '), ['make', '-j4', 'all'])
  t.same(split(`a"b c"d 'e|f' "" C:\\x`), ['ab cd', 'e|f', '', 'C:\\x'])
  for (const special of '|&;<>$`*?') t.match(split(`a ${special} b`), `'${special}' is for a shell`)
  t.match(split('a\nb'), /^a line break is for a shell/)
  t.match(split(`a "b' | c`), 'the quote " is not closed')
  t.match(split(' \t'), 'must name a program')
})

void t.test('JSON is read as the YAML that it is, also on the short way', async (t) => {
  const json = JSON.stringify({ version: 1, name: 'x', tasks: [{ id: 'a', command: ['x', '{"a": "b:"}'] }] }, null, 1)
  t.ok(jsonDocument(json))
  t.same(sound(json), sound(`# no longer plain JSON\n${json}`))
  t.equal(jsonDocument('{"a": 1, "a": 2}'), null, 'a key twice is for YAML to tell')
  t.equal(jsonDocument('version: 1'), null)
})

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}[a-z0-9]$/).filter((text) => text !== 'proposal')
const words = fc.oneof(
  fc.string({ minLength: 1 }),
  fc.constantFrom('yes', '1', 'null', '~', '- a', '{{task.id}}', 'a\nb', '# x'),
)
const path = fc.stringMatching(/^[a-z*]{1,5}(\/[a-z ]{1,5}){0,2}$/)
const options = fc.oneof(
  fc.record(
    {
      kind: fc.constant('command'),
      argv: fc.array(words, { minLength: 1, maxLength: 3 }),
      shell: fc.boolean(),
      inheritEnv: fc.constantFrom('all', ['A', 'B_*']),
      mode: fc.constantFrom('auto', 'process'),
      concurrency: fc.integer({ min: 1, max: 9 }),
    },
    { requiredKeys: ['kind'] },
  ),
  fc.record({ kind: fc.constant('local'), ignoreRules: fc.array(fc.string()) }, { requiredKeys: ['kind'] }),
)
const budget = fc
  .record(
    {
      tokens: fc.integer({ min: 1 }),
      costUsd: fc.constantFrom(0.01, 1, 2.5),
      time: fc.constantFrom('250ms', '90s', '2h'),
    },
    { requiredKeys: [] },
  )
  .filter((limits) => Object.keys(limits).length > 0)
const anyTask = (ids: readonly string[], index: number): fc.Arbitrary<object> =>
  fc
    .record(
      {
        id: fc.constant(ids[index]),
        agent: fc.constantFrom('command', 'any'),
        verb: words,
        prompt: words,
        command: fc.oneof(words, fc.array(words, { minLength: 1, maxLength: 3 })),
        files: fc.array(path, { maxLength: 3 }),
        owns: fc.array(path, { minLength: 1, maxLength: 2 }),
        needs: fc.subarray(ids.slice(0, index)),
        priority: fc.integer({ min: -5, max: 5 }),
        estimate: fc.constantFrom('1ms', '20m'),
        timeout: fc.constantFrom('250ms', '3s', '90s', '5m', '2h', '1.5h', '0.5s'),
        stall: fc.constantFrom('off', '15m', '3s', '1d'),
        memory: fc.constantFrom('off', '64MB', '1GB', '1.5GB'),
        budget,
        onRetry: fc.constantFrom('fresh', 'continue'),
        retries: fc.nat(5),
        env: fc.dictionary(fc.stringMatching(/^[A-Z]{1,5}$/), words, { maxKeys: 2 }),
        workspace: fc.constantFrom('own', 'shared', 'none'),
        bestOf: fc.integer({ min: 2, max: 16 }),
      },
      { requiredKeys: ['id', 'command'] },
    )
    .map(({ bestOf, ...task }) =>
      bestOf === undefined || !['own', undefined].includes(task.workspace) ? task : { ...task, bestOf },
    )
const manifests = fc.uniqueArray(name, { minLength: 1, maxLength: 6 }).chain((ids) =>
  fc.record(
    {
      version: fc.constant(1),
      name,
      base: words,
      mode: fc.constantFrom('auto', 'thread'),
      concurrency: fc.integer({ min: 1, max: 9 }),
      mailbox: fc.nat(100),
      stall: fc.constantFrom('off', '15m', '3s'),
      memory: fc.constantFrom('off', '64MB', '1GB'),
      snapshot: fc.constantFrom('off', '10s', '3s'),
      merge: fc.record(
        {
          strategy: fc.constantFrom('best-set', 'in-order', 'all-or-nothing'),
          resolve: fc.constantFrom('off', 'likely', 'certain'),
          without: fc.array(fc.constantFrom('white-space', 'both-insert'), { maxLength: 2 }),
          blame: fc.boolean(),
          union: fc.array(path, { maxLength: 2 }),
          keyed: fc.array(path, { maxLength: 2 }),
          regenerate: fc.dictionary(
            path,
            fc.oneof(
              words,
              fc.array(words, { minLength: 1, maxLength: 2 }),
              fc.record({ run: words, timeout: fc.constantFrom('3s', '5m') }, { requiredKeys: ['run'] }),
            ),
            { maxKeys: 2 },
          ),
          reusePasses: fc.boolean(),
          checksAtOnce: fc.integer({ min: 1, max: 64 }),
        },
        { requiredKeys: [] },
      ),
      onOverlap: fc.constantFrom('warn', 'serialize', 'refuse'),
      onFailure: fc.constantFrom('continue', 'stop'),
      agents: fc.record({ any: options, command: options }, { requiredKeys: ['any'] }),
      tasks: fc.tuple(...ids.map((_, index) => anyTask(ids, index))),
      budget,
      prepare: fc.array(words, { minLength: 1, maxLength: 2 }),
      earlyCheck: fc.array(words, { minLength: 1, maxLength: 2 }),
      check: fc.array(fc.oneof(words, fc.record({ run: words, name: words }, { requiredKeys: ['run'] })), {
        maxLength: 2,
      }),
      output: fc.record({ json: path, sarif: path }, { requiredKeys: [] }),
    },
    { requiredKeys: ['version', 'agents', 'tasks'] },
  ),
)

/** Agents are known by name, their order says nothing. */
const comparable = (manifest: Manifest): object => ({
  ...manifest,
  agents: Object.fromEntries([...manifest.agents].toSorted(([a], [b]) => (a < b ? -1 : 1))),
})

void t.test('property: a manifest that is printed reads back to the same', async (t) => {
  let readable = 0
  fc.assert(
    fc.property(manifests, (document) => {
      const reading = read(JSON.stringify(document))
      if (!reading.ok) return // chance has made a command for a shell, a blank text or the like
      readable += 1
      const printed = manifestToYaml(reading.value, { schema: './schema.json' })
      t.match(printed, /^# yaml-language-server: \$schema=\.\/schema\.json\nversion: 1\n/)
      t.same(comparable(sound(printed)), comparable(reading.value))
    }),
    { numRuns: 300 },
  )
  t.ok(readable > 50, `${readable} were sound`)
})

void t.test('what is printed leaves out what is as by default', async (t) => {
  const text = 'version: 1\ntasks:\n  - id: a\n    agent: local\n    verb: review\n'
  t.equal(manifestToYaml(sound(text), { schema: null }), text)
  const shell = 'agents:\n  command:\n    kind: command\n    shell: true\n'
  const line = `version: 1\n${shell}tasks:\n  - id: a\n    agent: command\n    verb: run\n    command: a | b\n`
  t.equal(manifestToYaml(sound(line), { schema: null }), line, 'a line for a shell is printed as one')
})

const values: TemplateValues = {
  run: 'r',
  task: 'a',
  verb: 'fix',
  agent: 'x',
  attempt: 2,
  prompt: 'do {{it}}',
  files: ['a b.js', 'c.js'],
  summaries: new Map([['n', 'said']]),
}

void t.test('templates fill in what they name, and nothing else', async (t) => {
  const render = (template: string): string => renderText(template, values)
  t.equal(render('{{run.id}} {{task.id}} {{task.verb}} {{task.agent}} {{ task.attempt }}'), 'r a fix x 2')
  t.equal(render('{{task.files}}, {{needs.n.summary}}'), 'a b.js c.js, said')
  t.equal(render('{{task.prompt}}'), 'do {{it}}', 'what was filled in is not read again')
  t.equal(render('{{{{task.id}} {{{task.id}}} }} {'), '{{task.id}} {a} }} {')
  t.same(renderArguments(['x', '{{ task.files }}', 'f={{task.files}}', ''], values), [
    'x',
    'a b.js',
    'c.js',
    'f=a b.js c.js',
    '',
  ])
  t.same(renderArguments(['{{task.files}}'], { ...values, files: [] }), [], 'no files, no argument')
  fc.assert(
    fc.property(fc.string(), (text) => {
      const escaped = text.replaceAll('{{', '{{{{')
      return templateMistakes(escaped, { needs: [], withPrompt: true }).length === 0 && render(escaped) === text
    }),
  )
})

void t.test('every manifest in the documents and examples is sound', async (t) => {
  const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)]
  const blocks = pages
    .filter((name) => name.endsWith('.md'))
    .flatMap((page) => [...fileText(page).matchAll(/^```yaml\n([^]*?)^```/gm)].map(([, text = '']) => ({ page, text })))
    .filter(({ text }) => /^(?:version:|# yaml-language-server:)/.test(text))
  const examples = readdirSync(join(root, 'examples'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => ({ page: `examples/${name}`, text: fileText(`examples/${name}`) }))
  for (const { page, text } of [...blocks, ...examples]) t.same(mistakesOf(text).map(line), [], page)
  t.ok(blocks.length >= 5 && examples.length >= 2, `${blocks.length} in documents, ${examples.length} examples`)
})

void t.test('the reference names every key and no other, and shows mistakes as they are', async (t) => {
  const reference = fileText('docs/manifest.md')
  const tables = reference.matchAll(/^\|(?: key \|| kind \| option \|).*\n\|-.*\n((?:\|.*\n)+)/gm)
  const named = new Set(
    [...tables].flatMap(([, rows = '']) =>
      [...rows.matchAll(/^(?:\| `(?:command|local|model|acp|codex)`(?:, `\w+`)* )?\| `(\w+)`/gm)].map(([, key]) => key),
    ),
  )
  const keys = new Set(keysOf(manifestJsonSchema(kinds)).map(({ key }) => key))
  keys.delete('$schema')
  t.same(
    [...keys].filter((key) => !named.has(key)),
    [],
    'keys without a row',
  )
  t.same(
    [...named].filter((key) => !keys.has(key ?? '')),
    [],
    'rows without a key',
  )
  const bad =
    'version: 1\nconcurency: 4\ntasks:\n  - id: parser\n    command: make parser\n  - id: docs\n    command: make docs\n    needs: [pasrer]\n'
  t.ok(reference.includes(`\n${showMistakes('troupe.yaml', bad, mistakesOf(bad))}\n`), 'mistakes')
  for (const [, expression = ''] of reference.matchAll(/^troupe \w+ (?:--[\w-]+ )*'(.+)'$/gm))
    t.match(readExpression(expression, { kinds }), { ok: true }, expression)
  t.match(reference, /^troupe \w+ '.+'$/m)
})

void t.test('an editor is told what every key means', async (t) => {
  const silent = keysOf(manifestJsonSchema(kinds)).filter(({ description }) => description === undefined)
  t.same(silent, [])
})

interface Described {
  readonly key: string
  readonly description: unknown
}

/** The keys of a JSON Schema and what it says of them. */
function keysOf(schema: unknown): readonly Described[] {
  if (typeof schema !== 'object' || schema === null) return []
  return Object.entries(schema).flatMap(([word, value]) => {
    if (word !== 'properties') return keysOf(value)
    const properties = Object.entries(value as Readonly<Record<string, { readonly description?: unknown }>>)
    return properties.flatMap(([key, inner]) => [{ key, description: inner.description }, ...keysOf(inner)])
  })
}

// from here on expressions

/** A kind that does whatever it is asked. */
const willing: PlanKind = {
  summary: 'Does whatever it is asked.',
  options: must(realKinds, 'command').options,
  preferredMode: 'async',
  preferredWorkspace: () => 'own',
  willWrite: () => null,
  mistakes: () => [],
}
const anything = new Map([
  ['local', willing],
  ['coder', willing],
])
const express = (text: string, kinds: ReadonlyMap<string, PlanKind> = realKinds): Reading<Manifest> =>
  readExpression(text, { kinds })

function soundOf(reading: Reading<Manifest>): Manifest {
  if (!reading.ok) throw new Error(JSON.stringify(reading.mistakes))
  return reading.value
}

/** Tasks as `id` or `id<need,need`. */
const outline = ({ tasks }: Manifest): string =>
  tasks.map(({ id, needs }) => (needs.length === 0 ? id : `${id}<${needs.join()}`)).join(' ')

const outlines: readonly (readonly [string, string])[] = [
  ['review "security issues" auth.py AND test auth.py AND docs auth.py', 'review-auth test-auth docs-auth'],
  ['review a.py THEN docs a.py', 'review-a docs-a<review-a'],
  ['review a.py AND review b.py THEN docs a.py', 'review-a review-b docs-a<review-a,review-b'],
  ['review a.py AND (review b.py THEN docs a.py)', 'review-a review-b docs-a<review-b'],
  ['review a.py THEN docs a.py AND docs b.py', 'review-a docs-a<review-a docs-b<review-a'],
  ['docs a.py THEN docs b.py THEN docs c.py', 'docs-a docs-b<docs-a docs-c<docs-b'],
  [
    'review a.py AND (docs b.py THEN test b.py) THEN review c.py',
    'review-a docs-b test-b<docs-b review-c<review-a,test-b',
  ],
  ['((review a.py)THEN(docs a.py AND(docs b.py)))', 'review-a docs-a<review-a docs-b<review-a'],
  ['review\n  a.py\nTHEN docs a.py', 'review-a docs-a<review-a'],
]

t.test('AND is beside, THEN is after, AND binds tighter, brackets group', async (t) => {
  for (const [text, expected] of outlines) t.equal(outline(soundOf(express(text))), expected, text)
})

t.test('a clause has a verb, a prompt, paths and an agent', async (t) => {
  const clause = (text: string): unknown => {
    const [task] = soundOf(express(text, anything)).tasks
    return [task?.verb, task?.prompt, task?.files, task?.agent]
  }
  t.same(clause('fix'), ['fix', null, [], 'local'])
  t.same(clause('fix "it" ./a//b.js c/'), ['fix', 'it', ['a/b.js', 'c'], 'local'])
  t.same(clause('fix a.js \'it\' "odd (name).js" @coder'), ['fix', 'it', ['a.js', 'odd (name).js'], 'coder'])
  t.same(clause(String.raw`fix @coder "say \"hi\" \\ \'" 'it\'s'`), [
    'fix',
    String.raw`say "hi" \ '`,
    ["it's"],
    'coder',
  ])
  t.same(clause('fix "AND" "THEN"'), ['fix', 'AND', ['THEN'], 'local'], 'in quotes a keyword is a text')
  t.same(clause('fix "{{task.files}}" a.js'), ['fix', '{{task.files}}', ['a.js'], 'local'])
})

t.test('ids name the verb and the file, each once, and fit file names and refs', async (t) => {
  const ids = (text: string): readonly string[] => soundOf(express(text, anything)).tasks.map(({ id }) => id)
  t.same(ids('fix A.js AND fix a.js AND fix src/A.ts AND fix a-2.js'), ['fix-A', 'fix-a-2', 'fix-A-3', 'fix-a-2-2'])
  t.same(ids('fix .env AND fix src/ AND fix "x y.tar.gz" AND fix'), ['fix-.env', 'fix-src', 'fix', 'fix-2'])
  t.same(ids('fix a..b.js AND fix x.lock.js AND ünïcödé AND 日本'), ['fix-a.b', 'fix-x-lock', 'n-c-d', 'task'])
  t.same(ids('proposal AND Proposal'), ['proposal-2', 'Proposal-3'], "one name is the run's own")
  t.equal(ids(`fix ${'a'.repeat(100)}.js`)[0]?.length, 56)
})

const mistakes: readonly (readonly [string, string])[] = [
  ['', '1:1 the task expression is empty; a task begins with its verb, as in: review "security" auth.py'],
  ['review a.py AND', '1:16 a task begins with its verb, as in: review "security" auth.py; found the end'],
  ['AND review a.py', '1:1 a task begins with its verb, as in: review "security" auth.py; found "AND"'],
  ['review a.py THEN AND docs b.py', '1:18 a task begins with its verb, as in: review "security" auth.py; found "AND"'],
  ['"prompt" review', '1:1 a task begins with its verb, as in: review "security" auth.py; found "prompt"'],
  ['@local review a.py', '1:1 a task begins with its verb, as in: review "security" auth.py; found "local"'],
  ['() AND review a.py', '1:2 a task begins with its verb, as in: review "security" auth.py; found ")"'],
  ['(review a.py', '1:1 this bracket is not closed'],
  ['review a.py)', '1:12 this bracket was not opened'],
  [
    'review a.py) THEN reviw b.py',
    "1:12 this bracket was not opened\n1:19 local knows review, test and docs; use a command or model agent for 'reviw'",
  ],
  ['review a.py (docs b.py)', '1:13 AND or THEN must stand here'],
  [`${'('.repeat(101)}review${')'.repeat(101)}`, '1:101 brackets are nested more than 100 deep'],
  ['review a.py @nobody @local', '1:21 a task has one agent, and @nobody was named already'],
  ['review a.py @locl', '1:13 no agent is called locl; did you mean local?'],
  ['review a.py @', '1:13 the name of an agent must follow the @'],
  ['review "" a.py', '1:8 the prompt must not be empty'],
  ['review "x', '1:8 the quote " is not closed'],
  ['review “for bugs” a.py', `1:8 “ is no quote here: write " or '`],
  ['review a.py AND docs «all» d’or.py', `1:22 « is no quote here: write " or '`],
  [String.raw`review 'x\'`, "1:8 the quote ' is not closed"],
  ['review a.py and docs b.py', '1:13 write AND in capitals; quote and if it is a path'],
  ['review a.py Then docs b.py', '1:13 write THEN in capitals; quote Then if it is a path'],
  ['review ../a.py', '1:8 the path "../a.py" must stay inside the repository'],
  ['review "p" /a.py', '1:12 the path "/a.py" must be relative to the repository: it is absolute'],
  ['review "{{task.fils}}" a.py', '1:8 unknown variable {{task.fils}}; did you mean task.files?'],
  [
    'docs a.py THEN review "{{needs.docs-a.summary}} {{needs.docs.summary}}" a.py',
    '1:23 {{needs.docs.summary}}: docs is not among the needs of this task',
  ],
  ['reviw a.py', "1:1 local knows review, test and docs; use a command or model agent for 'reviw'"],
  ['docs', "1:1 local needs files for 'docs'"],
  ['review a.py\n  AND docs', "2:7 local needs files for 'docs'"],
  [
    'reviw ../a.py @nobody AND (docs /b "{{x}}',
    [
      '1:7 the path "../a.py" must stay inside the repository',
      '1:15 no agent is called nobody',
      '1:27 this bracket is not closed',
      '1:33 the path "/b" must be relative to the repository: it is absolute',
      '1:36 the quote " is not closed',
      '1:36 unknown variable {{x}}; write {{{{ for two braces',
    ].join('\n'),
  ],
]

t.test('every mistake of an expression is told at once, with its column', async (t) => {
  for (const [text, expected] of mistakes) {
    const reading = express(text)
    const found = reading.ok ? [] : reading.mistakes.map(({ line, column, message }) => `${line}:${column} ${message}`)
    t.equal(found.join('\n'), expected, text)
  }
})

type Tree = string | { readonly join: 'AND' | 'THEN'; readonly parts: readonly Tree[] }

const { tree: trees } = fc.letrec<{ tree: Tree; leaf: string; node: Tree }>((tie) => ({
  tree: fc.oneof({ maxDepth: 4, depthSize: 'small' }, tie('leaf'), tie('node')),
  leaf: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  node: fc.record({
    join: fc.constantFrom('AND' as const, 'THEN' as const),
    parts: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
  }),
}))

/** The tree as an expression; `bare` where no brackets are needed around a joined part. */
function print(tree: Tree, bare: (join: string) => boolean): string {
  if (typeof tree === 'string') return `fix "${tree}" ${tree}.js`
  const text = tree.parts
    .map((part) => print(part, (inner) => tree.join === 'THEN' && inner === 'AND'))
    .join(` ${tree.join} `)
  return bare(tree.join) || (tree.parts.length === 1 && typeof tree.parts[0] === 'string') ? text : `(${text})`
}

/** What the tree means, told in another way: places of all tasks, with the places that each needs. */
function meaning(tree: Tree, before: readonly number[], all: (readonly number[])[]): readonly number[] {
  if (typeof tree === 'string') return [all.push(before) - 1]
  let sinks: readonly number[] = []
  let needs = before
  for (const part of tree.parts) {
    const ends = meaning(part, needs, all)
    sinks = tree.join === 'AND' ? [...sinks, ...ends] : ends
    if (tree.join === 'THEN') needs = ends
  }
  return sinks
}

t.test('property: any nesting means what it says, and reads back from the manifest it stands for', async (t) => {
  fc.assert(
    fc.property(trees, (tree) => {
      const manifest = soundOf(
        express(
          print(tree, () => true),
          anything,
        ),
      )
      const places = new Map(manifest.tasks.map(({ id }, place) => [id, place]))
      const expected: (readonly number[])[] = []
      meaning(tree, [], expected)
      t.same(
        manifest.tasks.map(({ needs }) => needs.map((need) => places.get(need))),
        expected,
      )
      t.same(soundOf(readManifest(manifestToYaml(manifest, { schema: null }), { kinds: anything })), manifest)
      t.same(soundOf(readManifest(manifestToJson(manifest), { kinds: anything })), manifest)
    }),
    { numRuns: 200 },
  )
})

t.test('a long YAML text is read some tasks at a time, and to the same', async (t) => {
  const bounds = { from: 0, atOnce: 2 }
  for (const indent of ['', '  ', '    ']) {
    const items = ['a', 'b', 'c', 'd', 'e'].map(
      (id) =>
        `${indent}- id: ${id} # one\n${indent}  prompt: |\n${indent}    - id: x\n\n${indent}    tasks:\n${indent}# more\n`,
    )
    const text = `# all\nversion: 1\ntasks: # five\n\n${items.join('\n')}check:\n  - run: "make\n      it"\n`
    const { value } = readYaml(text)
    t.strictSame(longYaml(text, bounds), value)
    t.match(value, { version: 1, tasks: { length: 5 }, check: [{ run: 'make it' }] })
    t.strictSame(longYaml(text.replaceAll('\n', '\r\n'), bounds), readYaml(text.replaceAll('\n', '\r\n')).value)
    t.equal(longYaml(text, { from: text.length + 1, atOnce: 2 }), null, 'a short one is read as a whole')
    for (const wrong of ['tasks: []\n', 'version: 2\n', '  x: y\n', '"open\n', '---\n', 'a: *b\n'])
      t.equal(longYaml(text + wrong, bounds), null, wrong)
    const shared = text.replace('id: c', 'id: &c c').replace('id: e', 'id: *c')
    t.ok(longYaml(shared, { from: 0, atOnce: 5 }))
    t.equal(longYaml(shared, bounds), null, 'what another part has')
    t.equal(longYaml(text.replace('id: c', 'id: "c'), bounds), null, 'what is not closed')
    t.equal(longYaml(text.replace('id: c', 'id: *c'), bounds), null, 'what stands elsewhere')
    t.equal(longYaml(text.replace('check:', '-x: 1\ncheck:'), bounds), null, 'a key that begins as a task does')
    const anchored = `name: &n all\n${text.replace('id: c', 'id: &n c')}base: *n\n`
    t.equal(longYaml(anchored, bounds), null, 'an anchor that is set again among the tasks')
  }
})

t.test('property: what is read some tasks at a time is what is read as a whole', async (t) => {
  const scraps = [
    'tasks:',
    '- ',
    '  - ',
    'id: a',
    'version: 1',
    ' ',
    '  ',
    '#',
    '"',
    "'",
    '|',
    '[',
    ']',
    '{',
    '}',
    ':',
    '\r',
  ]
  const line = fc.array(fc.constantFrom(...scraps), { maxLength: 5 }).map((parts) => parts.join(''))
  const lines = fc.array(fc.oneof(line, fc.constantFrom('tasks:', '- id: b', '- id: c', '  - id: d', '  x: >')), {
    maxLength: 12,
  })
  let read = 0
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      const text = [...before, 'tasks:', ...after].join('\n')
      const value = longYaml(text, { from: 0, atOnce: 1 })
      if (value === null) return true
      read += 1
      const whole = readYaml(text)
      t.strictSame(value, whole.value, text)
      return whole.mistakes.length === 0
    }),
    { numRuns: 20_000 },
  )
  t.comment(`${read} were read`)
  t.ok(read > 20, 'many were read')
})

t.test('property: any text is read or has mistakes within it, and what is read is a sound manifest', async (t) => {
  const scraps = fc.constantFrom(
    'fix',
    'a.js',
    ' ',
    ' AND ',
    ' THEN ',
    'and',
    '(',
    ')',
    '"',
    "'",
    '\\',
    '@',
    '@local',
    '"p"',
    '{{',
    '}}',
    '\n',
    '/',
    '..',
    '.lock',
  )
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ arbitrary: scraps, weight: 9 }, { arbitrary: fc.string(), weight: 1 })),
      (parts) => {
        const text = parts.join('')
        const reading = express(text, anything)
        if (reading.ok) {
          t.same(
            soundOf(readManifest(manifestToYaml(reading.value, { schema: null }), { kinds: anything })),
            reading.value,
          )
          return reading.value.tasks.every(({ id }) => namePattern.test(id))
        }
        const lines = text.split('\n')
        return (
          reading.mistakes.length > 0 &&
          reading.mistakes.every(({ line, column }) => column >= 1 && column <= (lines[line - 1] ?? '').length + 1)
        )
      },
    ),
    { numRuns: 1000 },
  )
})

t.test('what is printed of an expression is plain: no anchors, however many tasks wait for the same', async (t) => {
  const { tasks } = soundOf(express('fix a AND fix b THEN fix c AND fix d', anything))
  const manifest = { ...soundOf(express('fix a', anything)), tasks }
  t.notMatch(manifestToYaml(manifest, { schema: null }), /[&*]/)
})

t.test('an argument is an expression when it can be no plain path', async (t) => {
  for (const text of ['review a.py', '(review)', 'review\ta.py', ' review "x" ']) t.ok(isExpression(text), text)
  for (const text of ['troupe.yaml', 'review', ' a/b.yaml ', '']) t.notOk(isExpression(text), text)
})

// from here on the graph of tasks

const task = (
  id: string,
  change: Partial<Omit<Task, 'needs'>> & { readonly needs?: readonly string[] } = {},
): Task => ({
  id: asTaskId(id),
  agent: asAgentName('command'),
  verb: 'run',
  prompt: null,
  command: ['x'],
  files: [],
  owns: null,
  priority: 0,
  estimateMs: null,
  timeoutMs: null,
  stallMs: null,
  memoryBytes: null,
  budget: noBudget,
  bestOf: null,
  retries: 0,
  onRetry: 'fresh',
  env: {},
  workspace: null,
  ...change,
  needs: (change.needs ?? []).map(asTaskId),
})

interface Node {
  readonly needs: readonly number[]
  readonly priority: number
  readonly estimateMs: number | null
  readonly files: readonly number[]
}

/** Tasks whose needs stand anywhere in the manifest, before them or behind. */
const dags = fc.integer({ min: 1, max: 30 }).chain((size) =>
  fc
    .tuple(
      fc.shuffledSubarray(
        Array.from({ length: size }, (_, index) => index),
        { minLength: size },
      ),
      fc.array(
        fc.record({
          needs: fc.uniqueArray(fc.nat(size - 1), { maxLength: 3 }),
          priority: fc.nat(2),
          estimateMs: fc.option(fc.integer({ min: 1, max: 4 })),
          files: fc.uniqueArray(fc.nat(8), { maxLength: 2 }),
        }),
        { minLength: size, maxLength: size },
      ),
    )
    .map(([heights, nodes]): readonly Node[] =>
      nodes.map((node, index) => {
        const isLower = (need: number): boolean => (heights[need] ?? 0) < (heights[index] ?? 0)
        return { ...node, needs: node.needs.filter(isLower) }
      }),
    ),
)
const tasksOf = (dag: readonly Node[]): readonly Task[] =>
  dag.map(({ needs, priority, estimateMs, files }, index) =>
    task(`t${index}`, {
      needs: needs.map((need) => `t${need}`),
      priority,
      estimateMs,
      files: files.map((file) => `f${file}`),
    }),
  )

/** All that is behind a task, by the plainest of ways. */
function ancestors(dag: readonly Node[], index: number): ReadonlySet<number> {
  const needs = dag[index]?.needs ?? []
  return new Set(needs.flatMap((need) => [need, ...ancestors(dag, need)]))
}

const ids = (tasks: readonly Task[], indices: readonly number[]): string =>
  indices.map((index) => tasks[index]?.id).join(' ')

t.test('property: order, ranks, waves and the critical path are what their words say', async (t) => {
  fc.assert(
    fc.property(dags, (dag) => {
      const graph = buildGraph(tasksOf(dag))
      const all = dag.map((_, index) => index)
      const place = (index: number): number => graph.order.indexOf(index)
      const rank = (index: number): number => graph.rank[index] ?? -1
      const given = dag.flatMap(({ estimateMs }) => estimateMs ?? [])
      const average = given.length === 0 ? 1 : Math.round(given.reduce((sum, one) => sum + one) / given.length)
      const length = (index: number): number => dag[index]?.estimateMs ?? average
      const longest = (index: number): number =>
        length(index) + Math.max(0, ...all.filter((other) => dag[other]?.needs.includes(index)).map(longest))
      const depth = (index: number): number => Math.max(0, ...(dag[index]?.needs ?? []).map((need) => depth(need) + 1))
      t.same(
        graph.order.toSorted((a, b) => a - b),
        all,
      )
      t.same(graph.remaining, all.map(longest))
      for (const [index, { needs }] of dag.entries())
        for (const need of needs) t.ok(place(need) < place(index) && rank(need) < rank(index))
      const byWords = all.toSorted(
        (a, b) => longest(b) - longest(a) || (dag[b]?.priority ?? 0) - (dag[a]?.priority ?? 0) || a - b,
      )
      t.same(graph.byRank, byWords)
      t.same(graph.byRank.map(rank), all)
      t.same(graph.waves, wavesBy(all, depth))
      const critical = graph.criticalPath.reduce((sum, index) => sum + length(index), 0)
      t.equal(critical, Math.max(...all.map(longest)))
      for (const [at, index] of graph.criticalPath.entries())
        if (at > 0) t.ok(dag[index]?.needs.includes(graph.criticalPath[at - 1] ?? -1))
    }),
    { numRuns: 60 },
  )
})

function wavesBy(all: readonly number[], depth: (index: number) => number): readonly (readonly number[])[] {
  const deepest = Math.max(...all.map(depth))
  return Array.from({ length: deepest + 1 }, (_, wave) => all.filter((index) => depth(index) === wave))
}

t.test('the order is the manifest’s where needs leave it free', async (t) => {
  const order = (...tasks: readonly Task[]): string => ids(tasks, buildGraph(tasks).order)
  t.equal(order(task('a'), task('b'), task('c')), 'a b c')
  t.equal(
    order(task('a'), task('b', { needs: ['a'] }), task('c', { needs: ['a'] }), task('d', { needs: ['b', 'c'] })),
    'a b c d',
  )
  t.equal(
    order(task('a', { needs: ['d', 'c'] }), task('b'), task('c'), task('d')),
    'd c a b',
    'right after what it needs',
  )
})

t.test('soft edges order tasks, but are told apart from needs', async (t) => {
  const tasks = [task('a'), task('b'), task('c', { needs: ['a'] })]
  const graph = buildGraph(tasks, [{ first: asTaskId('b'), second: asTaskId('a') }])
  t.equal(ids(tasks, graph.order), 'b a c')
  t.same(graph.needs, [[], [], [0]])
  t.same(graph.after, [[1], [], []])
  t.same(graph.dependants, [[{ index: 2, hard: true }], [{ index: 0, hard: false }], []])
  t.equal(ids(tasks, graph.criticalPath), 'b a c')
  t.throws(() => buildGraph(tasks, [{ first: asTaskId('c'), second: asTaskId('a') }]), RangeError)
})

t.test('property: cycles are found exactly where there are some, each a true one, none sharing a task', async (t) => {
  const graphs = fc
    .integer({ min: 1, max: 12 })
    .chain((size) => fc.array(fc.uniqueArray(fc.nat(size), { maxLength: 3 }), { minLength: size, maxLength: size }))
  let cyclic = 0
  fc.assert(
    fc.property(graphs, (edges) => {
      const needs = new Map(edges.map((targets, index) => [`t${index}`, targets.map((target) => `t${target}`)]))
      const cycles = findCycles(needs)
      cyclic += Number(cycles.length > 0)
      t.equal(cycles.length > 0, hasCycle(needs))
      for (const cycle of cycles) {
        t.equal(cycle.at(0), cycle.at(-1))
        for (const [at, name] of cycle.slice(0, -1).entries()) t.ok(needs.get(name)?.includes(cycle[at + 1] ?? ''))
      }
      const told = cycles.flatMap((cycle) => cycle.slice(1))
      t.equal(new Set(told).size, told.length)
    }),
    { numRuns: 300 },
  )
  t.ok(cyclic > 50 && cyclic < 290, `${cyclic} of 300 had cycles`)
})

/** Whether something is left when all that needs nothing is taken away again and again. */
function hasCycle(needs: ReadonlyMap<string, readonly string[]>): boolean {
  const left = new Set(needs.keys())
  for (let before = -1; before !== left.size;) {
    before = left.size
    for (const name of left) if (!(needs.get(name) ?? []).some((need) => left.has(need))) left.delete(name)
  }
  return left.size > 0
}

t.test('two cycles that are apart are both told, also when one leads to the other', async (t) => {
  const cycles = findCycles(
    new Map([
      ['a', ['b', 'x']],
      ['b', ['c']],
      ['c', ['d', 'b']],
      ['d', ['e']],
      ['e', ['d']],
      ['x', ['a']],
    ]),
  )
  t.same(
    cycles.map((cycle) => cycle.join(' ')),
    ['d e d', 'b c b', 'a x a'],
  )
})

const world: OverlapWorld = { filesInBase: [], matches: matchesGlob, writes: () => true, willWrite: () => null }
const pairs = (
  tasks: readonly Task[],
  change: Partial<OverlapWorld> = {},
  graph: Graph = buildGraph(tasks),
): readonly string[] =>
  predictOverlaps(tasks, graph, { ...world, ...change }).map(
    ({ first, second, files }) => `${first} ${second}: ${files.join()}`,
  )

t.test(
  'property: overlaps are the pairs that share a file and that no need orders, with all files they share',
  async (t) => {
    fc.assert(
      fc.property(dags, (dag) => {
        const tasks = tasksOf(dag)
        const graph = buildGraph(tasks)
        const expected = graph.order.flatMap((first, at) =>
          graph.order.slice(at + 1).flatMap((second) => {
            if (ancestors(dag, second).has(first)) return []
            const files = (dag[first]?.files ?? []).filter((file) => dag[second]?.files.includes(file))
            return files.length === 0
              ? []
              : [
                  `t${first} t${second}: ${files
                    .map((file) => `f${file}`)
                    .toSorted()
                    .join()}`,
                ]
          }),
        )
        t.same(pairs(tasks), expected)
      }),
    )
  },
)

t.test('property: serialized, no overlap is left and no cycle has come about, also in a crowd', async (t) => {
  fc.assert(
    fc.property(dags, fc.integer({ min: 0, max: 25 }), (dag, more) => {
      const crowd = Array.from({ length: more }, (_, index) => task(`c${index}`, { files: ['f0'] }))
      const tasks = [...tasksOf(dag), ...crowd]
      const serialized = buildGraph(tasks, predictOverlaps(tasks, buildGraph(tasks), world))
      t.equal(serialized.order.length, tasks.length)
      t.same(pairs(tasks, {}, serialized), [])
    }),
  )
})

t.test('what a task may write is what its kind knows, else its files, else what it owns of the base', async (t) => {
  const filesInBase = ['src/x.js', 'src/deep/y.js', 'z.js']
  const owner = task('owner', { owns: ['src/**', '+(z).js'] })
  const writer = task('writer', { files: ['src/x.js', 'z.js'] })
  t.same(pairs([owner, writer], { filesInBase }), ['owner writer: src/x.js,z.js'])
  t.same(pairs([task('both', { owns: ['src/**'], files: ['a.js'] }), writer], { filesInBase }), [], 'files go first')
  t.same(pairs([owner, writer], { filesInBase, willWrite: ({ id }) => [`${id}.md`] }), [])
  t.same(pairs([owner, writer], { filesInBase, willWrite: () => [] }), [], 'a kind may know that nothing is written')
  t.same(pairs([owner, writer], { filesInBase, willWrite: () => ['all.md'] }), ['owner writer: all.md'])
  t.same(pairs([owner, writer], { filesInBase, writes: ({ id }) => id !== 'owner' }), [], 'no workspace of its own')
  t.same(pairs([task('a'), task('b'), writer]), [], 'of tasks that may write anything nothing is predicted')
})

t.test('a folder stands for all that lies in it', async (t) => {
  const tasks = [
    task('root', { files: ['.'] }),
    task('folder', { files: ['src'] }),
    task('file', { files: ['src/deep/x.js'] }),
    task('beside', { files: ['src-old/x.js'] }),
  ]
  t.same(pairs(tasks), [
    'root folder: src,src/deep/x.js',
    'root file: src/deep/x.js',
    'root beside: src-old/x.js',
    'folder file: src/deep/x.js',
  ])
})

t.test('of a crowd on one file neighbours are named', async (t) => {
  const crowd = (size: number): readonly Task[] =>
    Array.from({ length: size }, (_, index) => task(`t${index}`, { files: ['one'] }))
  t.equal(pairs(crowd(20)).length, 190)
  t.equal(pairs(crowd(21)).length, 20)
  t.equal(pairs(crowd(10_000)).length, 9_999)
})

t.test('a hundred thousand tasks overflow no stack, in whatever shape', async (t) => {
  const size = 100_000
  const indices = Array.from({ length: size }, (_, index) => index)
  const chain = indices.map((index) => task(`t${index}`, index === 0 ? {} : { needs: [`t${index - 1}`] }))
  t.equal(buildGraph(chain).criticalPath.length, size)
  t.equal(buildGraph(chain.toReversed()).waves.length, size, 'also from its end')
  const all = Array.from({ length: 2 * size }, (_, index) => task(`t${index}`, { files: [`f${index}`] }))
  const join = buildGraph([task('end', { needs: all.map(({ id }) => id) }), ...all])
  t.same([join.waves.length, join.order.at(-1)], [2, 0])
  t.same(pairs(all), [], 'files of their own')
  const ring = new Map(indices.map((index) => [`t${index}`, [`t${(index + 1) % size}`]]))
  t.equal(findCycles(ring)[0]?.length, size + 1)
})
