import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { kinds } from '../../src/agents/registry.ts'
import { asAgentName } from '../../src/ids.ts'
import { manifestToYaml } from '../../src/plan/as-manifest.ts'
import { commandWords } from '../../src/plan/command-words.ts'
import { readExpression } from '../../src/plan/expression.ts'
import { jsonDocument } from '../../src/plan/json-document.ts'
import { readManifest } from '../../src/plan/manifest.ts'
import { manifestJsonSchema } from '../../src/plan/schema.ts'
import { showMistakes } from '../../src/plan/show-mistakes.ts'
import type { Manifest, Mistake, Reading } from '../../src/plan/task.ts'
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
  - { id: b, agent: coder, needs: [a], timeout: 1.5h, retries: 3, priority: -2, workspace: none, env: { A: b } }
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
