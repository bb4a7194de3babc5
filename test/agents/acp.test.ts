import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { AnyMessage } from '@agentclientprotocol/sdk'
import { acpAgent } from '../../src/agents/acp/acp.ts'
import { MessagePipe } from '../../src/agents/acp/message-pipe.ts'
import { newOutputEnd } from '../../src/agents/acp/output-end.ts'
import { choose, judge } from '../../src/agents/acp/permission.ts'
import { Terminals } from '../../src/agents/acp/terminals.ts'
import type { AgentContext, Place } from '../../src/agents/agent.ts'
import type { PlaceAnswer } from '../../src/agents/failure.ts'
import { kinds } from '../../src/agents/registry.ts'
import { systemClock } from '../../src/clock.ts'
import { must } from '../../src/errors.ts'
import { type Launcher, noInput } from '../../src/processes/launcher.ts'
import { openLauncher } from '../../src/processes/open-launcher.ts'
import { manifest, repositoryOf, runJson, troupeHere } from '../acceptance/troupe.ts'
import type { Step } from '../fixtures/acp/fake-agent.ts'
import { failureIn, homesIn, newFolder, play, script, type Staging } from './acp-stage.ts'
import { assignment, groupGone, perform } from './perform.ts'

const state = newFolder(t)
process.env['XDG_STATE_HOME'] = state

const owns =
  (...paths: readonly string[]): AgentContext['mayWrite'] =>
  (asked) =>
    Promise.resolve(
      asked.every((path) => paths.includes(path))
        ? { allowed: true }
        : { allowed: false, reason: `${asked.join(', ')} belongs to the task other` },
    )

void t.test('an agent that asks edits what its task owns, and what it did is told', async (t) => {
  const asked: (readonly string[])[] = []
  const turn: Step[] = [{ say: 'I begin.' }, { edit: 'a.txt', ask: 'go on' }, { say: 'All ' }, { say: 'done.' }]
  const { outcome, output, progress, directory } = await play(t, [turn], {
    mayWrite: (paths) => {
      asked.push(paths)
      return owns('a.txt')(paths)
    },
  })
  t.match(outcome, {
    how: 'completed',
    summary: 'All done.',
    details: {
      touched: ['a.txt'],
      stopReason: 'end_turn',
      proof: { clean: true, lastToolFailed: false, changed: 'yes' },
    },
  })
  t.same(asked, [['a.txt']])
  t.equal(readFileSync(join(directory, 'a.txt'), 'utf8'), 'edited\n')
  t.match(output, /I begin\.\n\[pending\] edit Edit a\.txt\n\[completed\] edit Edit a\.txt\nAll done\./)
  t.same(progress, ['I begin.', 'edit Edit a.txt', 'edit Edit a.txt', 'All', 'All done.'])
})

void t.test('a command that is asked for while all are stopped is not started: nobody would stop it', async (t) => {
  const looked = Promise.withResolvers<{ readonly ok: true; readonly value: string }>()
  const started: string[] = []
  const launcher: Launcher = {
    start({ argv }) {
      started.push(argv.join(' '))
      return { signal: () => {}, input: noInput }
    },
  }
  const context = { graceMs: 1, started: () => {}, output: () => {} } as unknown as AgentContext
  const folder = () => looked.promise
  const terminals = new Terminals({ clock: systemClock, launcher, context, directory: '/', env: {}, folder })
  const created = terminals.create({ command: 'sleep', args: ['600'], cwd: '/tmp' })
  await terminals.close()
  looked.resolve({ ok: true, value: '/tmp' })
  await t.rejects(created, { message: /the session is over/ })
  await t.rejects(terminals.create({ command: 'sleep', args: ['600'] }), { message: /the session is over/ })
  t.same(started, [])
})

void t.test('an agent is told what it works on, and that nobody answers', async (t) => {
  const { output } = await play(t, [[{ say: 'nothing to do' }]], {
    given: { files: ['a.txt'], owns: ['src/**'], continued: true },
  })
  t.match(output, /Files: a\.txt.*unattended.*Write only these files: src\/\*\*.*An earlier attempt.*nothing to do/)
})

void t.test('a write that is not allowed is denied before it happens, with the reason', async (t) => {
  const { outcome, output, directory } = await play(t, [[{ edit: 'b.txt', ask: 'go on' }, { say: 'I could not.' }]], {
    mayWrite: owns('a.txt'),
  })
  t.match(failureIn(outcome), { kind: 'agent', message: /last tool failed: .*b\.txt belongs to the task other/ })
  t.match(outcome, { details: { denied: ['b.txt belongs to the task other'], proof: { lastToolFailed: true } } })
  t.match(output, /\[denied\] edit Edit b\.txt: b\.txt belongs to the task other/)
  t.notOk(existsSync(join(directory, 'b.txt')))
})

for (const stop of ['end_turn', 'cancelled']) {
  void t.test(`an agent that stops at a refusal (${stop}) is told the reason and goes on`, async (t) => {
    const turns: Step[][] = [[{ edit: 'b.txt', ask: stop }], [{ edit: 'a.txt', ask: stop }, { say: 'Only a.' }]]
    const { outcome, output } = await play(t, turns, { mayWrite: owns('a.txt') })
    t.match(outcome, { how: 'completed', summary: 'Only a.', details: { touched: ['a.txt'] } })
    t.match(output, /PROMPT .*not everything that you asked for was allowed.*b\.txt belongs to the task other/is)
  })
}

void t.test('an agent that always stops at a refusal is not told for ever', async (t) => {
  const again: Step[] = [{ edit: 'b.txt', ask: 'cancelled' }]
  const { outcome, output } = await play(t, [again, again, again, again, again, again], { mayWrite: owns() })
  t.match(failureIn(outcome), { kind: 'agent', message: /broke its turn off, after a refusal: b\.txt belongs/ })
  t.equal(output.match(/PROMPT/g)?.length, 4)
})

void t.test('permissions follow the manifest, by the kind of tool call', (t) => {
  const judged = (permissions: Parameters<typeof judge>[0]): string =>
    (['read', 'edit', 'execute', 'fetch', 'other'] as const).map((kind) => judge(permissions, kind)).join(' ')
  t.equal(judged('owned'), 'owned owned owned owned owned')
  t.equal(judged('allow'), 'allow allow allow allow allow')
  t.equal(judged('read-only'), 'allow deny deny allow deny')
  t.equal(judged('deny'), 'deny deny deny deny deny')
  t.equal(judged({ execute: 'deny', edit: 'allow' }), 'owned allow deny owned owned')
  const options = [
    { optionId: '1', kind: 'allow_always' },
    { optionId: '2', kind: 'reject_once' },
  ]
  t.same(choose(options, true), { outcome: 'selected', optionId: '1' })
  t.same(choose(options, false), { outcome: 'selected', optionId: '2' })
  t.same(choose([], true), { outcome: 'cancelled' })
  t.end()
})

void t.test('a policy decides without the supervisor where it can', async (t) => {
  const never = (): never => t.fail('nobody is asked') as never
  const turn: Step[] = [{ edit: 'b.txt', ask: 'go on' }, { edit: 'c.txt', by: 'callback' }, { say: 'done' }]
  const { outcome } = await play(t, [turn], { options: { permissions: 'allow' }, mayWrite: never })
  t.match(outcome, { how: 'completed' })
  const denied = await play(t, [[...turn, { run: 'touch', args: ['d.txt'] }]], {
    options: { permissions: 'read-only' },
    mayWrite: never,
  })
  t.match(denied.outcome, { how: 'failed', details: { denied: Array, proof: { changed: 'no' } } })
  for (const file of ['b.txt', 'c.txt', 'd.txt']) t.notOk(existsSync(join(denied.directory, file)), file)
})

void t.test('files are read and written for the agent', async (t) => {
  const turn: Step[] = [
    { read: 'a.txt', line: 2, limit: 1 },
    { edit: 'new/folder/b.txt', by: 'callback' },
    { edit: 'mine.txt', by: 'callback' },
  ]
  const { outcome, output, directory } = await play(t, [turn], { mayWrite: owns('new/folder/b.txt') })
  t.match(output, '{"content":"two\\n"}')
  t.equal(readFileSync(join(directory, 'new/folder/b.txt'), 'utf8'), 'edited\n')
  t.notOk(existsSync(join(directory, 'mine.txt')))
  t.match(outcome, { how: 'failed', details: { denied: ['mine.txt belongs to the task other'] } })
})

void t.test('nothing outside the workspace is read or written for the agent', async (t) => {
  const outside = newFolder(t)
  const secret = join(outside, 'secret.txt')
  writeFileSync(secret, 'hush')
  const prepare = (directory: string): void => {
    symlinkSync(secret, join(directory, 'link'))
    symlinkSync(outside, join(directory, 'folder'))
    symlinkSync(join(outside, 'not-there'), join(directory, 'dangling'))
    mkdirSync(join(directory, '.git'))
    linkSync(secret, join(directory, 'hard'))
  }
  const paths = [secret, '../secret.txt', 'link', 'folder/secret.txt', 'folder/../folder/secret.txt', 'dangling']
  const more = ['/proc/self/cwd/../x', '/proc/self/environ', '.git/config', '.GIT/config', 'a\0b', '', '..', '/']
  const tries = [...paths, ...more].flatMap((path) => [
    { ask: 'fs/read_text_file', path },
    { ask: 'fs/write_text_file', path, content: 'overwritten' },
  ])
  const last = { ask: 'fs/write_text_file', path: 'hard', content: 'x' }
  const { outcome, output, directory } = await play(t, [[...tries, last]], { prepare })
  t.equal(readFileSync(secret, 'utf8'), 'hush')
  t.notOk(output.includes('hush'))
  for (const name of ['not-there', 'x']) t.notOk(existsSync(join(outside, name)), name)
  t.notOk(existsSync(join(directory, '.git/config')))
  t.match(outcome, { details: { denied: Array } })
})

void t.test('commands run for the agent in the workspace, and end with its session', async (t) => {
  const turn: Step[] = [
    {
      run: 'sh',
      args: ['-c', 'cat a.txt; echo $GREETING $HOME >&2; exit 3'],
      env: [{ name: 'GREETING', value: 'hi' }],
    },
    { run: 'echo one | tr a-z A-Z' },
    { run: 'sh', args: ['-c', 'echo 0123456789'], outputByteLimit: 4 },
    { run: 'sleep', args: ['100'], kill: true },
    { run: 'nosuchprogram', args: ['x'] },
    { run: 'ls', args: [], cwd: '/' },
    { run: 'sleep', args: ['100'], leave: true },
    { ask: 'terminal/output', terminalId: 'nosuch' },
    { edit: 'a.txt' },
  ]
  const { outcome, output, processes } = await play(t, [turn])
  t.match(output, /"exitCode":3,"signal":null,"output":"one\\ntwo\\nthree\\nhi .*homes.*\\n","truncated":false/)
  t.match(output, '"output":"ONE\\n"')
  t.match(output, /"output":"789\\n","truncated":true/)
  t.match(output, /"exitCode":null,"signal":"SIGKILL"/)
  t.match(output, /"exitCode":127/)
  t.match(output, /is outside the workspace/)
  t.match(output, /Resource not found: nosuch/)
  t.match(outcome, { how: 'completed' })
  for (const { group } of processes) await groupGone(group)
})

void t.test('success is proven, not believed', async (t) => {
  const end = async (turn: Step[], staging: Staging = {}) => (await play(t, [turn], staging)).outcome
  t.match(await end([{ say: 'I changed it all.' }]), {
    how: 'failed',
    failure: { kind: 'agent', class: 'no_changes', message: /changed nothing: I changed it all\./ },
  })
  t.match(await end([{ say: 'There is nothing to do.' }]), {
    how: 'completed',
    details: { proof: { changed: 'said-nothing-to-do' } },
  })
  t.match(await end([{ edit: 'a.txt' }, { tool: 'execute', title: 'npm test', status: 'failed' }, { say: 'Fine.' }]), {
    failure: { message: /last tool failed: execute npm test/ },
  })
  t.match(await end([{ tool: 'execute', status: 'failed' }, { tool: 'execute' }, { edit: 'a.txt' }]), {
    how: 'completed',
  })
  t.match(await end([{ run: 'touch made-by-a-command' }]), { how: 'completed', details: { proof: { changed: 'yes' } } })
  t.match(await end([{ run: 'rm a.txt' }]), { how: 'completed' })
  t.match(await end([{ say: 'It was all done.' }], { given: { continued: true } }), { how: 'completed' })
  t.match(await end([{ say: 'All is well.' }], { given: { verb: 'review' } }), {
    how: 'completed',
    summary: 'All is well.',
  })
  t.match(await end([], { options: { expects: 'answer' } }), { failure: { message: /ended without a word/ } })
  for (const stop of ['max_tokens', 'max_turn_requests', 'refusal', 'cancelled', 'a_new_one'])
    t.match(await end([{ edit: 'a.txt' }, { stop }]), { how: 'failed', failure: { kind: 'agent' } }, stop)
})

const refusals: readonly (readonly [string, Step, object])[] = [
  ['a key that is not accepted', { error: { code: -32_000, message: 'Authentication required' } }, { class: 'auth' }],
  ['a status as the code', { error: { code: 401, message: 'bad key' } }, { class: 'auth' }],
  [
    'a kind of error in the data',
    { error: { code: -32_603, message: 'Internal error', data: { errorKind: 'rate_limit' } } },
    { class: 'rate_limit', kind: 'quota' },
  ],
  [
    'a status in the data',
    { error: { code: -32_603, message: 'Internal error', data: { errorName: 'APIError', statusCode: 503 } } },
    { class: 'overloaded', kind: 'quota' },
  ],
  [
    'an apology that ends the turn well',
    { say: 'exceeded retry limit, last status: 429 Too Many Requests' },
    { class: 'rate_limit', kind: 'quota' },
  ],
  ['a plan that is used up', { say: 'You’ve hit your usage limit. Try again in 3 days.' }, { class: 'quota' }],
  [
    'a conversation that is too long',
    { say: "Codex ran out of room in the model's context window" },
    { class: 'context' },
  ],
  [
    'an answer of the provider for a last message',
    { say: '{"error":{"message":"too long","type":"invalid_request_error","code":"context_length_exceeded"}}' },
    { class: 'context' },
  ],
  [
    'one that is not known for a last message, after a change',
    { say: '{"error":{"message":"no","type":"invalid_request_error"}}' },
    { kind: 'agent', message: /refused the request: no/ },
  ],
  ['a status that says nothing of limits', { say: 'unexpected status 404 Not Found' }, { kind: 'agent' }],
  ['an error of its own', { error: { code: -32_603, message: 'Internal error' } }, { kind: 'agent' }],
]

for (const [what, step, failure] of refusals) {
  void t.test(`a refusal of the provider is classed: ${what}`, async (t) => {
    const answers: PlaceAnswer[] = []
    const place: Place = { accepted: () => {}, refused: () => {}, release: (answer) => answers.push(answer) }
    const { outcome } = await play(t, [[{ edit: 'a.txt' }, step]], { place: async () => place })
    t.match(failureIn(outcome), failure)
    const expected = 'class' in failure ? { how: 'refused', class: failure.class } : { how: 'ok' }
    t.match(answers[0], expected)
  })
}

void t.test('an agent that dies or breaks the protocol has failed, in a sentence', async (t) => {
  const end = async (turn: Step[], staging: Staging = {}) => failureIn((await play(t, [turn], staging)).outcome)
  t.match(await end([{ complain: 'Error: out of luck\n' }, { exit: 3 }]), {
    kind: 'agent',
    message: /exited with 3: Error: out of luck/,
  })
  t.match(await end([{ exit: 0 }]), { kind: 'agent', message: /exited before it had answered/ })
  t.match(await end([{ kill: 'SIGSEGV' }]), { kind: 'crash', message: /SIGSEGV/ })
  t.match(await end([{ huge: 17 * 1024 * 1024 }, { hang: true }]), {
    kind: 'agent',
    message: /longer than 16777216 bytes/,
  })
  t.match(await end([], { argv: ['nosuchagent'] }), { kind: 'agent', message: 'nosuchagent: not found on PATH' })
  t.match(await end([], { argv: ['fake', 'old'] }), { kind: 'agent', message: /version 0 of the protocol/ })
  t.match(await end([], { options: { mode: 'bold' } }), { message: /no mode called bold; it has auto, default/ })
  t.match(await end([], { argv: ['fake', 'hang'], options: { startSeconds: 0.05 } }), {
    kind: 'stall',
    message: /gave no sign of life for 0.05 s when it was asked to say what it is/,
  })
  t.match(await end([{ hang: true }], { options: { idleSeconds: 0.05 } }), { kind: 'stall', message: /to do the task/ })
  const waiting: Step[] = [{ run: 'sleep', args: ['0.3'] }, { stop: 'refusal' }]
  t.match(await end(waiting, { options: { idleSeconds: 0.25 } }), { message: /declined the task/ }, 'a command runs')
  t.match(await end([], { argv: ['fake', 'login'] }), {
    class: 'auth',
    message: /fake asks to log in: give it the right key/,
  })
})

void t.test('what is no message is set apart, and does no harm', async (t) => {
  // the library tells the console of each update that it cannot read
  const complaints = t.capture(console, 'error')
  const turn: Step[] = [
    {
      raw: 'a banner\n{"not": "a message"}\n{broken\n[]\n{"id":99,"result":{}}\n{"jsonrpc":"2.0","method":"new/thing"}\n',
    },
    { update: { nonsense: true } },
    { update: { update: { sessionUpdate: 'a_new_kind' } } },
    { update: { update: { sessionUpdate: 'tool_call', toolCallId: 'x', kind: 'a_new_kind', content: 7 } } },
    { ask: 'new/request' },
    { edit: 'a.txt' },
  ]
  const { outcome, output } = await play(t, [turn])
  t.match(outcome, { how: 'completed' })
  t.match(output, /a banner\n\{"not": "a message"\}\n\{broken\n\[\]\n\{"id":99,"result":\{\}\}\n/)
  t.match(output, /Method not found/)
  for (const [said] of complaints.args()) t.equal(said, 'Error handling notification')
})

const odd = fc.string({ unit: fc.constantFrom('a', 'ü', '🎭', '\n', '"', '\\') })

void t.test('messages come through whole, however they are cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(odd, { maxLength: 5 }), fc.integer({ min: 1, max: 40 }), async (texts, size) => {
      const strays: string[] = []
      const pipe = new MessagePipe({ send: () => {}, stray: (line) => strays.push(line), maximumBytes: 10_000 })
      const messages = texts.map((text) => ({ jsonrpc: '2.0', method: text }))
      const bytes = Buffer.from(messages.map((message) => `${JSON.stringify(message)}\nstray\n`).join(''))
      for (let at = 0; at < bytes.length; at += size) pipe.receive(bytes.subarray(at, at + size))
      pipe.close()
      const got: AnyMessage[] = []
      for await (const message of pipe.stream.readable) got.push(message)
      return isDeepStrictEqual(got, messages) && strays.length === texts.length
    }),
    { numRuns: 40 },
  )
})

void t.test('the end of an output begins with a whole character', (t) => {
  fc.assert(
    fc.property(fc.array(odd), fc.nat(40), (texts, limit) => {
      const end = newOutputEnd(limit)
      for (const text of texts) end.add(Buffer.from(text))
      const whole = texts.join('')
      const { output, truncated } = end.read()
      const isEnd = whole.endsWith(output) && Buffer.byteLength(output) <= limit
      return isEnd && truncated === output.length < whole.length
    }),
  )
  t.end()
})

void t.test('an agent is stopped in the middle, whether it heeds it or not', async (t) => {
  for (const hang of [true, 'deaf']) {
    const { outcome } = await play(t, [[{ say: 'working' }, { hang }]], { stopAtFirstSign: 'enough', graceMs: 100 })
    t.same(outcome, { how: 'cancelled', reason: 'enough' })
  }
})

void t.test('the mode is set, and a login made where it is asked for', async (t) => {
  const { output } = await play(t, [[{ mode: true }]], { options: { mode: 'default' } })
  t.match(output, 'mode default')
  const { output: preset } = await play(t, [[{ mode: true }]], { options: { preset: 'codex' } })
  t.match(preset, /no mode called read-only; it has auto, default.*mode auto/s)
  const { outcome } = await play(t, [[{ edit: 'a.txt' }]], {
    argv: ['fake', 'login'],
    options: { authenticate: 'a-key' },
  })
  t.match(outcome, { how: 'completed' })
  const { outcome: unknown } = await play(t, [[]], { argv: ['fake', 'login'], options: { authenticate: 'b-key' } })
  t.match(failureIn(unknown), { message: /no way to log in called b-key; it knows a-key/ })
})

void t.test('what the session used is told turn by turn, and what is unknown stays so', async (t) => {
  const usage = (inputTokens: number, outputTokens: number) => ({ inputTokens, outputTokens, totalTokens: 0 })
  const first: Step[] = [
    { cost: 0.5 },
    { usage: { ...usage(10, 2), cachedReadTokens: 5 } },
    { edit: 'b.txt', ask: 'cancelled' },
  ]
  const second: Step[] = [{ edit: 'a.txt' }, { cost: 0.75 }, { usage: usage(30, 3) }]
  const { used, outcome } = await play(t, [[...first], second], { mayWrite: owns('a.txt') })
  t.same(used, [
    { model: null, inputTokens: 15, outputTokens: 2, costUsd: 0.5 },
    { model: null, inputTokens: 15, outputTokens: 1, costUsd: 0.25 },
  ])
  t.match(outcome, { details: { usage: { inputTokens: 30, outputTokens: 3, costUsd: 0.75 } } })
  const { used: unknown, outcome: without } = await play(t, [[{ edit: 'a.txt' }]])
  t.same(unknown, [])
  t.notMatch(without, { details: { usage: {} } })
})

void t.test(
  'each attempt has its own home, with the credentials that are named, and it is gone afterwards',
  async (t) => {
    const user = newFolder(t)
    mkdirSync(join(user, '.codex'))
    writeFileSync(join(user, '.codex', 'auth.json'), 'a key')
    mkdirSync(join(state, 'troupe', 'homes', '1-1-of-a-dead-process'), { recursive: true })
    const home = process.env['HOME']
    Object.assign(process.env, { HOME: user, A_KEY: 'k', OTHER_KEY: 'o' })
    t.teardown(() => (process.env['HOME'] = home))
    const run = { run: 'sh', args: ['-c', 'echo $HOME $A_KEY-$OTHER_KEY; cat $CODEX_HOME/*; touch made'] }
    const { output, outcome } = await play(t, [[run]], {
      options: { preset: 'codex', credentials: ['A_KEY', '~/.codex/auth.json'] },
    })
    t.match(outcome, { how: 'completed' })
    t.match(output, /homes.* k-\na keycheck_for_update_on_startup = false/)
    t.notOk(output.includes(`${user} `))
    t.same(homesIn(state), [])
    for (const credential of ['NO_KEY', '.codex/none.json', '/etc/passwd', '../x']) {
      const { outcome: failed } = await play(t, [[]], { options: { credentials: [credential] } })
      t.match(failureIn(failed), { class: 'auth', message: /a credential of the agent is missing/ }, credential)
    }
    t.same(homesIn(state), [])
  },
)

void t.test('mistakes in a manifest are told before anything starts', (t) => {
  const kind = must(kinds, 'acp')
  const mistakes = (given: Partial<Parameters<typeof kind.mistakes>[0]>): readonly string[] =>
    kind.mistakes({ verb: 'implement', prompt: 'x', command: null, files: [], options: { preset: 'codex' }, ...given })
  t.same(mistakes({}), [])
  t.match(mistakes({ options: {} }), [/preset or options\.argv/])
  t.match(mistakes({ command: ['ls'] }), [/runs no command/])
  t.match(mistakes({ prompt: null, verb: 'run' }), [/asks for nothing/])
  const missing = (...credentials: string[]): string | null | undefined =>
    kind.missing?.({ preset: 'codex', credentials }, { HOME: state, A_KEY: 'k' })
  t.equal(missing('A_KEY', 'troupe'), null)
  t.equal(missing('B_KEY'), 'the variable B_KEY is not set')
  t.equal(missing('A_KEY', 'nosuch'), 'the file nosuch is not in the home folder')
  const provider = (options: object): string | null | undefined =>
    kind.usualProvider?.({ preset: 'claude', credentials: ['ANTHROPIC_API_KEY'], ...options })
  t.equal(provider({}), 'anthropic')
  t.equal(provider({ credentials: [] }), null)
  t.equal(provider({ env: { ANTHROPIC_BASE_URL: 'http://elsewhere' } }), null)
  t.equal(provider({ preset: 'opencode' }), null)
  t.end()
})

void t.test(
  'a real program is driven and ended, also one that heeds neither the end of its input nor a polite stop',
  async (t) => {
    const program = [process.execPath, join(import.meta.dirname, '../fixtures/acp/main.mjs'), 'stays']
    await drives(t, program, { graceMs: 400 })
  },
)

async function drives(t: Test, argv: readonly string[], { graceMs }: { graceMs: number }): Promise<void> {
  const directory = newFolder(t)
  const agent = acpAgent(systemClock, openLauncher(systemClock))
  const prompt = script([{ edit: 'a.txt', ask: 'go on' }, { run: 'ls' }, { say: 'ready' }])
  const what = assignment('acp', { directory, verb: 'implement', prompt, options: { argv } })
  const { outcome, processes } = await perform(agent, what, { graceMs })
  t.match(outcome, { how: 'completed', summary: 'ready', details: { touched: ['a.txt'] } })
  t.equal(processes.length, 2)
  for (const { group } of processes) await groupGone(group)
}

void t.test(
  'a run of several agents keeps each to its files, and gives one proposal',
  { timeout: 120_000 },
  async (t) => {
    const repository = repositoryOf(t, { 'a.txt': 'a\n' })
    const tries: Step[] = [
      { edit: 'mine.txt', ask: 'end_turn' },
      { edit: 'yours.txt', ask: 'end_turn' },
    ]
    const path = manifest(t, {
      agents: {
        coder: { kind: 'acp', argv: [process.execPath, join(import.meta.dirname, '../fixtures/acp/main.mjs')] },
      },
      tasks: [
        {
          id: 'mine',
          agent: 'coder',
          owns: ['mine.txt'],
          prompt: script(tries, [{ edit: 'mine.txt' }, { say: 'Mine.' }]),
        },
        { id: 'yours', agent: 'coder', owns: ['yours.txt'], prompt: script([{ edit: 'yours.txt', by: 'callback' }]) },
      ],
    })
    const { proposal, run } = await runJson(repository, path)
    t.same(proposal.files, ['mine.txt', 'yours.txt'])
    t.match(
      (await troupeHere(repository, 'show', run, '--task', 'mine', '--log')).stdout,
      /yours\.txt is outside what this task may/,
    )
    t.same(homesIn(state), [])
  },
)

void t.test('a program is asked once for each build of it what it is, before anything starts', async (t) => {
  const folder = newFolder(t)
  const program = join(folder, 'an-agent')
  const calls = join(folder, 'calls')
  const write = (line: string): void => {
    writeFileSync(program, `#!/bin/sh\necho called $A_KEY >>'${calls}'\n${line}\n`)
    chmodSync(program, 0o755)
  }
  const environment = { PATH: `${folder}:${process.env['PATH']}`, XDG_STATE_HOME: folder, A_KEY: 'a key' }
  const ask = (options: object = {}) =>
    must(kinds, 'acp').fitness?.({ argv: ['an-agent'], credentials: ['A_KEY'], ...options }, environment)
  const main = join(import.meta.dirname, '../fixtures/acp/main.mjs')
  const fake = `exec '${process.execPath}' '${main}' "$@"`
  t.match(await ask(), { how: 'absent', program: 'an-agent' })
  t.match(await ask({ argv: ['./in-the-workspace'] }), { how: 'fit' })
  t.match(await ask({ argv: undefined, preset: 'codex' }), { how: 'absent', program: 'codex-acp' })
  write('echo no way >&2; exit 3')
  t.match(await ask(), { how: 'unfit', version: 'an-agent', why: /does not answer by the Agent.*: no way/ })
  write('cat >/dev/null')
  t.match(await ask({ startSeconds: 0.5 }), { how: 'unfit', why: 'did not say what it is within 0.5 s' })
  t.match(await ask({ sandbox: 'strict' }), { how: 'fit', version: 'an-agent' }, 'it is not started outside')
  write(fake)
  t.match(await ask({ env: { FAKE_START: 'old' } }), { how: 'unfit', why: /^speaks version 0 of the protocol/ })
  t.same(await ask(), { how: 'fit', version: 'fake 1.2.3' })
  const before = readFileSync(calls, 'utf8')
  t.same(await ask(), { how: 'fit', version: 'fake 1.2.3' })
  t.equal(readFileSync(calls, 'utf8'), before)
  t.notMatch(before, 'a key')
  write('exit 3')
  t.match(await ask(), { how: 'unfit' })
  t.same(homesIn(folder), [])
})
