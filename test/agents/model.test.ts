import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { join } from 'node:path'
import { LLMock } from '@copilotkit/aimock'
import { streamText } from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { Assignment } from '../../src/agents/agent.ts'
import type { PlaceAnswer } from '../../src/agents/failure.ts'
import { type Part, withJoinedPieces } from '../../src/agents/model/joined-pieces.ts'
import { modelKind } from '../../src/agents/model/kind.ts'
import { callOfModel } from '../../src/agents/model/language-model.ts'
import { modelAgent } from '../../src/agents/model/model.ts'
import { modelOptions } from '../../src/agents/model/options.ts'
import { type Patience, usualPatience } from '../../src/agents/model/patience.ts'
import { settingsOf } from '../../src/agents/model/settings.ts'
import { applyPatch } from '../../src/agents/model/tools/unified-diff.ts'
import { ProviderHeld } from '../../src/agents/provider/provider-held.ts'
import { type BadAnswer, failureOf, placeAnswerOf, refusalOf } from '../../src/agents/provider/refusal.ts'
import { systemClock } from '../../src/clock.ts'
import { openLauncher } from '../../src/processes/open-launcher.ts'
import { git, manifest, repositoryOf, runJson, troupeHere } from '../acceptance/troupe.ts'
import { type Answer, type Asked, event, serveModel, streamHead } from './model-server.ts'
import { assignment, type Direction, groupGone, perform, type Performance } from './perform.ts'

const key = 'k-not-to-be-seen'
const glm = (code: string, message = 'no'): string => JSON.stringify({ error: { code, message } })
const finish = (summary = 'did it', outcome = 'done'): Answer => ({ calls: [['finish', { summary, outcome }]] })

interface Played extends Performance {
  readonly directory: string
  readonly asked: readonly Asked[]
  /** What the tools told the model, in order. */
  readonly told: readonly string[]
}

interface Play extends Partial<Omit<Assignment, 'directory'>> {
  readonly direction?: Direction
  readonly patience?: Patience
  readonly prepare?: (directory: string) => void
}

/** Has a model that gives these answers do an assignment in a small workspace. */
async function play(t: Test, answers: readonly Answer[], given: Play = {}): Promise<Played> {
  const directory = t.testdir({ 'a.txt': 'one\ntwo\nthree\n', src: { 'b.js': 'let b = 1\n' }, '.git': { config: '' } })
  const { direction, patience = () => 1, prepare, options, ...rest } = given
  prepare?.(directory)
  const { url, asked } = await serveModel(t, answers)
  const agent = modelAgent({
    clock: systemClock,
    launcher: openLauncher(systemClock),
    environment: { ...process.env, A_KEY: key },
    patience,
  })
  const settings = { endpoint: url, model: 'glm-4.7', keyFrom: 'A_KEY', ...options }
  const what = assignment('model', { verb: 'implement', prompt: 'Do it.', ...rest, directory, options: settings })
  const performance = await perform(agent, what, direction)
  for (const { group } of performance.processes) await groupGone(group)
  const last = asked.at(-1)?.body.messages ?? []
  return { ...performance, directory, asked, told: last.flatMap((one) => (one.role === 'tool' ? [one.content] : [])) }
}

const textOf = (directory: string, file: string): string => readFileSync(join(directory, file), 'utf8')

void t.test('works in several steps, and tells what it used and what it cost', async (t) => {
  const { outcome, used, output, progress, directory, asked, told } = await play(
    t,
    [
      {
        text: 'I look first.',
        calls: [['read_file', { path: 'a.txt' }]],
        usage: { input: 1_000, cached: 400, output: 50 },
      },
      {
        calls: [
          ['edit_file', { path: 'a.txt', old: 'two', new: '2' }],
          ['run_command', { command: 'cat a.txt; echo seen >&2' }],
        ],
        usage: { input: 2_000, cached: 1_000, output: 100 },
      },
      finish('Wrote 2 as a digit.'),
    ],
    { options: { preset: 'glm-4.7', thinking: false, prices: { input: 0.6, cachedInput: 0.11, output: 2.2 } } },
  )
  t.match(outcome, {
    how: 'completed',
    summary: 'Wrote 2 as a digit.',
    details: { model: 'glm-4.7', steps: 3, proof: { clean: true, lastToolFailed: false, changed: 'yes' } },
  })
  t.equal(textOf(directory, 'a.txt'), 'one\n2\nthree\n')
  t.match(told, [
    /^1\tone\n2\ttwo\n3\tthree\n\(3 lines in all\)$/,
    'a.txt: 1 replaced',
    /one\n2\nthree\nseen\n\(exit code 0\)/,
  ])
  t.match(used.slice(0, 2), [
    { model: 'glm-4.7', inputTokens: 1_000, outputTokens: 50, costUsd: (600 * 0.6 + 400 * 0.11 + 50 * 2.2) / 1e6 },
    { inputTokens: 2_000, outputTokens: 100, costUsd: (1_000 * 0.6 + 1_000 * 0.11 + 100 * 2.2) / 1e6 },
  ])
  t.same(used[2], { model: 'glm-4.7', inputTokens: null, outputTokens: null, costUsd: null }, 'unknown is not 0')
  t.match(output, /I look first\.\n> read a\.txt\n> edit a\.txt\n> run cat a\.txt.*\none\n2\nthree\nseen/)
  t.ok(progress.includes('edit a.txt'))
  const [first] = asked
  t.equal(first?.path, '/api/paas/v4/chat/completions')
  t.equal(first?.headers.authorization, `Bearer ${key}`)
  t.same(
    Object.keys(first?.headers ?? {}).filter((name) => name.startsWith('troupe')),
    [],
    'nothing of ours is sent',
  )
  t.same(first?.body.thinking, { type: 'disabled' })
  t.match(first?.body.messages, [
    { role: 'system', content: /engineer who works alone/ },
    { role: 'user', content: /Implement what task a-task asks for\.\n\nDo it\./ },
  ])
  t.notMatch(JSON.stringify([outcome, output, progress, asked.map(({ body }) => body)]), key)
})

void t.test('tools do what they are asked, or say why not', async (t) => {
  const rows: readonly (readonly [tool: string, input: object, told: RegExp])[] = [
    ['list_files', {}, /^\.git\/\na\.txt\nbinary\nout@\nsrc\/\nwindows\.txt$/],
    ['list_files', { path: 'nosuch' }, /nosuch does not exist/],
    ['read_file', { path: 'a.txt', from: 2, lines: 1 }, /^2\ttwo\n\(3 lines in all\)$/],
    ['read_file', { path: 'a.txt', from: 9 }, /has only 3 lines/],
    ['read_file', { path: '../a.txt' }, /outside the workspace/],
    ['read_file', { path: 'binary' }, /not a text/],
    ['search', { pattern: 'TWO|b = 1', regex: true }, /^src\/b\.js:1: let b = 1$/],
    ['search', { pattern: 't', path: 'a.txt' }, /^a\.txt:2: two\na\.txt:3: three$/],
    ['search', { pattern: '(' }, /nothing found/],
    ['search', { pattern: '(', regex: true }, /Invalid regular expression/],
    ['edit_file', { path: 'a.txt', old: 'four', new: '4' }, /stands in a\.txt nowhere/],
    ['edit_file', { path: 'a.txt', old: 'one  two', new: '' }, /only with other white space/],
    ['edit_file', { path: 'a.txt', old: 'e', new: 'E' }, /stands in a\.txt 3 times/],
    ['edit_file', { path: 'a.txt', old: 'e', new: 'E', all: true }, /3 replaced/],
    ['edit_file', { path: 'windows.txt', old: 'x\ny', new: 'X\nY\nZ' }, /1 replaced/],
    ['patch_file', { path: 'a.txt', patch: '@@ -1,2 +1,2 @@\n onE\n-two\n+2\n' }, /1 hunks applied/],
    ['patch_file', { path: 'a.txt', patch: '@@ -1 +1 @@\n-no\n+yes\n' }, /as it was: .*do not stand in the file/],
    ['patch_file', { path: 'a.txt', patch: 'no' }, /holds no hunk/],
    ['write_file', { path: 'new/deep.txt', content: 'x\n' }, /written, 1 line$/],
    ['write_file', { path: 'new/two.txt', content: 'x\n\n' }, /written, 2 lines$/],
    ['write_file', { path: 'new/open.txt', content: 'x\ny' }, /written, 2 lines$/],
    ['write_file', { path: 'new/empty.txt', content: '' }, /written, 0 lines$/],
    ['write_file', { path: '.git/hooks/x', content: 'x' }, /belongs to git/],
    ['write_file', { path: 'out/x', content: 'x' }, /outside the workspace/],
    ['run_command', { command: 'echo "$TROUPE_TASK $A_KEY"; exit 3' }, /^a-task \n\(exit code 3\)$/],
    [
      'run_command',
      { command: 'head -c 100000 /dev/zero | tr "\\0" y' },
      /^y{10000}\n… 70000 bytes left out …\ny{20000}\n\(exit code 0\)$/,
    ],
    ['report_finding', { rule: 'x/y', severity: 'note', file: 'a.txt', line: 2, message: 'm' }, /noted, 1/],
    ['report_finding', { rule: 'x/y', severity: 'note', file: 'a.txt', line: 9, message: 'm' }, /is not among them/],
  ]
  const calls = rows.map(([name, input]) => [name, input] as const)
  const { told, directory, outcome } = await play(t, [{ calls }, finish()], {
    prepare(directory) {
      writeFileSync(join(directory, 'binary'), Buffer.from([1, 0, 255]))
      writeFileSync(join(directory, 'windows.txt'), 'x\r\ny\r\n')
      symlinkSync('..', join(directory, 'out'))
    },
  })
  for (const [index, [name, input, expected]] of rows.entries())
    t.match(told[index], expected, `${name} ${JSON.stringify(input)}`)
  t.equal(textOf(directory, 'a.txt'), 'onE\n2\nthrEE\n')
  t.equal(textOf(directory, 'windows.txt'), 'X\r\nY\r\nZ\r\n')
  t.equal(textOf(directory, 'new/deep.txt'), 'x\n')
  t.match(outcome, { findings: [{ rule: 'x/y', file: 'a.txt', line: 2, endColumn: 2, text: '2' }] })
})

void t.test('a search that would never end is given up', async (t) => {
  const evil = { pattern: '^(a+)+$', regex: true }
  const { told } = await play(t, [{ calls: [['search', evil]] }, finish('x', 'nothing_to_do')], {
    prepare: (directory) => {
      writeFileSync(join(directory, 'evil.txt'), `${'a'.repeat(60)}!`)
    },
  })
  t.match(told, [/takes too long/])
})

void t.test('a patch is applied exactly, wherever its lines stand once', async (t) => {
  const line = fc.integer({ min: 0, max: 1e6 }).map(String)
  const cases = fc.record({
    lines: fc.uniqueArray(line, { minLength: 1, maxLength: 12 }),
    at: fc.nat(11),
    gone: fc.nat(3),
    added: fc.array(line, { maxLength: 3 }),
    around: fc.nat(2),
    off: fc.integer({ min: -4, max: 4 }),
  })
  fc.assert(
    fc.property(cases, ({ lines, at, gone, added, around, off }) => {
      const from = Math.min(at, lines.length - 1)
      const start = Math.max(0, from - around)
      const before = lines.slice(start, from).map((text) => ` ${text}`)
      const minus = lines.slice(from, from + gone).map((text) => `-${text}`)
      const after = lines.slice(from + gone, from + gone + around).map((text) => ` ${text}`)
      // a hunk without a line to find must say the right place
      const shift = before.length + minus.length + after.length === 0 ? 0 : off
      const count = before.length + minus.length + after.length
      const head = `@@ -${Math.max(0, start + (count === 0 ? 0 : 1) + shift)},${count} +1,1 @@`
      const patch = [head, ...before, ...minus, ...added.map((text) => `+${text}`), ...after].join('\n')
      const expected = [...lines.slice(0, from), ...added, ...lines.slice(from + gone)].map((text) => `${text}\n`)
      const patched = applyPatch(lines.map((text) => `${text}\n`).join(''), patch)
      return patched.ok && patched.text === expected.join('')
    }),
    { numRuns: 200 },
  )
  const twice = applyPatch('a\nb\na\nb\n', '@@ -9 +9 @@\n-b\n+c\n')
  t.match(twice, { ok: false, reason: /stand in 2 places/ })
  const two = '@@ -5,1 +5,3 @@\n a\n+b\n+c\n@@ -7,0 +10,1 @@\n+f\n'
  // both off by four
  t.match(applyPatch('a\nd\ne\ng\n', two), { ok: true, text: 'a\nb\nc\nd\ne\nf\ng\n', hunks: 2 })
  t.match(applyPatch('', '@@ -0,0 +1,2 @@\n+a\n+b\n'), { ok: true, text: 'a\nb\n' })
})

void t.test('asks before each write, and tells the model why it may not', async (t) => {
  const paths: string[] = []
  const { told, directory, outcome } = await play(
    t,
    [
      { calls: [['write_file', { path: './src/../c.txt', content: 'c' }]] },
      { calls: [['edit_file', { path: 'a.txt', old: 'two', new: '2' }]] },
      finish('a.txt is not mine', 'impossible'),
    ],
    {
      direction: {
        mayWrite(asked) {
          paths.push(...asked)
          const isHeld = asked.includes('a.txt')
          return Promise.resolve(
            isHeld ? { allowed: false, reason: 'a.txt is being written by task b' } : { allowed: true },
          )
        },
      },
    },
  )
  t.same(paths, ['c.txt', 'a.txt'])
  t.match(told, [/c\.txt written/, 'a.txt is being written by task b'])
  t.equal(textOf(directory, 'a.txt'), 'one\ntwo\nthree\n')
  t.match(outcome, { how: 'failed', failure: { kind: 'agent', message: 'it cannot be done: a.txt is not mine' } })
})

const edit: Answer = { calls: [['edit_file', { path: 'a.txt', old: 'two', new: '2' }]] }
const fails: Answer = { calls: [['run_command', { command: 'echo broken; exit 1' }]] }
const run = (command: string): Answer => ({ calls: [['run_command', { command }]] })
const completes = (changed: string): object => ({ how: 'completed', details: { proof: { clean: true, changed } } })

void t.test('success is proven, not believed', async (t) => {
  const rows: readonly (readonly [what: string, answers: readonly Answer[], outcome: object, verb?: string])[] = [
    ['a change', [edit, finish()], completes('yes')],
    ['a change and a plain end', [edit, { text: 'All done.' }], { ...completes('yes'), summary: 'All done.' }],
    ['no change', [finish()], { failure: { kind: 'agent', class: 'no_changes' }, details: { steps: 3 } }],
    ['no change and a plain end', [{ text: 'Done!' }], { failure: { class: 'no_changes' } }],
    ['no change, and the work when it is sent back', [finish(), edit, finish()], completes('yes')],
    ['nothing to do', [finish('It is so.', 'nothing_to_do')], completes('said-nothing-to-do')],
    ['a command that changes', [run('echo x > made'), finish()], completes('yes')],
    ['a command that removes', [run('rm a.txt'), finish()], completes('yes')],
    ['a command that only looks', [run('cat a.txt'), finish()], { failure: { class: 'no_changes' } }],
    [
      'an edit that changes nothing',
      [{ calls: [['write_file', { path: 'a.txt', content: 'one\ntwo\nthree\n' }]] }, finish()],
      { failure: { class: 'no_changes' } },
    ],
    [
      'a failed last step',
      [edit, fails, finish()],
      { failure: { kind: 'agent', message: /its last step failed: run echo broken.*exit code 1/s } },
    ],
    ['a failed step put right', [edit, fails, finish(), run('true'), finish()], completes('yes')],
    [
      'a free verb that changes nothing',
      [{ text: 'Forty-two.' }],
      { ...completes('no'), summary: 'Forty-two.' },
      'explain',
    ],
    ['a review', [finish('Clean.')], completes('no'), 'review'],
    [
      'an end without a word',
      [{}],
      { failure: { kind: 'agent', message: /without a word/ }, details: { steps: 3 } },
      'explain',
    ],
    ['an end without a word, and then one', [{}, { text: 'Ah.' }], { ...completes('no'), summary: 'Ah.' }, 'explain'],
  ]
  for (const [what, answers, outcome, verb = 'implement'] of rows)
    await t.test(what, async (t) => {
      t.match((await play(t, answers, { verb })).outcome, outcome)
    })
})

void t.test('what an earlier attempt has left counts, and the model is told of it', async (t) => {
  const one = await play(t, [finish()], { continued: true })
  t.match(one.outcome, completes('yes'))
  t.match(one.asked[0]?.body.messages[1]?.content, /An earlier attempt has left its changes here/)
  const two = await play(t, [finish()], { rebased: 'abc123' })
  t.match(two.asked[0]?.body.messages[1]?.content, /is the commit abc123/)
})

void t.test('a review cannot change anything', async (t) => {
  const { asked, told, directory } = await play(t, [edit, finish()], { verb: 'review' })
  const names = asked[0]?.body.tools.map((tool) => tool.function.name)
  t.same(names, ['list_files', 'read_file', 'search', 'report_finding', 'finish'])
  t.match(told, [/unavailable tool 'edit_file'/])
  t.equal(textOf(directory, 'a.txt'), 'one\ntwo\nthree\n')
})

const broken: Answer = {
  raw(response) {
    response.writeHead(200, streamHead)
    response.write(event({ content: 'half a' }), () => response.destroy())
  },
}
const streamed = (...events: readonly string[]): Answer => ({
  raw: (response) => {
    response.writeHead(200, streamHead).end(events.join(''))
  },
})
const silent: Answer = {
  raw: (response) => {
    response.writeHead(200, streamHead)
    response.write(event({ content: 'wait' }))
  },
}

/** Goes on as long as anybody listens. */
const flood = (response: ServerResponse, piece: string): void => {
  const more = (): void => {
    while (!response.destroyed && response.write(piece));
    if (!response.destroyed) response.once('drain', more)
  }
  more()
}
const endless: Answer = {
  raw: (response) => {
    response.writeHead(200, streamHead)
    flood(response, event({ reasoning_content: 'hm'.repeat(200_000) }))
  },
}
const endlessError: Answer = {
  raw: (response) => {
    response.writeHead(503)
    flood(response, 'busy '.repeat(10_000))
  },
}

/** What may come with the status of a success in place of a stream. */
const notStreamed: readonly (readonly [what: string, answer: Answer, failure: object])[] = [
  [
    'the page of a portal',
    { status: 200, body: '<html><head><title>Hotel Wi-Fi</title>', headers: { 'content-type': 'text/html' } },
    { kind: 'agent', class: undefined, message: /answered 200 with text\/html: Hotel Wi-Fi\. .*endpoint is right/ },
  ],
  [
    'an error with the status of a success',
    { status: 200, body: JSON.stringify({ code: 500, msg: 'no such path', success: false }) },
    { kind: 'agent', class: undefined, message: /refused the request \(200\): .*no such path/ },
  ],
  [
    'a limit with the status of a success',
    { status: 200, body: glm('1302', 'slow down') },
    { kind: 'quota', class: 'rate_limit', message: /slow down/ },
  ],
  [
    'an answer in one piece',
    { status: 200, body: JSON.stringify({ choices: [{ message: { content: 'rate limit exceeded' } }] }) },
    { kind: 'agent', class: undefined, message: /answered 200 in one piece: it does not stream/ },
  ],
  [
    'an error that was promised as a stream',
    { status: 200, body: glm('1302', 'slow down'), headers: streamHead },
    { kind: 'quota', class: 'rate_limit', message: /slow down/ },
  ],
  [
    'a page that was promised as a stream',
    { status: 200, body: '\n<!doctype html><title>Hotel Wi-Fi</title>', headers: streamHead },
    { kind: 'agent', class: undefined, message: /answered 200 with text\/event-stream: Hotel Wi-Fi\. / },
  ],
  ...['gzip', 'br', 'deflate', 'zstd'].map((encoding): (typeof notStreamed)[number] => [
    `plain text that is said to be ${encoding}`,
    {
      status: 200,
      body: `${event({ content: 'x' })}${event({}, 'stop')}`,
      headers: { ...streamHead, 'content-encoding': encoding },
    },
    {
      kind: 'agent',
      class: undefined,
      message: new RegExp(`answered 200 in another encoding than ${encoding}, which`),
    },
  ]),
  [
    'an encoding that nobody knows',
    { status: 200, body: '\u0001\u0002'.repeat(20), headers: { ...streamHead, 'content-encoding': 'x-own' } },
    {
      kind: 'agent',
      class: undefined,
      message: /answered 200 with text\/event-stream in the encoding x-own, which nobody asked for\. /,
    },
  ],
  [
    'nothing',
    { status: 200, body: '', headers: { ...streamHead, 'content-length': '0' } },
    { kind: 'agent', class: undefined, message: /answered 200 with nothing at all/ },
  ],
  [
    'nothing, and its length is not told',
    { raw: (response) => void response.writeHead(200, { 'transfer-encoding': 'chunked' }).end() },
    { kind: 'agent', class: undefined, message: /answered 200 with nothing at all/ },
  ],
]

void t.test('what goes wrong at the provider has its class', async (t) => {
  const reset = 'Your limit will reset at 2099-09-09 05:38:28'
  const rows: readonly (readonly [what: string, answer: Answer, failure: object])[] = [
    [
      'a passing limit without a date',
      { status: 429, body: glm('1302', 'slow down') },
      { kind: 'quota', class: 'rate_limit' },
    ],
    ['overload', { status: 429, body: glm('1305', 'busy') }, { kind: 'quota', class: 'overloaded' }],
    [
      'a quota until a date',
      { status: 429, body: glm('1308', reset) },
      { kind: 'quota', class: 'quota', until: Date.UTC(2099, 8, 8, 21, 38, 28) },
    ],
    [
      'a wrong key, repeated',
      { status: 401, body: glm('1000', `bad key ${key}`) },
      { kind: 'agent', class: 'auth', message: /bad key \[key\]/ },
    ],
    [
      'a conversation too long',
      { status: 400, body: JSON.stringify({ error: { code: 'context_length_exceeded', message: 'x' } }) },
      { kind: 'agent', class: 'context' },
    ],
    [
      'a conversation too long, told at the end',
      streamed(event({}, 'model_context_window_exceeded')),
      { class: 'context' },
    ],
    [
      'a wrong request',
      { status: 400, body: glm('1211', 'no such model') },
      { kind: 'agent', message: /no such model/ },
    ],
    ['a filter', streamed(event({ content: 'x' }), event({}, 'sensitive')), { kind: 'agent', message: /filter/ }],
    ['a broken server', { status: 500, body: 'oops' }, { kind: 'infrastructure', class: 'network' }],
    ['a page instead of an answer', { status: 404, body: '<html>no' }, { kind: 'agent', message: /404.*: no$/ }],
    [
      'the page of a server in front of it',
      { status: 502, body: '<html>\n<head><title>502 Bad Gateway</title></head>\n<body>nginx</body></html>' },
      { class: 'network', message: /\(502\): 502 Bad Gateway$/ },
    ],
    ...notStreamed,
    [
      'a redirect',
      { status: 302, body: 'moved', headers: { location: 'http://127.0.0.1:9/login?from=here' } },
      {
        kind: 'agent',
        class: undefined,
        message: /answered 302 and leads to http:\/\/127\.0\.0\.1:9\/login\. No redirect/,
      },
    ],
    ['a dropped stream', broken, { kind: 'infrastructure', class: 'network' }],
    ['a stream without an end', streamed(event({ content: 'x' })), { class: 'network' }],
    ['a stream of nothing', streamed(''), { class: 'network' }],
    ['a stream of something else', streamed('data: {oops\n\n'), { class: 'network' }],
    [
      'a network error told at the end',
      streamed(event({ content: 'x' }), event({}, 'network_error')),
      { class: 'network' },
    ],
    [
      'an overload told amid a stream',
      streamed(event({ content: 'x' }), `data: ${glm('1305', 'busy')}\n\n`),
      { class: 'overloaded' },
    ],
    [
      'a conversation too long, told amid a stream by a status alone',
      streamed(`data: ${JSON.stringify({ object: 'error', message: 'maximum context length is 10', code: 400 })}\n\n`),
      { kind: 'agent', class: 'context', message: /maximum context length is 10/ },
    ],
    [
      'a part that is none',
      streamed(`data: ${JSON.stringify({ hello: 'there' })}\n\n`),
      { class: 'network', message: /sent what is no part of an answer: {"hello":"there"}$/ },
    ],
    ['an answer without an end', endless, { kind: 'agent', message: /has no end/ }],
    ['an error page without an end', endlessError, { class: 'overloaded' }],
    ['silence amid a stream', silent, { class: 'network', message: /said nothing for 1 s/ }],
    ['silence before it', { raw: () => {} }, { class: 'network', message: /said nothing for 1 s/ }],
  ]
  for (const [what, answer, failure] of rows)
    await t.test(what, async (t) => {
      const released: unknown[] = []
      const place = () =>
        Promise.resolve({ accepted: () => {}, refused: () => {}, release: (how: unknown) => released.push(how) })
      const given = { patience: () => null, options: { idleSeconds: 1 }, direction: { place } }
      const { outcome } = await play(t, [answer], given)
      t.match(outcome, { how: 'failed', failure })
      const kind = (failure as { class?: string }).class
      t.match(
        released[0],
        kind === undefined ? { how: 'ok' } : { how: 'refused', class: kind },
        'its place was given back so',
      )
    })
})

void t.test('a stream is read whatever type it is said to be', async (t) => {
  const head = { 'content-type': 'text/plain' }
  const answer = `: hello\n\n${event({ content: 'All is well as it is: nothing to do.' })}${event({}, 'stop')}data: [DONE]\n\n`
  const mislabelled: Answer = { status: 200, body: answer, headers: head }
  const { outcome } = await play(t, [mislabelled], { verb: 'look' })
  t.match(outcome, { how: 'completed' })
})

void t.test('a stream is read that was packed, and one whose encoding is only a word', async (t) => {
  const answer = `${event({ content: 'All is well as it is: nothing to do.' })}${event({}, 'stop')}data: [DONE]\n\n`
  const named = (encoding: string, body: string | Buffer): Answer => ({
    raw: (response) => void response.writeHead(200, { ...streamHead, 'content-encoding': encoding }).end(body),
  })
  for (const packed of [named('gzip', gzipSync(answer)), named('utf-8', answer)]) {
    const { outcome } = await play(t, [packed], { verb: 'look' })
    t.match(outcome, { how: 'completed' })
  }
  const cut = named('gzip', gzipSync(answer).subarray(0, 30))
  const { outcome } = await play(t, [cut], { verb: 'look', patience: () => null })
  t.match(outcome, { failure: { class: 'network' } }, 'what ends too early broke off')
})

void t.test('a redirect is not followed, and a key that is repeated is not told', async (t) => {
  const elsewhere: Answer = { status: 302, body: '', headers: { location: '/elsewhere' } }
  const { outcome, asked } = await play(t, [elsewhere, finish()], { patience: () => null })
  t.match(outcome, { failure: { message: /leads to http:\/\/127\.0\.0\.1:\d+\/elsewhere/ } })
  t.equal(asked.length, 1)
  const { progress } = await play(t, [{ status: 429, body: `no more for ${key}` }, edit, { text: key }])
  t.match(progress.join(), /asks again in 1 s: .*no more for \[key\]/)
})

void t.test('asks again where that may help, and does nothing twice', async (t) => {
  const limited: Answer = { status: 429, body: glm('1302', 'slow down') }
  const { outcome, asked, used } = await play(t, [limited, broken, edit, limited, finish()], {
    patience: (_, tries) => (tries < 3 ? 1 : null),
  })
  t.match(outcome, completes('yes'))
  t.equal(asked.length, 5)
  t.equal(used.length, 2)
  const passing = { class: 'rate_limit', message: '', retryAfterMs: null, until: null } as const
  t.same(
    [1, 2, 3, 4, 5].map((tries) => usualPatience(passing, tries)),
    [1_000, 2_000, 4_000, 8_000, null],
  )
  t.equal(usualPatience({ ...passing, retryAfterMs: 7_000 }, 1), 7_000)
  t.equal(usualPatience({ ...passing, retryAfterMs: 700_000 }, 1), null, 'who is to come back that late is parked')
  for (const kind of ['quota', 'auth', 'context', null] as const)
    t.equal(usualPatience({ ...passing, class: kind }, 1), null)
})

void t.test('each call has a place of its own, given back before tools act', async (t) => {
  const held = new Set<number>()
  let last = 0
  const place = () => {
    const mine = (last += 1)
    held.add(mine)
    return Promise.resolve({ accepted: () => {}, refused: () => {}, release: () => held.delete(mine) })
  }
  const heldAtWrite: number[] = []
  const mayWrite = () => {
    heldAtWrite.push(held.size)
    return Promise.resolve({ allowed: true as const })
  }
  await play(t, [edit, finish()], { direction: { place, mayWrite } })
  t.same(heldAtWrite, [0])
  t.equal(last, 2)
  t.equal(held.size, 0)
})

void t.test('a call that is not refused soon, or whose answer begins, was let in', async (t) => {
  const told: unknown[] = []
  const letIn = Promise.withResolvers<void>()
  const accepted = (): void => {
    told.push('let in')
    letIn.resolve()
  }
  const place = () =>
    Promise.resolve({ accepted, refused: () => {}, release: ({ how }: PlaceAnswer) => void told.push(how) })
  const late: Answer = {
    raw: (response) => {
      const end = `${event({ content: 'All is well.' })}${event({}, 'stop')}data: [DONE]\n\n`
      void letIn.promise.then(() => response.writeHead(200, streamHead).end(end))
    },
  }
  const soon: Answer = { calls: [['read_file', { path: 'a.txt' }]] }
  const { outcome } = await play(t, [soon, late], { verb: 'review', direction: { place } })
  t.match(outcome, { how: 'completed' })
  t.same(
    told.filter((one, index) => one !== told[index - 1]),
    ['let in', 'ok', 'let in', 'ok'],
  )
})

void t.test('a place that comes after the stop is given back, and nobody is asked', async (t) => {
  const controller = new AbortController()
  const granted = Promise.withResolvers<void>()
  const given = Promise.withResolvers<unknown>()
  const place = async () => {
    controller.abort('enough')
    await granted.promise
    return { accepted: () => {}, refused: () => {}, release: given.resolve }
  }
  const { outcome, asked } = await play(t, [finish()], { direction: { signal: controller.signal, place } })
  t.same(outcome, { how: 'cancelled', reason: 'enough' })
  granted.resolve()
  t.same(await given.promise, { how: 'ok' })
  t.equal(asked.length, 0)
})

void t.test('a provider that is held for long ends the attempt as it is', async (t) => {
  const heldUntil = new ProviderHeld('glm-4.7', 'quota', Date.UTC(2099, 0))
  const place = () => Promise.reject(heldUntil)
  await t.rejects(play(t, [finish()], { direction: { place } }), heldUntil)
})

void t.test('a model that is confused is told, and given up in the end', async (t) => {
  const rows: readonly (readonly [
    what: string,
    answers: readonly Answer[],
    outcome: object,
    told?: readonly unknown[],
  ])[] = [
    [
      'an unknown tool',
      [{ calls: [['nosuch', {}]] }, edit, finish()],
      completes('yes'),
      [/unavailable tool 'nosuch'/, /replaced/],
    ],
    [
      'arguments that are no JSON',
      [{ calls: [['read_file', '{"path":']] }, edit, finish()],
      completes('yes'),
      [/Invalid input/, /replaced/],
    ],
    [
      'arguments of another kind',
      [{ calls: [['read_file', { file: 1 }]] }, edit, finish()],
      completes('yes'),
      [/Invalid input/],
    ],
    [
      'nothing but nonsense',
      [{ calls: [['nosuch', {}]] }],
      { failure: { kind: 'agent', message: /make no sense/ }, details: { steps: 5 } },
    ],
    [
      'the same call again and again',
      [{ calls: [['read_file', { path: 'a.txt' }]] }],
      { failure: { message: /round in circles: read a\.txt/ }, details: { steps: 6 } },
    ],
    ['an answer that is cut off', [{ text: 'I', end: 'length' }, edit, finish()], completes('yes')],
    [
      'an answer that is always cut off',
      [{ text: 'I', end: 'length' }],
      { failure: { kind: 'budget', message: /12 steps/ } },
    ],
  ]
  for (const [what, answers, outcome, told] of rows)
    await t.test(what, async (t) => {
      const played = await play(t, answers, { options: { maxSteps: 12 } })
      t.match(played.outcome, outcome)
      if (told !== undefined) t.match(played.told, told)
    })
})

void t.test('limits hold before the next call', async (t) => {
  const prices = { input: 1, cachedInput: 1, output: 1 }
  const look = (path: string, usage?: { input: number; output: number }): Answer => ({
    calls: [['list_files', { path }]],
    ...(usage && { usage }),
  })
  const big = { input: 900, output: 100 }
  const rows: readonly (readonly [
    what: string,
    options: object,
    answers: readonly Answer[],
    message: RegExp,
    calls: number,
  ])[] = [
    ['steps', { maxSteps: 2 }, [look('.'), look('src'), finish()], /2 steps/, 2],
    ['tokens', { maxTokens: 2_000 }, [look('.', big), look('src', big), finish()], /2000 tokens/, 2],
    ['cost', { maxCostUsd: 0.001, prices }, [look('.', big), finish()], /\$0\.0010/, 1],
    ['tokens that nobody tells', { maxTokens: 2_000 }, [look('.'), finish()], /does not tell/, 1],
    ['cost that nobody tells', { maxCostUsd: 1, prices }, [look('.'), finish()], /does not tell/, 1],
  ]
  for (const [what, options, answers, message, calls] of rows)
    await t.test(what, async (t) => {
      const { outcome, asked } = await play(t, answers, { options: { ...options } })
      t.match(outcome, { how: 'failed', failure: { kind: 'budget', message } })
      t.equal(asked.length, calls)
    })
})

void t.test('stops amid a command, amid an answer and amid a pause', async (t) => {
  const given = (
    answer: Answer,
    sign: RegExp,
    patience: Patience = () => null,
  ): readonly [Answer, RegExp, Patience] => [answer, sign, patience]
  const rows = [
    given(run('echo begun; sleep 1000 & wait'), /^begun/),
    given(silent, /^never/),
    given({ status: 429, body: '' }, /^never/, () => 1e6),
  ]
  for (const [answer, sign, patience] of rows) {
    await t.test(JSON.stringify(sign.source), async (t) => {
      const controller = new AbortController()
      const onOutput = (chunk: string | Uint8Array): void => {
        if (sign.test(Buffer.from(chunk).toString())) controller.abort('enough')
      }
      // where no output comes the first sign of the second kind is that the server was asked
      const { url, asked } = await serveModel(t, [answer])
      const agent = modelAgent({
        clock: systemClock,
        launcher: openLauncher(systemClock),
        environment: process.env,
        patience,
      })
      const what = assignment('model', {
        directory: t.testdir({}),
        verb: 'fix',
        options: { endpoint: url, model: 'm' },
      })
      const ended = perform(agent, what, { signal: controller.signal, onOutput, graceMs: 100 })
      if (sign.source === '^never') {
        while (asked.length === 0) await new Promise(setImmediate)
        controller.abort('enough')
      }
      const { outcome, processes } = await ended
      t.same(outcome, { how: 'cancelled', reason: 'enough' })
      for (const { group } of processes) await groupGone(group)
    })
  }
})

void t.test('a command that takes too long is ended, and the model goes on', async (t) => {
  const { told, outcome } = await play(t, [run('echo begun; sleep 1000'), edit, finish()], {
    options: { commandSeconds: 1 },
    direction: { graceMs: 100 },
  })
  t.match(told[0], /begun\n\(stopped: it took longer than 1 s\)/)
  t.match(outcome, completes('yes'))
})

void t.test('prompts are files that a user can replace', async (t) => {
  const user = (asked: readonly Asked[]): unknown => asked[0]?.body.messages.map(({ content }) => content)
  const put = (file: string, text: string) => (directory: string) => {
    mkdirSync(join(directory, '.agents/prompts'), { recursive: true })
    writeFileSync(join(directory, '.agents/prompts', file), text)
  }
  const one = await play(t, [finish('x', 'nothing_to_do')], { verb: 'explain', prompt: 'How?', files: ['a.txt', 'b'] })
  t.match(user(one.asked), [/tools given/, /^Task a-task: explain\.\n\nHow\?\n\n.*: a\.txt b$/])
  const prepare = put('explain.md', 'Mine: {{task.prompt}} {{{{ {{task.attempt}}')
  const two = await play(t, [finish('x', 'nothing_to_do')], { verb: 'explain', prompt: 'How?', prepare })
  t.match(user(two.asked), [/tools given/, 'Mine: How? {{ 2'])
  const three = await play(t, [finish()], { verb: 'fix', prepare: put('fix.md', '{{task.pormpt}}') })
  t.match(three.outcome, {
    failure: { message: /fix\.md: unknown variable \{\{task\.pormpt\}\}; did you mean task\.prompt/ },
  })
  t.equal(three.asked.length, 0, 'nobody was asked')
  const linked = (directory: string): void => {
    writeFileSync(join(directory, 'secret'), 'a secret of the user')
    mkdirSync(join(directory, '.agents/prompts'), { recursive: true })
    symlinkSync(join(directory, 'secret'), join(directory, '.agents/prompts/fix.md'))
  }
  const four = await play(t, [finish('x', 'nothing_to_do')], { verb: 'fix', prepare: linked })
  t.match(user(four.asked), [/tools given/, /^Put right what task/], 'a link is not followed')
  for (const verb of ['review', 'test', 'docs', 'implement', 'fix', 'any', 'system'])
    t.ok(existsSync(join(import.meta.dirname, `../../prompts/${verb}.md`)), verb)
})

void t.test('what the options lack is told before anything starts', async (t) => {
  const mistakes = (options: object): readonly string[] =>
    modelKind.mistakes({ verb: 'fix', prompt: 'x', command: null, files: [], options: { ...options } })
  const far = { endpoint: 'https://example.com/v1', model: 'm' }
  t.same(mistakes({ preset: 'glm-4.7' }), [])
  t.same(mistakes(far), [])
  t.same(mistakes({ endpoint: 'http://127.0.0.1:1/v1', model: 'm', keyFrom: 'K' }), [])
  t.match(mistakes({}), [/preset, or an endpoint and a model/])
  t.match(mistakes({ ...far, endpoint: 'example' }), [/not an address/])
  t.match(mistakes({ ...far, endpoint: 'https://me:key@example.com' }), [/may hold no key/])
  t.match(mistakes({ ...far, endpoint: 'http://example.com', keyFrom: 'K' }), [/clear text/])
  t.match(mistakes({ ...far, endpoint: 'file:///etc/passwd' }), [/not spoken here/])
  t.match(mistakes({ ...far, maxCostUsd: 1 }), [/prices are not known/])
  t.match(mistakes({ preset: 'glm-4.7-coding', maxCostUsd: 1 }), [/prices are not known/])
  t.match(mistakes({ preset: 'glm-4.7', protocol: 'anthropic', thinking: true }), [/openai only/])
  const missing = (options: object, environment = {}): unknown => modelKind.missing?.({ ...options }, environment)
  t.match(missing({ preset: 'glm-4.7' }), /ZAI_API_KEY holds no key/)
  t.match(missing({ preset: 'glm-4.7', keyFrom: 'MINE' }, { ZAI_API_KEY: 'x' }), /MINE holds no key/)
  t.equal(missing({ preset: 'glm-4.7' }, { ZAI_API_KEY: 'x' }), null)
  t.equal(missing(far), null, 'an endpoint of one’s own needs none')
  t.equal(missing({ ...far, preset: 'glm-4.7' }), null, 'and is not sent the key of another')
  t.equal(modelKind.usualProvider?.({ preset: 'glm-4.7-coding' }), 'glm-4.7')
  t.equal(modelKind.usualProvider?.({ preset: 'glm-4.7', keyFrom: 'MINE' }), null)
})

void t.test(
  'in a run: three hosts share what the provider allows and give one proposal; nothing starts without a key',
  async (t) => {
    delete process.env['ZAI_API_KEY']
    const mock = new LLMock({ port: 0, host: '127.0.0.1' })
    const modes = ['async', 'thread', 'process'] as const
    for (const mode of modes) {
      const isFor = (request: { messages: readonly { content: unknown }[] }): boolean =>
        JSON.stringify(request.messages).includes(`TASK:${mode}`)
      const call = (name: string, input: object) => ({
        toolCalls: [{ name, arguments: JSON.stringify(input), id: `c_${name}` }],
        usage: { prompt_tokens: 1_000, completion_tokens: 10, total_tokens: 1_010 },
      })
      const hasWritten = (request: { messages: readonly { role: string }[] }): boolean =>
        request.messages.some(({ role }) => role === 'tool')
      const write = call('write_file', { path: `${mode}.txt`, content: mode })
      mock.on({ predicate: (request) => isFor(request) && !hasWritten(request) }, write)
      mock.on(
        { predicate: (request) => isFor(request) && hasWritten(request) },
        call('finish', { summary: `Wrote ${mode}.` }),
      )
    }
    await mock.start()
    t.teardown(() => mock.stop())
    const endpoint = `${mock.url}/api/paas/v4`
    const agents = modes.map((mode) => [
      mode,
      { kind: 'model', preset: 'glm-4.7', endpoint, keyFrom: 'ZAI_API_KEY', mode },
    ])
    const tasks = modes.map((mode) => ({
      id: `${mode}-task`,
      agent: mode,
      prompt: `TASK:${mode}`,
      owns: [`${mode}.txt`],
    }))
    const path = manifest(t, { agents: Object.fromEntries(agents) as object, tasks })
    const directory = repositoryOf(t, { 'a.txt': 'a' })
    process.env['XDG_STATE_HOME'] = t.testdir({})
    t.teardown(() => {
      delete process.env['ZAI_API_KEY']
      delete process.env['XDG_STATE_HOME']
    })
    const without = await troupeHere(directory, 'run', path)
    t.match(without, { status: 2, stderr: /async: the variable ZAI_API_KEY holds no key; thread: .*; process: / })
    t.notOk(existsSync(join(directory, '.agents')), 'nothing was started')
    process.env['ZAI_API_KEY'] = key
    mock.nextRequestError(429, { message: 'slow down', code: '1302' })
    const { exitCode, proposal } = await runJson(directory, path)
    t.equal(exitCode, 0)
    t.match((await troupeHere(directory, 'log')).stdout, /glm-4\.7 is held \(rate_limit\)/, 'all of them waited')
    const files = git(directory, 'ls-tree', '--name-only', proposal.commit).trim().split('\n')
    t.same(files, ['a.txt', 'async.txt', 'process.txt', 'thread.txt'])
    t.match((await troupeHere(directory, 'status', '--json')).stdout, /"inputTokens": ?6000/)
    const places = execFileSync('sh', ['-c', `grep -rl -e ${key} . || true`], { cwd: directory, encoding: 'utf8' })
    t.equal(places, '', 'the key is nowhere')
  },
)

void t.test('speaks both protocols', async (t) => {
  const mock = new LLMock({ port: 0, host: '127.0.0.1' })
  const results = (request: { messages: readonly { role: string }[] }): number =>
    request.messages.filter(({ role }) => role === 'tool').length
  const call = (name: string, input: object) => ({
    toolCalls: [{ name, arguments: JSON.stringify(input), id: `c_${name}` }],
  })
  mock.on({ predicate: (request) => results(request) === 0 }, call('write_file', { path: 'm.txt', content: 'mock' }))
  mock.on({ predicate: (request) => results(request) > 0 }, call('finish', { summary: 'Wrote m.txt.' }))
  await mock.start()
  t.teardown(() => mock.stop())
  for (const [protocol, path] of [
    ['openai', '/api/coding/paas/v4'],
    ['anthropic', '/v1'],
  ] as const) {
    const options = { protocol, endpoint: `${mock.url}${path}`, model: 'glm-4.7' }
    const { outcome, directory } = await play(t, [], { options })
    t.match(outcome, { how: 'completed', summary: 'Wrote m.txt.' }, protocol)
    t.equal(textOf(directory, 'm.txt'), 'mock')
  }
})

void t.test('calls of one model share what the library made for it, and each fetches for itself', async (t) => {
  const settings = settingsOf(modelOptions.parse({ endpoint: 'http://127.0.0.1:9/v1', model: 'm' }))
  if (settings === null) throw new RangeError('no settings')
  const seen: string[] = []
  const fetchAs =
    (name: string): typeof fetch =>
    (_, init) => {
      const { authorization = 'nobody', 'troupe-call': call = 'no' } = Object.fromEntries(new Headers(init?.headers))
      seen.push(`${name} of ${authorization}, ${call}`)
      return Promise.resolve(new Response('{}', { status: 500 }))
    }
  const one = callOfModel(settings, 'key', fetchAs('one'))
  const other = callOfModel(settings, 'key', fetchAs('other'))
  const stranger = callOfModel(settings, 'another', fetchAs('stranger'))
  t.equal(one.model, other.model)
  t.not(one.model, stranger.model, 'a key is never used for another')
  const ask = async ({ model, headers }: typeof one): Promise<unknown[]> => {
    const { stream } = streamText({ model, headers, prompt: 'x', maxRetries: 0, onError: () => {} })
    const errors: unknown[] = []
    for await (const part of stream) if (part.type === 'error') errors.push(part.error)
    return errors
  }
  await Promise.all([other, stranger, one].map(ask))
  t.same(seen.toSorted(), ['one of Bearer key, no', 'other of Bearer key, no', 'stranger of Bearer another, no'])
  one[Symbol.dispose]()
  t.match((await ask(one)).map(String), [/no call that is under way/])
})

void t.test('a process forgets the models that it has not asked for long', (t) => {
  const settings = settingsOf(modelOptions.parse({ endpoint: 'http://127.0.0.1:9/v1', model: 'm' }))
  if (settings === null) throw new RangeError('no settings')
  const modelFor = (key: string): unknown => {
    using call = callOfModel(settings, key, fetch)
    return call.model
  }
  const [often, once] = [modelFor('often'), modelFor('once')]
  for (let other = 0; other < 100; other++) {
    modelFor(`other ${other}`)
    t.equal(modelFor('often'), often)
  }
  t.not(modelFor('once'), once)
  t.end()
})

void t.test('the pieces of one text come as one, and nothing else does', async (t) => {
  const text = (id: string, delta: string): Part => ({ type: 'text-delta', id, delta })
  const thought = (delta: string, signature?: string): Part => ({
    type: 'reasoning-delta',
    id: 'r',
    delta,
    ...(signature !== undefined && { providerMetadata: { house: { signature } } }),
  })
  const input = (delta: string): Part => ({ type: 'tool-input-delta', id: 't', delta })
  const parts: readonly Part[] = [
    { type: 'text-start', id: 'a' },
    text('a', 'one '),
    text('a', 'two '),
    text('a', 'three'),
    text('b', 'other'),
    text('a', ' four'),
    thought('hm'),
    thought(' hm'),
    thought('', 'signed'),
    thought('again'),
    input('{'),
    input('}'),
    { type: 'text-end', id: 'a' },
    { type: 'text-end', id: 'b' },
  ]
  const told: Part[] = []
  const joined = await streamedBy(parts, (part) => told.push(part))
  t.same(told, parts, 'each is told when it comes')
  t.same(joined, [
    { type: 'text-start', id: 'a' },
    text('a', 'one two three'),
    text('b', 'other'),
    text('a', ' four'),
    thought('hm hm'),
    thought('', 'signed'),
    thought('again'),
    input('{}'),
    { type: 'text-end', id: 'a' },
    { type: 'text-end', id: 'b' },
  ])
  t.same(await streamedBy([], () => {}), [])
})

void t.test('who hears each part of an answer can end it', async (t) => {
  let heard = 0
  const cancelled: unknown[] = []
  const endless = new ReadableStream<Part>({
    pull: (to) => to.enqueue({ type: 'text-delta', id: 'a', delta: 'on and ' }),
    cancel: (why) => void cancelled.push(why),
  })
  const enough = new RangeError('enough')
  const hear = (): void => {
    heard += 1
    if (heard === 100) throw enough
  }
  await t.rejects(streamedBy(endless, hear), enough)
  t.same(cancelled, [enough], 'nothing more is read')
})

void t.test('answers that end at once go on one by one, each in a turn of its own', async (t) => {
  let [turn, isOver] = [0, false]
  const count = (): void => {
    turn += 1
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  const end = { type: 'finish', usage: {}, finishReason: { unified: 'stop' } } as unknown as Part
  const ended = Array.from({ length: 5 }, async () => {
    await streamedBy([end], () => {})
    return turn
  })
  t.equal(new Set(await Promise.all(ended)).size, 5)
  isOver = true
})

async function streamedBy(
  parts: readonly Part[] | ReadableStream<Part>,
  onPart: (part: Part) => void,
): Promise<Part[]> {
  const stream = parts instanceof ReadableStream ? parts : ReadableStream.from(parts)
  const model = withJoinedPieces(new MockLanguageModelV4({ doStream: { stream } }), onPart)
  if (!('doStream' in model)) throw new RangeError('no stream')
  const streamed = await model.doStream({ prompt: [] })
  const read: Part[] = []
  for await (const part of streamed.stream as ReadableStream<Part>) read.push(part)
  return read
}

// from here on how the answers of providers are read

const now = Date.UTC(2026, 8, 8, 20)
const reset = Date.UTC(2026, 8, 8, 21, 38, 28) // 05:38:28 of the next day in Beijing

const openai = (error: object): string => JSON.stringify({ error })
const anthropic = (type: string): string => JSON.stringify({ type: 'error', error: { type, message: 'no' } })

type Row = readonly [what: string, answer: BadAnswer, kind: string | null, after?: number | null, until?: number | null]

const refusals: readonly Row[] = [
  ['GLM: concurrency', { status: 429, text: glm('1302') }, 'rate_limit'],
  ['GLM: too often', { status: 429, text: glm('1303') }, 'rate_limit'],
  ['GLM: overloaded', { status: 429, text: glm('1305') }, 'overloaded'],
  ...['1304', '1308', '1310', '1316', '1317', '1318', '1319', '1320', '1321'].map((code): Row => [
    `GLM: ${code}, used up until a date in Beijing`,
    { status: 429, text: glm(code, 'Your limit will reset at 2026-09-09 05:38:28') },
    'quota',
    null,
    reset,
  ]),
  [
    'GLM: used up, through a proxy that counts in ms',
    { status: 429, text: glm('1310'), headers: { 'retry-after-ms': '504641000' } },
    'quota',
    504_641_000,
  ],
  ['GLM: plan expired', { status: 429, text: glm('1309') }, 'quota'],
  ['GLM: in arrears', { status: 429, text: glm('1113') }, 'quota'],
  ['GLM: blocked for unfair use', { status: 429, text: glm('1313') }, 'quota'],
  ...['1000', '1001', '1002', '1003', '1004'].map((code): Row => [
    `GLM: ${code}, the key`,
    { status: 401, text: glm(code) },
    'auth',
  ]),
  ...['1210', '1211', '1212', '1213', '1214', '1215', '1301'].map((code): Row => [
    `GLM: ${code}, the request itself`,
    { status: 400, text: glm(code) },
    null,
  ]),
  [
    'GLM: its code in words',
    { status: null, text: 'API error code: 1308, reset at 2026-09-09 05:38:28' },
    'quota',
    null,
    reset,
  ],
  [
    'OpenAI: passing',
    { status: 429, text: openai({ code: 'rate_limit_exceeded', message: 'Please try again in 1.5s.' }) },
    'rate_limit',
    1_500,
  ],
  [
    'OpenAI: minutes and seconds',
    { status: 429, text: 'Rate limit reached. Please try again in 6m0s.' },
    'rate_limit',
    360_000,
  ],
  ['OpenAI: milliseconds', { status: 429, text: 'Please try again in 20ms' }, 'rate_limit', 20],
  [
    'OpenAI: used up',
    { status: 429, text: openai({ type: 'insufficient_quota', code: 'insufficient_quota' }) },
    'quota',
  ],
  [
    'OpenAI: the words of a used-up quota',
    { status: 429, text: 'You exceeded your current quota, please check your plan' },
    'quota',
  ],
  [
    'Codex: used up',
    { status: 429, text: openai({ type: 'usage_limit_reached', resets_at: reset / 1_000 }) },
    'quota',
    null,
    reset,
  ],
  [
    'Codex: used up, in seconds',
    { status: 429, text: openai({ type: 'usage_limit_reached', resets_in_seconds: 60 }) },
    'quota',
    60_000,
  ],
  [
    'Codex: used up, in words',
    { status: null, text: "You've hit your usage limit. Try again in 3 days 4 hours 5 minutes." },
    'quota',
    273_900_000,
  ],
  [
    'Codex: 429 in words',
    { status: null, text: 'exceeded retry limit, last status: 429 Too Many Requests' },
    'rate_limit',
  ],
  ['Codex: 500 in words', { status: null, text: 'We’re currently experiencing high demand' }, 'overloaded'],
  ['Codex: the key in words', { status: null, text: 'unexpected status 401 Unauthorized: wrong key' }, 'auth'],
  ['Codex: too long', { status: null, text: "Codex ran out of room in the model's context window" }, 'context'],
  ['Codex: broken off', { status: null, text: 'stream disconnected before completion: error' }, 'network'],
  [
    'Anthropic: passing',
    { status: 429, text: anthropic('rate_limit_error'), headers: { 'retry-after': '7' } },
    'rate_limit',
    7_000,
  ],
  ['Anthropic: overloaded', { status: 529, text: anthropic('overloaded_error') }, 'overloaded'],
  ['Anthropic: overloaded in a stream', { status: null, text: anthropic('overloaded_error') }, 'overloaded'],
  [
    'Anthropic: the plan',
    { status: 429, text: 'usage limit', headers: { 'anthropic-ratelimit-unified-reset': `${reset / 1_000}` } },
    'quota',
    null,
    reset,
  ],
  ['Anthropic: too long', { status: 400, text: 'prompt is too long: 210000 tokens > 200000 maximum' }, 'context'],
  ['OpenAI: too long', { status: 400, text: openai({ code: 'context_length_exceeded' }) }, 'context'],
  [
    'Gemini: passing',
    { status: 429, text: '{"status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"37s"}]}' },
    'rate_limit',
    37_000,
  ],
  ['Gemini: used up', { status: 429, text: '{"quotaId":"GenerateRequestsPerDayPerProject"}' }, 'quota'],
  [
    'a date in Retry-After',
    { status: 429, text: '', headers: { 'retry-after': new Date(now + 90_000).toUTCString() } },
    'rate_limit',
    90_000,
  ],
  [
    'a date that has passed',
    { status: 429, text: '', headers: { 'retry-after': new Date(now - 90_000).toUTCString() } },
    'rate_limit',
    null,
  ],
  [
    'a Retry-After of more years than there are dates',
    { status: 429, text: '', headers: { 'retry-after': '99999999999999' } },
    'rate_limit',
    null,
  ],
  ['a Retry-After of no time', { status: 429, text: '', headers: { 'retry-after': '0' } }, 'rate_limit', null],
  [
    'a Retry-After of no time, and words that tell more',
    { status: 429, text: 'Please try again in 3s.', headers: { 'retry-after': '0' } },
    'rate_limit',
    3_000,
  ],
  [
    'a plan that was renewed before',
    { status: 429, text: openai({ type: 'usage_limit_reached', resets_at: now / 1_000 - 60 }) },
    'quota',
  ],
  [
    'a date thousands of years from now',
    { status: 429, text: openai({ type: 'usage_limit_reached', resets_at: 99_999_999_999 }) },
    'quota',
  ],
  [
    'a date with its zone',
    { status: 429, text: openai({ code: 'insufficient_quota', message: 'Resets at 2026-09-08T21:38:28.5Z.' }) },
    'quota',
    null,
    reset,
  ],
  [
    'a date with its distance from UTC, in a field',
    { status: 402, text: JSON.stringify({ reset_at: '2026-09-08T17:38:28-0400' }) },
    'quota',
    null,
    reset,
  ],
  [
    'GLM: a date in Chinese',
    { status: 429, text: glm('1308', '已达到 5 小时的使用上限。您的限额将在 2026-09-09 05:38:28 重置。') },
    'quota',
    null,
    reset,
  ],
  [
    'the date of the answer itself',
    { status: 503, text: JSON.stringify({ error: 'try again', timestamp: '2026-09-09 23:00:00', status: 503 }) },
    'overloaded',
  ],
  [
    'Anthropic: overloaded, with the date of the plan',
    {
      status: 529,
      text: anthropic('overloaded_error'),
      headers: { 'anthropic-ratelimit-unified-reset': `${reset / 1_000}` },
    },
    'overloaded',
  ],
  [
    'Anthropic: passing, with the date of the plan',
    {
      status: 429,
      text: anthropic('rate_limit_error'),
      headers: { 'retry-after': '7', 'anthropic-ratelimit-unified-reset': `${reset / 1_000}` },
    },
    'rate_limit',
    7_000,
  ],
  [
    'Anthropic: the plan, though called a rate limit',
    {
      status: 429,
      text: anthropic('rate_limit_error'),
      headers: { 'anthropic-ratelimit-unified-reset': `${reset / 1_000}` },
    },
    'rate_limit',
    null,
    reset,
  ],
  ['a senseless Retry-After', { status: 429, text: '', headers: { 'retry-after': 'soon' } }, 'rate_limit', null],
  ['a negative Retry-After', { status: 429, text: '', headers: { 'retry-after': '-5' } }, 'rate_limit', null],
  ['paid for nothing', { status: 402, text: '' }, 'quota'],
  ['forbidden', { status: 403, text: '' }, 'auth'],
  ['too large', { status: 413, text: '' }, 'context'],
  ['no room', { status: 503, text: '' }, 'overloaded'],
  ...[408, 500, 502, 504].map((status): Row => [`status ${status}`, { status, text: '' }, 'network']),
  [
    'opencode: a stream that broke off',
    { status: null, text: 'Cannot connect to API: The socket connection was closed unexpectedly.' },
    'network',
  ],
  ['GLM: 1302 in words', { status: null, text: '您的账户已达到速率限制，请您控制请求频率' }, 'rate_limit'],
  ['GLM: 1305 in words', { status: null, text: '该模型当前访问量过大，请您稍后再试' }, 'overloaded'],
  ['OpenAI: the key in words', { status: null, text: 'Incorrect API key provided: sk-1' }, 'auth'],
  ['Anthropic: the key in words', { status: null, text: 'invalid x-api-key' }, 'auth'],
  [
    'opencode: too long',
    { status: null, text: 'Session too large to compact - context exceeds model limit even after stripping media' },
    'context',
  ],
  ['500 in words', { status: null, text: 'Internal error: Internal Server Error' }, 'network'],
  ['no connection', { status: null, text: 'fetch failed: connect ECONNREFUSED 127.0.0.1:1' }, 'network'],
  ['a wrong request', { status: 400, text: openai({ code: 'bad', message: 'no such field' }) }, null],
  ['a wrong request with a number', { status: 400, text: openai({ message: 'max_tokens must be at most 500' }) }, null],
  ['a wrong request with another', { status: 422, text: 'messages.429.content: string expected' }, null],
  ['a wrong request about an end', { status: 400, text: 'stop: text must be terminated by a quote' }, null],
  ['Gemini: the key in words', { status: 400, text: 'API key not valid. PERMISSION_DENIED' }, 'auth'],
  ['nothing that is known', { status: null, text: 'exit 1' }, null],
]

void t.test('what a provider answers is classed by its own code, its status, its words', async (t) => {
  for (const [what, answer, kind, after = null, until = null] of refusals) {
    const { class: found, retryAfterMs, until: date } = refusalOf(answer, now)
    t.same({ found, retryAfterMs, date }, { found: kind, retryAfterMs: after, date: until }, what)
  }
})

void t.test('only what is no fault of the task is kept from counting, and it says until when', async (t) => {
  const used = refusalOf({ status: 429, text: glm('1308', 'Your limit will reset at 2026-09-09 05:38:28') }, now)
  t.same(failureOf(used, now), {
    kind: 'quota',
    class: 'quota',
    until: reset,
    message: 'the quota of the plan is used up (429, code 1308): Your limit will reset at 2026-09-09 05:38:28',
    signature: 'provider quota',
  })
  t.same(placeAnswerOf(used), { how: 'refused', class: 'quota', until: reset })
  const slow = refusalOf({ status: 429, text: '', headers: { 'retry-after': '2' } }, now)
  t.match(failureOf(slow, now), {
    kind: 'quota',
    class: 'rate_limit',
    until: now + 2_000,
    message: /it said nothing more/,
  })
  t.same(placeAnswerOf(slow), { how: 'refused', class: 'rate_limit', retryAfterMs: 2_000 })
  const kinds = [529, 401, 413, 500, 400].map((status) => failureOf(refusalOf({ status, text: 'x' }, now), now).kind)
  t.same(kinds, ['quota', 'agent', 'agent', 'infrastructure', 'agent'])
  t.same(placeAnswerOf(refusalOf({ status: 400, text: 'x' }, now)), { how: 'ok' })
})
