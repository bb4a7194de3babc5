import { readdirSync, readFileSync } from 'node:fs'
import { join, matchesGlob, resolve } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { kinds } from '../../src/agents/registry.ts'
import { asAgentName, asTaskId, type TaskId } from '../../src/ids.ts'
import { manifestToYaml } from '../../src/plan/as-manifest.ts'
import { commandWords } from '../../src/plan/command-words.ts'
import { readExpression } from '../../src/plan/expression.ts'
import { buildGraph } from '../../src/plan/graph.ts'
import { jsonDocument } from '../../src/plan/json-document.ts'
import { readManifest } from '../../src/plan/manifest.ts'
import { type OverlapWorld, predictOverlaps } from '../../src/plan/overlap.ts'
import { showMistakes } from '../../src/plan/show-mistakes.ts'
import type { Manifest, Reading, Task } from '../../src/plan/task.ts'
import { renderArguments, renderText, templateMistakes } from '../../src/plan/template.ts'

const root = resolve(import.meta.dirname, '../..')
const read = (text: string): Reading<Manifest> => readManifest(text, { kinds })
const express = (text: string): Reading<Manifest> => readExpression(text, { kinds })

function mistakesOf(reading: Reading<Manifest>): readonly string[] {
  return reading.ok ? [] : reading.mistakes.map(({ line, column, message }) => `${line}:${column} ${message}`)
}

function sound(reading: Reading<Manifest>): Manifest {
  if (!reading.ok) throw new Error(mistakesOf(reading).join('\n'))
  return reading.value
}

const head = 'version: 1\ntasks:\n'
const task = '  - { id: a, command: [x] }\n'

/** A text and how its mistakes begin. */
const bad: readonly (readonly [string, readonly (string | RegExp)[]])[] = [
  ['', [/1:1 /]],
  ['[]', [/1:1 /]],
  ['version: 1', [/tasks|missing/]],
  ['version: 1\ntasks: []', [/2:8 .*at least one|empty/]],
  ['version: 1\ntasks: x', [/2:8 must be a list/]],
  [`version: 2\ntasks:\n${task}`, ['1:10 must be 1']],
  [`${head}${task}concurency: 3\n`, [/4:1 unknown key; did you mean concurrency\?/]],
  [`${head}${task}concurrency: 0\n`, [/4:14 must be at least 1/]],
  [`${head}${task}concurrency: 5000\n`, [/4:14 must be at most 1024/]],
  [`${head}${task}concurrency: two\n`, [/4:14 must be a (whole )?number/]],
  [`${head}${task}mode: thred\n`, [/4:7 must be one of auto, async, thread, process; did you mean thread\?/]],
  [`${head}${task}onOverlap: waern\n`, [/4:12 .*did you mean warn\?/]],
  [`${head}${task}onFailure: []\n`, [/4:12 must be/]],
  [`${head}${task}name: a b\n`, [/4:7 must be letters/]],
  [`${head}${task}base: ""\n`, [/4:7 must not be empty/]],
  [`${head}${task}output: { jsn: x }\n`, [/4:11 unknown key; did you mean json\?/]],
  [`${head}${task}output: { json: ../x }\n`, [/4:17 must stay inside the repository/]],
  [`${head}${task}check: [{ rn: x }]\n`, [/4:\d+ .*(missing|unknown)/, /4:\d+ .*(missing|unknown)/]],
  [`${head}${task}agents: { a: { kind: comand } }\n`, [/no kind of agent is called comand; did you mean command\?/]],
  [`${head}${task}agents: { a: {} }\n`, [/is missing: command or local/]],
  [`${head}${task}agents: { a: { kind: command, shel: true } }\n`, [/unknown key; did you mean shell\?/]],
  [`${head}${task}agents: { "a b": { kind: local } }\n`, [/must be letters/]],
  [`${head}  - { command: [x] }\n`, [/3:\d+ is missing/]],
  [`${head}  - { id: a/b, command: [x] }\n`, [/3:11 must be letters/]],
  [`${head}  - { id: a..b, command: [x] }\n`, [/3:11 /]],
  [`${head}  - { id: proposal, command: [x] }\n`, [/3:11 /]],
  [`${head}${task}${task}`, [/4:11 .*called a already/]],
  [`${head}${task}  - { id: A, command: [x] }\n`, [/4:11 differs from a in case only/]],
  [`${head}  - { id: a, agent: nobody, verb: x }\n`, [/3:21 no agent is called nobody/]],
  [`${head}  - { id: a, agent: loca, verb: review }\n`, [/3:21 .*did you mean local\?/]],
  [`${head}${task}  - { id: b, command: [x], needs: [c] }\n`, [/4:36 no task is called c/]],
  [`${head}  - { id: a, command: [x], needs: [a] }\n`, [/3:36 a task cannot need itself/]],
  [`${head}${task}  - { id: b, command: [x], needs: [a, a] }\n`, [/4:39 a is named twice/]],
  [
    `${head}  - { id: a, command: [x], needs: [c] }\n  - { id: b, command: [x], needs: [a] }\n  - { id: c, command: [x], needs: [b] }\n`,
    [/a -> c -> b -> a/],
  ],
  [`${head}  - { id: a, command: [x], timeout: soon }\n`, [/3:37 must be a duration/]],
  [`${head}  - { id: a, command: [x], retries: -1 }\n`, [/3:37 must be at least 0/]],
  [`${head}  - { id: a, command: [x], files: [/etc/passwd] }\n`, [/3:36 .*absolute/]],
  [`${head}  - { id: a, command: [x], files: [a/../../b] }\n`, [/3:36 must stay inside/]],
  [`${head}  - { id: a, command: [x], files: ['a\\b'] }\n`, [/3:36 must use forward slashes/]],
  [`${head}  - { id: a, command: [x], env: { "a-b": c } }\n`, [/environment variable/]],
  [`${head}  - { id: a, command: [] }\n`, [/3:\d+ /]],
  [`${head}  - { id: a, command: "a | b" }\n`, [/3:\d+ .*is for a shell/]],
  [`${head}  - { id: a, verb: fix }\n`, [/3:\d+ local knows/]],
  [`${head}  - { id: a, verb: docs }\n`, [/local needs files/]],
  [`${head}  - { id: a, agent: command, verb: x }\n`, [/nothing to run/]],
  [
    `${head}  - { id: a, agent: local, verb: review, prompt: "{{task.fils}}" }\n`,
    [/unknown variable \{\{task\.fils\}\}; did you mean task\.files\?/],
  ],
  [`${head}  - { id: a, agent: local, verb: review, prompt: "{{needs.b.summary}}" }\n`, [/b is not among the needs/]],
  [`${head}  - { id: a, command: ["{{task.id"] }\n`, [/without \}\}/]],
  [`${head}  - { id: a, workspace: mine, command: [x] }\n`, [/3:\d+ must be one of own, shared, none/]],
  [`${head}  - { id: a, id: b, command: [x] }\n`, [/3:14 id stands here twice/]],
  [`${head}  - { id: a, command: [x]\n`, [/\d+:\d+ /]],
]

void t.test('every mistake has its place and says what to do', async (t) => {
  for (const [text, expected] of bad) {
    const found = mistakesOf(read(text))
    for (const [index, pattern] of expected.entries()) {
      const name = `${JSON.stringify(text.slice(head.length, head.length + 60))} ${String(pattern)}`
      t.match(found[index] ?? '', pattern, name)
    }
  }
  t.ok(bad.length >= 45)
})

void t.test('all mistakes of a text are told at once, in the order of their places', async (t) => {
  const text =
    'version: 3\nconcurrency: many\ntasks:\n  - id: a\n    agent: nobody\n    needs: [zz]\n    timeout: soon\n  - id: a\n    foo: 1\n'
  const lines = mistakesOf(read(text)).map((mistake) => Number(mistake.split(':')[0]))
  t.same([...new Set(lines)], [1, 2, 5, 6, 7, 8, 9])
})

void t.test(
  'a mistake is shown with its line and a caret below its column, also after tabs and wide characters',
  async (t) => {
    const mistake = { line: 2, column: 4, path: 'a.b', message: 'is wrong' }
    t.equal(
      showMistakes('m.yaml', 'x\n\t日b!\n', [mistake]),
      'm.yaml:2:4 error a.b: is wrong\n    2 | \t日b!\n      | \t   ^\n1 mistake; nothing was started',
    )
  },
)

void t.test('every manifest in the documents and examples is sound', async (t) => {
  const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter((name) =>
    name.endsWith('.md'),
  )
  const blocks = pages.flatMap((page) =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/```yaml\n([^]*?)```/g)].map(([, text = '']) => ({
      page,
      text,
    })),
  )
  const whole = blocks.filter(({ text }) => /^(version:|# yaml-language-server)/.test(text))
  for (const { page, text } of whole) t.same(mistakesOf(read(text)), [], page)
  t.ok(whole.length >= 2)
  for (const name of ['diamond', 'self'])
    t.same(mistakesOf(read(readFileSync(join(root, 'examples', name, 'troupe.yaml'), 'utf8'))), [], name)
})

void t.test('JSON is read as the YAML that it is, with and without the short way', async (t) => {
  const text = readFileSync(join(root, 'examples/diamond/troupe.yaml'), 'utf8')
  const manifest = sound(read(text))
  const json = JSON.stringify({ version: 1, name: 'x', tasks: [{ id: 'a', command: ['x', '{"a": "b:"}'] }] }, null, 1)
  t.ok(jsonDocument(json))
  t.same(sound(read(json)), sound(read(`# not plain JSON\n${json}`)))
  t.equal(jsonDocument('{"a": 1, "a": 2}'), null, 'a key twice is for YAML to tell')
  t.match(
    mistakesOf(read('{"version": 1, "version": 1, "tasks": [{"id": "a", "command": ["x"]}]}'))[0] ?? '',
    /stands here twice/,
  )
  t.equal(manifest.tasks.length, 12)
})

const expressions: readonly (readonly [string, string])[] = [
  ['review "security issues" auth.py AND test auth.py AND docs auth.py', 'review-auth test-auth docs-auth'],
  ['review a.py THEN docs a.py', 'review-a docs-a<review-a'],
  ['review a.py AND review b.py THEN docs a.py', 'review-a review-b docs-a<review-a,review-b'],
  [
    'review a.py AND (docs b.py THEN test b.py) THEN review c.py',
    'review-a docs-b test-b<docs-b review-c<review-a,test-b',
  ],
  ['review a.py AND review a.py', 'review-a review-a-2'],
  ['review @local "say \\"hi\\"" "odd name.py"', 'review-odd-name'],
]

void t.test('expressions: AND is beside, THEN is after, brackets group', async (t) => {
  for (const [text, expected] of expressions) {
    const { tasks } = sound(express(text))
    t.equal(tasks.map(({ id, needs }) => (needs.length === 0 ? id : `${id}<${needs.join()}`)).join(' '), expected, text)
  }
  t.match(sound(express('review @local "say \\"hi\\"" "odd name.py"')).tasks, [
    { prompt: 'say "hi"', files: ['odd name.py'] },
  ])
})

void t.test('mistakes of an expression point at the column', async (t) => {
  t.match(mistakesOf(express('review "x'))[0] ?? '', /^1:8 .*not closed/)
  t.match(mistakesOf(express('AND review a.py'))[0] ?? '', /^1:1 /)
  t.match(mistakesOf(express('(review a.py'))[0] ?? '', /^1:1 .*not closed/)
  t.match(mistakesOf(express('review a.py)'))[0] ?? '', /^1:12 .*not opened/)
  t.match(mistakesOf(express('review a.py @nobody'))[0] ?? '', /^1:13 no agent is called nobody/)
  t.match(mistakesOf(express('review ../a.py'))[0] ?? '', /^1:8 /)
  t.match(mistakesOf(express('review a.py THEN'))[0] ?? '', /^1:17 /)
})

const identifier = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}[a-z0-9]$/)
const anyTask = (ids: readonly string[], index: number): fc.Arbitrary<object> =>
  fc.record(
    {
      id: fc.constant(ids[index]),
      command: fc.array(fc.stringMatching(/^[ -z|~]{1,12}$/), { minLength: 1, maxLength: 3 }),
      files: fc.uniqueArray(fc.stringMatching(/^[a-z]{1,5}(\/[a-z]{1,5})?\.js$/), { maxLength: 3 }),
      needs: fc.subarray(ids.slice(0, index)),
      priority: fc.integer({ min: -5, max: 5 }),
      timeout: fc.constantFrom('250ms', '3s', '90s', '5m', '2h'),
      retries: fc.nat(5),
      env: fc.dictionary(fc.stringMatching(/^[A-Z]{1,5}$/), fc.string(), { maxKeys: 2 }),
      workspace: fc.constantFrom('own', 'shared', 'none'),
    },
    { requiredKeys: ['id', 'command'] },
  )
const manifests = fc
  .uniqueArray(identifier, { minLength: 1, maxLength: 6 })
  .filter((ids) => !ids.includes('proposal'))
  .chain((ids) =>
    fc.record(
      {
        version: fc.constant(1),
        concurrency: fc.integer({ min: 1, max: 9 }),
        mode: fc.constantFrom('auto', 'thread'),
        onOverlap: fc.constantFrom('warn', 'serialize', 'refuse'),
        check: fc.uniqueArray(fc.constantFrom('npm test', 'make'), { maxLength: 2 }),
        tasks: fc.tuple(...ids.map((_, index) => anyTask(ids, index))),
      },
      { requiredKeys: ['version', 'tasks'] },
    ),
  )

void t.test('property: what is printed reads back to the same', async (t) => {
  fc.assert(
    fc.property(manifests, (document) => {
      const reading = read(JSON.stringify(document))
      if (!reading.ok) return true // a template by chance
      t.same(sound(read(manifestToYaml(reading.value, { schema: 'x' }))), reading.value)
      return true
    }),
    { numRuns: 60 },
  )
  for (const [text] of expressions) {
    const manifest = sound(express(text))
    t.same(sound(read(manifestToYaml(manifest, { schema: null }))), manifest, text)
  }
})

void t.test('templates fill in what they name, and nothing else', async (t) => {
  const values = {
    run: 'r',
    task: 'a',
    verb: 'fix',
    agent: 'x',
    attempt: 2,
    prompt: 'do {{it}}',
    files: ['a b.js', 'c.js'],
    summaries: new Map([['n', 'said']]),
  }
  t.equal(
    renderText('{{task.id}} {{ task.attempt }} {{needs.n.summary}} {{{{ {{task.prompt}}', values),
    'a 2 said {{ do {{it}}',
  )
  t.same(renderArguments(['x', '{{task.files}}', 'f={{task.files}}'], values), ['x', 'a b.js', 'c.js', 'f=a b.js c.js'])
  t.same(templateMistakes('{{task.prompt}} {{run.id}}', { needs: [], withPrompt: true }), [])
  t.equal(
    templateMistakes('{{task.prompt}}', { needs: [], withPrompt: false }).length,
    1,
    'a prompt cannot quote itself',
  )
  t.same(commandWords('a "b c" \'d|e\' f\\ g').ok && 'words', 'words')
})

const plain = (id: string, needs: readonly string[] = [], change: Partial<Task> = {}): Task => ({
  id: asTaskId(id),
  agent: asAgentName('command'),
  verb: 'run',
  prompt: null,
  command: ['x'],
  files: [],
  owns: null,
  needs: needs.map(asTaskId),
  priority: 0,
  timeoutMs: null,
  retries: 0,
  env: {},
  workspace: null,
  ...change,
})

const dags = fc.integer({ min: 1, max: 40 }).chain((size) =>
  fc.tuple(
    ...Array.from({ length: size }, (_, index) =>
      fc.record({
        needs: index === 0 ? fc.constant<number[]>([]) : fc.uniqueArray(fc.nat(index - 1), { maxLength: 3 }),
        priority: fc.nat(3),
        file: fc.nat(8),
      }),
    ),
  ),
)
const tasksOf = (
  dag: readonly { readonly needs: readonly number[]; readonly priority: number; readonly file: number }[],
): readonly Task[] =>
  dag.map(({ needs, priority, file }, index) =>
    plain(
      `t${index}`,
      needs.map((need) => `t${need}`),
      { priority, files: [`f${file}`] },
    ),
  )

void t.test(
  'property: order respects needs, ranks put the longest remaining path first, waves and critical path fit',
  async (t) => {
    fc.assert(
      fc.property(dags, (dag) => {
        const graph = buildGraph(tasksOf(dag))
        const place = new Map(graph.order.map((index, at) => [index, at]))
        for (const [index, { needs }] of dag.entries()) {
          if (needs.some((need) => (place.get(need) ?? 0) >= (place.get(index) ?? 0)))
            throw new Error('a need comes later')
        }
        const lengths = graph.byRank.map((index) => graph.remaining[index] ?? 0)
        if (lengths.some((length, at) => length > (lengths[at - 1] ?? Infinity)))
          throw new Error('a longer path comes later')
        if (graph.criticalPath.length !== Math.max(...graph.remaining)) throw new Error('not the longest path')
        if (graph.waves.length !== graph.criticalPath.length) throw new Error('waves and path differ')
        return graph.byRank.every((index, rank) => graph.rank[index] === rank)
      }),
    )
    t.pass('held')
  },
)

const world: OverlapWorld = { filesInBase: [], matches: matchesGlob, writes: () => true, willWrite: () => null }

void t.test(
  'property: overlaps are pairs that share a file and that no need orders; in order there are none left',
  async (t) => {
    fc.assert(
      fc.property(dags, (dag) => {
        const tasks = tasksOf(dag)
        const overlaps = predictOverlaps(tasks, buildGraph(tasks), world)
        const filesOf = (id: TaskId): readonly string[] => tasks.find((one) => one.id === id)?.files ?? []
        for (const { first, second, files } of overlaps) {
          if (!files.every((file) => filesOf(first).includes(file) && filesOf(second).includes(file)))
            throw new Error('not shared')
        }
        const ordered = buildGraph(tasks, overlaps)
        if (ordered.order.length !== tasks.length) throw new Error('a cycle')
        return predictOverlaps(tasks, ordered, world).length === 0
      }),
    )
    t.pass('held')
  },
)

void t.test('globs own what the base has, those who write elsewhere or nothing do not overlap', async (t) => {
  const tasks = [
    plain('a', [], { owns: ['src/**'] }),
    plain('b', [], { files: ['src/x.js'] }),
    plain('c', [], { files: ['src/x.js'] }),
  ]
  const seen = predictOverlaps(tasks, buildGraph(tasks), { ...world, filesInBase: ['src/x.js', 'y.js'] })
  t.same(
    seen.map(({ first, second }) => `${first} ${second}`),
    ['a b', 'a c', 'b c'],
  )
  t.same(predictOverlaps(tasks, buildGraph(tasks), { ...world, writes: () => false }), [])
  t.same(predictOverlaps(tasks, buildGraph(tasks), { ...world, willWrite: ({ id }) => [`${id}.md`] }), [])
})

void t.test('a hundred thousand tasks in one chain, beside each other, or on one file do not overflow', async (t) => {
  const many = Array.from({ length: 100_000 }, (_, index) => index)
  t.equal(
    buildGraph(many.map((index) => plain(`t${index}`, index === 0 ? [] : [`t${index - 1}`]))).criticalPath.length,
    100_000,
  )
  t.equal(buildGraph(many.map((index) => plain(`t${index}`))).waves.length, 1)
  const crowd = many.slice(0, 10_000).map((index) => plain(`t${index}`, [], { files: ['one'] }))
  t.ok(predictOverlaps(crowd, buildGraph(crowd), world).length < 20_000, 'only neighbours are named in a crowd')
})
