import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import type { AgentContext } from '../../src/agents/agent.ts'
import type { PlaceAnswer } from '../../src/agents/failure.ts'
import { geminiSigns } from '../../src/agents/cli/gemini-signs.ts'
import { opencodeSigns } from '../../src/agents/cli/opencode-signs.ts'
import { claudeSigns } from '../../src/agents/cli/claude-signs.ts'
import { codexSigns, codexStraySigns } from '../../src/agents/cli/codex-signs.ts'
import { JsonLines } from '../../src/agents/cli/json-lines.ts'
import { probe } from '../../src/agents/cli/probe.ts'
import { changedSince, momentIn } from '../../src/agents/changed-since.ts'
import { codex } from '../../src/agents/cli/codex.ts'
import type { ReadSigns } from '../../src/agents/cli/sign.ts'
import { codexSpeech } from '../../src/agents/cli/codex-speech.ts'
import type { Settings, Speech } from '../../src/agents/cli/preset.ts'
import { kinds } from '../../src/agents/registry.ts'
import { missingCredential } from '../../src/agents/own-home.ts'
import { gitSettingsFolder, homeFolder, homeForGit, stateFolder } from '../../src/home-folder.ts'
import { must } from '../../src/errors.ts'
import { failureIn, homesIn, newFolder } from './acp-stage.ts'
import { replay, streamOf } from './cli-stage.ts'
import { ManualClock } from '../manual-clock.ts'
import { until } from '../until.ts'

const state = newFolder(t)
process.env['XDG_STATE_HOME'] = state

const leaves = { 'new.txt': 'hello\n' }
const names = ['codex', 'codex-server', 'claude', 'gemini', 'opencode'] as const
/** Those that tell after each call what it has used. */
const countsCalls: readonly string[] = ['codex-server', 'opencode']

/** Exit statuses with which Gemini ended: of an HTTP status it keeps the lowest byte. */
const geminiExits: Readonly<Record<string, number>> = { 401: 145, 429: 173, quota: 173, context: 144, 500: 244 }

void t.test('what was written just before an attempt is told from what is written just after it began', async (t) => {
  const home = newFolder(t)
  for (let round = 0; round < 40; round++) {
    const [before, after] = [newFolder(t), newFolder(t)]
    writeFileSync(join(before, 'a.txt'), '')
    const moment = await momentIn(home)
    writeFileSync(join(after, 'a.txt'), '')
    t.notOk(await changedSince(before, moment, ['a.txt']))
    t.ok(await changedSince(after, moment), 'in the same step of the clock too')
  }
  const untouched = newFolder(t)
  const moment = await momentIn(home)
  writeFileSync(join(home, 'elsewhere.txt'), '')
  t.notOk(await changedSince(untouched, moment, [join(home, 'elsewhere.txt')]), 'what lies outside is no change')
})

for (const name of names) {
  void t.test(`${name}: what it did is told, and its success is proven`, async (t) => {
    const { outcome, output, progress, used, started } = await replay(t, name, { stream: `${name}-ok.jsonl`, leaves })
    t.match(outcome, {
      how: 'completed',
      summary: 'I wrote new.txt.',
      details: {
        program: name.split('-')[0],
        exitCode: 0,
        touched: ['new.txt'],
        usage: { inputTokens: 300, outputTokens: 60 },
        proof: { clean: true, lastToolFailed: false, changed: 'yes' },
      },
    })
    if (name !== 'opencode') t.match(output, /\[began\] \S+ \S*new\.txt\n\[done\][^]*\[began\]/)
    t.match(output, /\[done\] \S+ \S*new\.txt\n[^]*\[done\] \S+ echo ran >> new\.txt\n[^]*I wrote new\.txt\./)
    t.equal(progress.at(-1), 'I wrote new.txt.')
    t.equal(used.length, countsCalls.includes(name) ? 3 : 1)
    t.match(started, [{ hadItsInputClosed: true, prompt: /Please write new\.txt\.[^]*unattended/ }])
  })

  void t.test(`${name}: a stream in pieces of any size says the same`, async (t) => {
    for (const chunkBytes of [1, 7, 4096]) {
      const { outcome } = await replay(t, name, { stream: `${name}-ok.jsonl`, leaves, chunkBytes })
      t.match(outcome, { how: 'completed', summary: 'I wrote new.txt.' })
    }
  })

  void t.test(`${name}: a clean end after a failed tool is no success`, async (t) => {
    const { outcome } = await replay(t, name, { stream: `${name}-failed-command.jsonl`, leaves })
    t.match(failureIn(outcome), { kind: 'agent', message: /last tool failed: .*exit 3/ })
    t.match(outcome, { details: { proof: { clean: true, lastToolFailed: true, changed: 'yes' } } })
  })

  void t.test(`${name}: a clean end without a change is a success only where nothing was to be done`, async (t) => {
    const without = await replay(t, name, { stream: `${name}-ok.jsonl` })
    t.match(failureIn(without.outcome), { kind: 'agent', class: 'no_changes', message: /changed nothing: I wrote new/ })
    const nothing = await replay(t, name, { stream: `${name}-nothing.jsonl` })
    t.match(nothing.outcome, { how: 'completed', details: { proof: { changed: 'said-nothing-to-do' } } })
    const review = await replay(t, name, { stream: `${name}-ok.jsonl` }, { given: { verb: 'review' } })
    t.match(review.outcome, { how: 'completed', summary: 'I wrote new.txt.' })
    const continued = await replay(t, name, { stream: `${name}-ok.jsonl` }, { given: { continued: true } })
    t.match(continued.outcome, { how: 'completed', details: { proof: { changed: 'yes' } } })
  })

  void t.test(`${name}: a refusal that passed by itself is told, to those who share the provider too`, async (t) => {
    const isLogged = name === 'gemini' || name === 'opencode'
    const errors = isLogged ? streamOf(`${name}-429-then-ok.stderr.txt`) : ''
    const told: PlaceAnswer[] = []
    const place = {
      accepted: () => {},
      refused: (answer: PlaceAnswer) => told.push(answer),
      release: (answer: PlaceAnswer) => told.push(answer),
    }
    const { outcome, output, progress } = await replay(
      t,
      name,
      { stream: `${name}-429-then-ok.jsonl`, leaves, errors },
      { place: () => Promise.resolve(place) },
    )
    t.match(outcome, { how: 'completed' })
    t.match(output, /\[again\] .*(?:429|Rate limit)/)
    t.ok(progress.some((line) => line.startsWith('tries again: ')))
    t.same(told, [{ how: 'refused', class: 'rate_limit' }, { how: 'ok' }])
  })

  for (const [what, failure] of [
    ['401', { kind: 'agent', class: 'auth' }],
    ['429', { kind: 'quota', class: 'rate_limit' }],
    ['quota', { kind: 'quota', class: 'quota' }],
    ['context', { kind: 'agent', class: 'context' }],
    ['500', name === 'codex' ? { kind: 'quota', class: 'overloaded' } : { kind: 'infrastructure', class: 'network' }],
  ] as const) {
    // opencode knows no quota
    if (name === 'opencode' && what === 'quota') continue
    const code = (name === 'gemini' ? geminiExits[what] : undefined) ?? 1
    void t.test(`${name}: ${what} is of the class ${failure.class}, and the provider's others are told`, async (t) => {
      const answers: PlaceAnswer[] = []
      const { outcome } = await replay(
        t,
        name,
        { stream: `${name}-${what}.jsonl`, end: { how: 'exited', code } },
        {
          place: () =>
            Promise.resolve({ accepted: () => {}, refused: () => {}, release: (answer) => answers.push(answer) }),
        },
      )
      t.match(failureIn(outcome), failure)
      t.match(outcome, { details: { exitCode: code, proof: { clean: false } } })
      t.match(answers[0], { how: 'refused', class: failure.class })
    })
  }

  void t.test(`${name}: a stream that breaks off is no success, however the program exited`, async (t) => {
    const whole = streamOf(`${name}-ok.jsonl`).trimEnd().split('\n')
    const stream = `${whole.slice(0, -1).join('\n')}\n`
    const exited = await replay(t, name, { stream, leaves, errors: 'no more\n' })
    t.match(failureIn(exited.outcome), {
      kind: 'agent',
      message: /exited with 0, but told no end of its work: no more/,
    })
    const killed = await replay(t, name, { stream, leaves, end: { how: 'signalled', signal: 'SIGKILL' } })
    t.match(failureIn(killed.outcome), { kind: 'crash', message: /ended by SIGKILL/ })
    const bad = await replay(t, name, {
      stream: 'error: unexpected argument\n',
      end: { how: 'exited', code: 2 },
      errors: 'error: unexpected argument --full-auto\n',
    })
    t.match(failureIn(bad.outcome), { kind: 'agent', message: /exited with 2: error: unexpected argument --full-auto/ })
  })

  void t.test(`${name}: it is stopped when it is told to, and its home goes`, async (t) => {
    const { outcome, started } = await replay(
      t,
      name,
      { stream: `${name}-ok.jsonl`, leaves, hangs: true },
      { stopAtFirstSign: 'enough' },
    )
    t.same(outcome, { how: 'cancelled', reason: 'enough' })
    t.notOk(existsSync(must(new Map(Object.entries(started[0]?.order.environment ?? {})), 'HOME')))
    t.same(homesIn(state), [])
  })

  void t.test(`${name}: junk between its events does no harm`, async (t) => {
    const junk = ['null', '[1]', '{', '{}', '{"type":7}', '{"type":"item.completed","item":3}', '\u001B[31mred', '']
    const stream = streamOf(`${name}-ok.jsonl`)
      .split('\n')
      .flatMap((line) => [...junk, line])
      .join('\n')
    const { outcome, output } = await replay(t, name, { stream, leaves })
    t.match(outcome, { how: 'completed', summary: 'I wrote new.txt.' })
    t.ok(output.includes('\u001B[31mred\n'))
  })
}

const serving: Settings = { access: 'write', model: null, timeoutMs: null, secrets: {}, confined: false }
const speech = (): Speech => codexSpeech({ prompt: 'Do it.', directory: '/w', settings: serving })
const serverSigns: ReadSigns = (event) => speech().signs?.(event) ?? []
const keys = 'type item message content usage error id method params result turn changes status'.split(' ')
const readers = [codexSigns, serverSigns, claudeSigns, geminiSigns, opencodeSigns]

void t.test('no event whatever makes a reader of signs throw', (t) => {
  const words = fc.constantFrom('item.completed', 'turn.completed', 'assistant', 'user', 'result', 'system', 'tool_use')
  const methods = fc.constantFrom(
    'turn/completed',
    'error',
    'item/started',
    'item/fileChange/requestApproval',
    'thread',
  )
  const value = fc.letrec((tie) => ({
    any: fc.oneof({ maxDepth: 4 }, words, methods, fc.jsonValue(), tie('record')),
    record: fc.dictionary(fc.constantFrom(...keys), tie('any')),
  })).record
  fc.assert(fc.property(value, (event) => readers.every((read) => Array.isArray(read(event)))))
  fc.assert(fc.property(value, (event) => speech().read(event) !== undefined))
  t.end()
})

void t.test('lines of any bytes come whole, and one that is too long is left out', (t) => {
  const heard: string[] = []
  const lines = new JsonLines({
    event: (event) => heard.push(JSON.stringify(event)),
    stray: (line) => heard.push(line),
  })
  lines.receive(Buffer.from('{"a":1}\n{"b":'))
  lines.receive(Buffer.from('2}\r\nplain\n\n{"c"'))
  lines.close()
  t.same(heard, ['{"a":1}', '{"b":2}', 'plain', '{"c"'])
  for (let at = 0; at < 20; at++) lines.receive(Buffer.alloc(1024 * 1024, 'x'))
  lines.receive(Buffer.from('\n{"d":4}\n'))
  t.same(heard.slice(4), [`[a line of ${20 * 1024 * 1024} bytes]`, '{"d":4}'])
  t.end()
})

void t.test('a program that tries again for ever is given up, and its provider is told why', async (t) => {
  const again = '{"type":"error","message":"Reconnecting... waiting for network (Connection failed: ECONNREFUSED)"}\n'
  const few = await replay(t, 'codex', { stream: `${again.repeat(7)}${streamOf('codex-ok.jsonl')}`, leaves })
  t.match(few.outcome, { how: 'completed' })
  const { outcome } = await replay(t, 'codex', { stream: again.repeat(8), hangs: true })
  t.match(failureIn(outcome), { kind: 'infrastructure', class: 'network', message: /waiting for network/ })
  const other = '{"type":"error","message":"once more"}\n'
  const odd = await replay(t, 'codex', { stream: other.repeat(8), hangs: true })
  t.match(failureIn(odd.outcome), { kind: 'agent', message: /tried again and again: once more/ })
})

void t.test('one refusal that a program tells twice is told once to those who share the provider', async (t) => {
  const limit = 'exceeded retry limit, last status: 429 Too Many Requests'
  const again = `{"type":"error","message":"Reconnecting... 1/1 (${limit})"}\n`
  const errors = streamOf('opencode-429-then-ok.stderr.txt')
  const failed = { how: 'exited', code: 1 } as const
  for (const [name, recording, times] of [
    ['opencode', { stream: 'opencode-429.jsonl', errors, end: failed }, 1],
    ['opencode', { stream: 'opencode-429.jsonl', end: failed }, 1],
    ['codex', { stream: again, end: failed }, 1],
    ['codex', { stream: again.repeat(8), hangs: true }, 8],
    ['codex', { stream: 'codex-429.jsonl', end: failed }, 2],
  ] as const) {
    const told: PlaceAnswer[] = []
    const refused = (answer: PlaceAnswer): void => void told.push(answer)
    const place = { accepted: () => {}, refused, release: refused }
    const { outcome } = await replay(t, name, recording, { place: () => Promise.resolve(place) })
    t.match(failureIn(outcome), { kind: 'quota', class: 'rate_limit' })
    t.equal(told.filter((one) => one.how === 'refused' && one.isTold !== true).length, times, JSON.stringify(told))
  }
})

void t.test('a program that told its end and does not exit is ended, and judged by what it told', async (t) => {
  const lingering = async (name: (typeof names)[number], stream: string) => {
    const clock = new ManualClock(Date.now())
    const ended = replay(t, name, { stream, leaves, hangs: true, isDeaf: true }, { clock, graceMs: 1_000 })
    await until(() => clock.waiting > 0)
    clock.advance(10_000)
    // who is asked to leave first has a part of the grace for it
    clock.advance(1_000)
    return await ended
  }
  for (const name of names) {
    t.match(await lingering(name, `${name}-ok.jsonl`), {
      outcome: { how: 'completed', summary: 'I wrote new.txt.', details: { exitCode: null, proof: { clean: true } } },
      output: /\[ended\] it told its end, but did not exit/,
    })
    t.match((await lingering(name, `${name}-401.jsonl`)).outcome, { how: 'failed', failure: { class: 'auth' } })
  }
})

void t.test('a program that works on after it told its end is let', async (t) => {
  const clock = new ManualClock(Date.now())
  const controller = new AbortController()
  const more = '{"type":"item.completed","item":{"type":"agent_message","text":"One thing more."}}\n'
  const heard: unknown[] = []
  const onOutput = (chunk: string | Uint8Array): void => void heard.push(chunk)
  const recording = { stream: `${streamOf('codex-ok.jsonl')}${more}`, leaves, hangs: true }
  const ended = replay(t, 'codex', recording, { clock, signal: controller.signal, onOutput })
  await until(() => heard.includes('One thing more.\n'))
  t.equal(clock.waiting, 0, 'nothing ends it')
  controller.abort('enough')
  t.match((await ended).outcome, { how: 'cancelled' })
})

void t.test('Codex tells a patch that it did not let through on standard error only', async (t) => {
  const errors =
    '2026-11-26T01:50:43.9Z ERROR codex_core::tools::router: error=patch rejected: outside of the project\n'
  t.same(codexStraySigns('a line'), [])
  const { outcome } = await replay(t, 'codex', { stream: 'codex-ok.jsonl', errors })
  t.match(failureIn(outcome), { class: 'no_changes', message: /denied: patch rejected: outside of the project/ })
  t.match(outcome, { details: { denied: ['patch rejected: outside of the project'] } })
})

void t.test('Claude tells what it was not allowed, and says success where it failed', async (t) => {
  const [last = ''] = streamOf('claude-ok.jsonl').trimEnd().split('\n').toReversed()
  const result = JSON.parse(last) as Record<string, unknown>
  const denied = [{ tool_name: 'Write', tool_use_id: 'x', tool_input: { file_path: '/etc/passwd' } }]
  t.match(claudeSigns({ ...result, permission_denials: denied }), [{ type: 'denied', what: 'Write /etc/passwd' }])
  t.match(claudeSigns({ ...result, is_error: true }).at(-1), { type: 'end', error: { text: 'I wrote new.txt.' } })
  t.match(claudeSigns({ ...result, subtype: 'error_max_turns', result: undefined }).at(-1), {
    error: { text: 'it ended with error_max_turns' },
  })
  const unpriced = { ...result, modelUsage: { 'glm-4.7': { costBasis: 'unknown' } } }
  t.match(claudeSigns(unpriced)[0], { usage: { model: 'glm-4.7', costUsd: null } })
  t.match(claudeSigns(result)[0], { usage: { model: 'claude-opus-5-5', costUsd: Number } })
})

void t.test('Gemini tells a message in parts, and a failed command as a success', async (t) => {
  const part = (content: string): object => ({ type: 'message', role: 'assistant', content, delta: true })
  const stream = [...['There is ', 'nothing', ' to do.'].map(part), { type: 'result', status: 'success' }]
  const { outcome, output } = await replay(t, 'gemini', {
    stream: stream.map((one) => `${JSON.stringify(one)}\n`).join(''),
  })
  t.match(outcome, { how: 'completed', summary: 'There is nothing to do.' })
  t.equal(output, 'There is nothing to do.')
  const ended = (text: string) => geminiSigns({ type: 'tool_result', tool_id: 'a', status: 'success', output: text })
  t.match(ended('no\nCommand exited with code: 2'), [{ type: 'tool', status: 'failed' }])
  t.match(ended('Command exited with code: 0'), [{ type: 'tool', status: 'done' }])
})

void t.test(
  'opencode tells the price of each step, 0 where it knows none, and a tool that is not there as completed',
  (t) => {
    const step = (part: object) => opencodeSigns({ type: 'step_finish', part: { reason: 'tool-calls', ...part } })
    const tokens = { input: 1, output: 2, reasoning: 3, cache: { read: 4, write: 5 } }
    t.match(step({ tokens, cost: 0.5 }), [{ usage: { inputTokens: 10, outputTokens: 5, costUsd: 0.5 } }])
    t.match(step({ tokens, cost: 0 }), [{ usage: { inputTokens: 10, outputTokens: 5, costUsd: null } }])
    t.match(step({ reason: 'length' }), [{ type: 'end', error: { text: 'its model ended with length' } }])
    const invalid = { tool: 'invalid', callID: 'a', state: { status: 'completed', input: { tool: 'write' } } }
    t.match(opencodeSigns({ type: 'tool_use', part: invalid }), [{ status: 'failed', title: 'invalid write' }])
    t.match(opencodeSigns({ type: 'error', error: { name: 'UnknownError', data: 7 } }), [
      { error: { text: 'UnknownError' } },
    ])
    t.end()
  },
)

const asks = (tool: string, input: object): string =>
  `${JSON.stringify({ type: 'control_request', request_id: 'r1', request: { subtype: 'can_use_tool', tool_name: tool, input } })}\n`

/** What Claude was answered. */
const answerIn = ({ started }: Awaited<ReturnType<typeof replay>>): { behavior?: string; message?: string } => {
  const line = started[0]?.prompt.split('\n').find((one) => one.includes('control_response')) ?? '{}'
  return JSON.parse(line).response
}

void t.test('Claude asks before it writes, and is allowed what the task may write', async (t) => {
  const asked: (readonly string[])[] = []
  const mayWrite: AgentContext['mayWrite'] = (paths) => {
    asked.push(paths)
    return Promise.resolve({ allowed: true })
  }
  const first = asks('Write', { file_path: '$W/new.txt', content: 'hello' })
  const played = await replay(t, 'claude', { first, stream: 'claude-ok.jsonl', leaves }, { mayWrite })
  t.match(played.outcome, { how: 'completed', details: { denied: undefined } })
  const response = { behavior: 'allow', updatedInput: { content: 'hello' } }
  t.match(answerIn(played), { subtype: 'success', request_id: 'r1', response })
  t.same(asked, [['new.txt']])
  t.ok(played.started[0]?.hadItsInputClosed)
})

for (const [what, first, reason] of [
  ['of another task', asks('Edit', { file_path: '$W/new.txt' }), /new\.txt belongs to the task other/],
  ['outside the workspace', asks('Write', { file_path: '$W/../out.txt' }), /out\.txt/],
  ['of git', asks('NotebookEdit', { notebook_path: '$W/.git/config' }), /\.git/],
  ['on the web', asks('WebFetch', { url: 'http://a' }), /nobody is there to allow WebFetch/],
] as const)
  void t.test(`Claude is denied what is ${what}, with the reason`, async (t) => {
    const played = await replay(
      t,
      'claude',
      { first, stream: 'claude-ok.jsonl', leaves },
      { mayWrite: () => Promise.resolve({ allowed: false, reason: 'new.txt belongs to the task other' }) },
    )
    t.match(answerIn(played), { response: { behavior: 'deny', message: reason } })
    t.match(played.outcome, { how: 'completed', details: { denied: [reason] } })
    t.match(played.output, /\[denied\] /)
  })

void t.test('Claude gets an answer to whatever else it asks', async (t) => {
  const request = { type: 'control_request', request_id: 'r2', request: { subtype: 'something_new' } }
  const first = `${JSON.stringify(request)}\n`
  const played = await replay(t, 'claude', { first, stream: 'claude-ok.jsonl', leaves })
  t.match(answerIn(played), { subtype: 'error', request_id: 'r2', error: /something_new/ })
  t.match(played.outcome, { how: 'completed' })
})

/** The lines that Codex was told. */
const toldIn = ({ started }: Awaited<ReturnType<typeof replay>>): readonly Told[] =>
  (started[0]?.prompt ?? '')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Told)

interface Told {
  readonly id?: unknown
  readonly method?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly result?: unknown
  readonly error?: unknown
}

const lines = (...messages: readonly object[]): string => messages.map((one) => `${JSON.stringify(one)}\n`).join('')
/** Where an earlier attempt has left its files, nothing need be changed. */
const goesOn = { continued: true }
const place = { threadId: 'a-thread', turnId: 'a-turn' }
const turnEnds = (threadId: string): object => ({
  method: 'turn/completed',
  params: { threadId, turn: { id: 'a-turn', status: 'completed', error: null } },
})

void t.test('Codex asks before it writes, and reads why it may not before it hears that it may not', async (t) => {
  const asked: (readonly string[])[] = []
  const mayWrite: AgentContext['mayWrite'] = (paths) => {
    asked.push(paths)
    const isMine = !paths.includes('deny.txt')
    return Promise.resolve(
      isMine ? { allowed: true } : { allowed: false, reason: 'deny.txt belongs to the task other' },
    )
  }
  const recording = { stream: 'codex-server-denied.jsonl' }
  const played = await replay(t, 'codex-server', recording, { mayWrite, given: goesOn })
  t.same(asked, [['deny.txt'], ['b/new.txt']])
  const [, , , , steer, ...answers] = toldIn(played)
  const input = [{ type: 'text', text: /allowed:\n- deny\.txt belongs to the task other/ }]
  t.match(steer, { method: 'turn/steer', params: { threadId: 'a-thread', expectedTurnId: 'a-turn', input } })
  t.match(answers, [
    { id: 0, result: { decision: 'decline' } },
    { id: 1, result: { decision: 'accept' } },
  ])
  t.match(played.outcome, {
    how: 'completed',
    details: { denied: [/edit .*deny\.txt: deny\.txt belongs to the task other/], touched: ['b/new.txt'] },
  })
})

void t.test('Codex is allowed its commands, but for those that say that they need more than the sandbox', async (t) => {
  const asks = (id: number, more: object): object => ({
    method: 'item/commandExecution/requestApproval',
    id,
    params: { ...place, itemId: 'c', command: 'make', ...more },
  })
  const network = { networkApprovalContext: { host: 'a', protocol: 'https' } }
  const wishes = [
    asks(1, { reason: null }),
    asks(2, { reason: 'to install' }),
    asks(3, network),
    asks(4, { kind: 'new' }),
  ]
  const stream = lines(...wishes, turnEnds('a-thread'))
  const played = await replay(t, 'codex-server', { stream }, { given: goesOn })
  const decisions = toldIn(played).filter(({ id, result }) => typeof id === 'number' && result !== undefined)
  t.match(decisions, [
    { id: 1, result: { decision: 'accept' } },
    ...[2, 3, 4].map((id) => ({ id, result: { decision: 'decline' } })),
  ])
  t.match(played.outcome, { how: 'completed', details: { denied: [/nobody is there to allow run make outside/] } })
  const looked = await replay(
    t,
    'codex-server',
    { stream: lines(asks(1, {}), turnEnds('a-thread')) },
    { given: { verb: 'review' } },
  )
  t.match(toldIn(looked).at(-1), { id: 1, result: { decision: 'decline' } }, 'where it only looks there are none')
})

void t.test('Codex gets an answer to whatever it asks, and nothing waits', async (t) => {
  const asks = (id: number, method: string): object => ({ method, id, params: place })
  const stream = lines(
    asks(1, 'item/permissions/requestApproval'),
    asks(2, 'mcpServer/elicitation/request'),
    asks(3, 'item/tool/requestUserInput'),
    turnEnds('another-thread'),
    { method: 'something/new', id: 'four' },
    { method: 'item/fileChange/requestApproval', id: 5, params: { ...place, itemId: 'untold' } },
    { method: 'item/fileChange/requestApproval', id: 6, params: null },
    { method: 'item/completed', params: { ...place, item: { type: 'agentMessage', id: 'm', text: 'Done.' } } },
    turnEnds('a-thread'),
  )
  const played = await replay(t, 'codex-server', { stream }, { given: goesOn })
  t.match(
    toldIn(played).filter(({ result, error }) => result !== undefined || error !== undefined),
    [
      { id: 1, result: { permissions: {}, scope: 'turn' } },
      { id: 2, result: { action: 'decline' } },
      { id: 3, error: { code: -32_601, message: /requestUserInput is not known/ } },
      { id: 'four', error: { code: -32_601 } },
      { id: 5, result: { decision: 'decline' } },
      { id: 6, result: { decision: 'decline' } },
    ],
  )
  t.match(played.outcome, { how: 'completed', summary: 'Done.' })
})

void t.test('Codex is told to break its turn off when it is stopped, before any signal', async (t) => {
  const played = await replay(
    t,
    'codex-server',
    { stream: 'codex-server-ok.jsonl', hangs: true },
    { stopAtFirstSign: 'enough' },
  )
  t.same(played.outcome, { how: 'cancelled', reason: 'enough' })
  t.match(
    toldIn(played).find(({ method }) => method === 'turn/interrupt'),
    { params: place },
  )
  t.ok(played.started[0]?.hadItsInputClosed)
  t.same(played.started[0]?.signals, [])
  const item = { type: 'agentMessage', id: 'm', text: 'Hm.' }
  const stream = lines({ method: 'item/completed', params: { ...place, item } })
  const direction = { stopAtFirstSign: 'enough', graceMs: 100 }
  const deaf = await replay(t, 'codex-server', { stream, hangs: true, isDeaf: true }, direction)
  t.same(deaf.outcome, { how: 'cancelled', reason: 'enough' })
  t.equal(deaf.started[0]?.signals[0], 'SIGTERM', 'one that does not do so is signalled')
})

for (const [method, answer, message] of [
  ['initialize', { result: undefined, error: { code: -1, message: 'not you' } }, /codex: initialize: not you/],
  ['thread/start', { result: undefined, error: { code: -1, message: 'no model' } }, /codex: thread: no model/],
  ['thread/start', { result: { thread: 7 } }, /codex: thread: no thread was begun/],
  ['turn/start', { result: undefined, error: {} }, /codex: turn: it did not say why/],
] as const)
  void t.test(
    `Codex that does not answer ${method} as agreed fails with what it said: ${String(message)}`,
    async (t) => {
      const played = await replay(t, 'codex-server', { stream: lines({}), hangs: true, answers: { [method]: answer } })
      t.match(failureIn(played.outcome), { kind: 'agent', message })
      t.ok(played.started[0]?.hadItsInputClosed)
    },
  )

void t.test('Codex tells its tokens again and again: each call counts once, of all that it starts', async (t) => {
  const used = (threadId: string, inputTokens: number): object => ({
    method: 'thread/tokenUsage/updated',
    params: { threadId, turnId: 'a-turn', tokenUsage: { total: { inputTokens, outputTokens: 1 } } },
  })
  const all = [used('a-thread', 10), used('a-thread', 10), used('child', 5), used('a-thread', 30), used('child', 5)]
  const { outcome, used: told } = await replay(
    t,
    'codex-server',
    { stream: lines(...all, turnEnds('a-thread')) },
    { given: goesOn },
  )
  t.match(outcome, { details: { usage: { inputTokens: 35, outputTokens: 2 } } })
  t.same(
    told.map(({ inputTokens }) => inputTokens),
    [10, 5, 20],
  )
})

void t.test(
  'what Codex is asked for by its app-server follows from the manifest, and its key is told and not kept',
  async (t) => {
    const begun = (settings: Partial<Settings>): Told => {
      const all = { ...serving, ...settings }
      const told = codexSpeech({ prompt: 'Do it.', directory: '/w', settings: all }).read({
        id: 'initialize',
        result: {},
      })
      return JSON.parse(typeof told === 'string' ? (told.trim().split('\n').at(-1) ?? '') : '') as Told
    }
    const asks = {
      approvalPolicy: 'untrusted',
      sandbox: 'workspace-write',
      ephemeral: true,
      cwd: '/w',
      model: undefined,
    }
    t.match(begun({}), { method: 'thread/start', params: asks })
    t.match(begun({ confined: true, model: 'm' }).params, { ...asks, sandbox: 'danger-full-access', model: 'm' })
    t.match(begun({ access: 'read', confined: true }).params, { approvalPolicy: 'never', sandbox: 'read-only' })
    t.match(begun({ access: 'all' }).params, { approvalPolicy: 'never', sandbox: 'danger-full-access' })
    process.env['OPENAI_API_KEY'] = 'the-key'
    t.teardown(() => delete process.env['OPENAI_API_KEY'])
    const options = { credentials: ['OPENAI_API_KEY'] }
    const played = await replay(t, 'codex-server', { stream: 'codex-server-ok.jsonl', leaves }, { options })
    t.match(toldIn(played)[2], { method: 'account/login/start', params: { type: 'apiKey', apiKey: 'the-key' } })
    t.match(played.started[0]?.order.argv.join(' '), /^codex app-server .*cli_auth_credentials_store="ephemeral"/)
    t.match(played.outcome, { how: 'completed' })
  },
)

void t.test('a file is held before others write it, and one that was not to be written is told', async (t) => {
  const asked: (readonly string[])[] = []
  const { outcome } = await replay(
    t,
    'codex',
    { stream: 'codex-ok.jsonl', leaves },
    {
      mayWrite(paths) {
        asked.push(paths)
        return Promise.resolve({ allowed: false, reason: 'new.txt belongs to the task other' })
      },
    },
  )
  t.same(asked, [['new.txt']])
  t.match(outcome, {
    how: 'completed',
    details: { denied: ['new.txt belongs to the task other, and was written all the same'] },
  })
})

void t.test(
  'each attempt has its own home, outside the temporary folder of the program, with what is named',
  async (t) => {
    const home = newFolder(t)
    const { HOME } = process.env
    t.teardown(() => (process.env['HOME'] = HOME))
    Object.assign(process.env, { HOME: home, OPENAI_API_KEY: 'the-key', SOME_SECRET: 'not for it' })
    mkdirSync(join(home, '.codex'))
    writeFileSync(join(home, '.codex/auth.json'), '{"a":"login"}')
    const seen: string[] = []
    const { started } = await replay(
      t,
      'codex',
      { stream: 'codex-ok.jsonl', leaves },
      {
        options: { credentials: ['OPENAI_API_KEY', '.codex/auth.json'], env: { MORE: '1' } },
        onOutput() {
          for (const name of homesIn(state))
            seen.push(readFileSync(join(state, 'troupe/homes', name, '.codex/auth.json'), 'utf8'))
        },
      },
    )
    const {
      HOME: own = '',
      CODEX_HOME,
      OPENAI_API_KEY,
      CODEX_API_KEY,
      SOME_SECRET,
      TMPDIR,
      MORE,
    } = started[0]?.order.environment ?? {}
    t.equal(CODEX_HOME, join(own, '.codex'))
    t.equal(TMPDIR, join(own, 'tmp'), 'Codex works in no home below its temporary folder')
    t.match(own, join(state, 'troupe/homes'))
    t.same([OPENAI_API_KEY, CODEX_API_KEY, SOME_SECRET, MORE], ['the-key', 'the-key', undefined, '1'])
    t.equal(seen[0], '{"a":"login"}')
    const gone = await replay(
      t,
      'codex',
      { stream: 'codex-ok.jsonl' },
      { options: { credentials: ['.codex/none.json'] } },
    )
    t.match(failureIn(gone.outcome), {
      class: 'auth',
      message: /the file \.codex\/none\.json is not in the home folder/,
    })
    t.equal(gone.started.length, 0)
  },
)

void t.test('where HOME is empty, nothing of a user is looked for or kept in the folder of the moment', (t) => {
  const { homedir: own } = userInfo()
  for (const HOME of ['', 'somewhere']) {
    t.equal(homeFolder({ HOME }), own)
    t.equal(stateFolder({ HOME, XDG_STATE_HOME: 'state' }), join(own, '.local/state'))
  }
  t.equal(stateFolder({ HOME: '/home/of-one' }), '/home/of-one/.local/state')
  t.equal(homeForGit({ HOME: '' }), '/', 'as git has it')
  t.equal(gitSettingsFolder({ HOME: '', XDG_CONFIG_HOME: '' }), '/.config/git')
  t.equal(gitSettingsFolder({ HOME: '/home/of-one' }), '/home/of-one/.config/git')
  t.match(missingCredential(['package.json'], { HOME: '' }), 'package.json is not in the home folder')
  t.end()
})

void t.test('what a program is started with follows from the manifest', async (t) => {
  const argvOf = async (name: (typeof names)[number], options: object, given: object = {}): Promise<string> => {
    const { started } = await replay(
      t,
      name,
      { stream: `${name}-ok.jsonl`, leaves },
      { options: { ...options }, given },
    )
    const { argv = [], environment = {} } = started[0]?.order ?? {}
    return [...argv, environment['BASH_MAX_TIMEOUT_MS'] ?? ''].join(' ')
  }
  t.match(await argvOf('codex', {}), /^codex exec --json .*--sandbox workspace-write/)
  t.match(await argvOf('codex', {}, { verb: 'review' }), /--sandbox read-only/)
  t.match(
    await argvOf('codex', { access: 'all', model: 'm', arguments: ['--oss'] }),
    /danger-full-access --model m .*--oss $/,
  )
  t.match(await argvOf('codex', {}, { timeoutMs: 90_000 }), /background_terminal_max_timeout=90000/)
  t.match(
    await argvOf('claude', { argv: ['/opt/claude'] }),
    /^\/opt\/claude --print .*--permission-mode default --allowedTools Bash $/,
  )
  t.match(
    await argvOf('claude', { access: 'all' }),
    / --disallowedTools AskUserQuestion EnterPlanMode ExitPlanMode --permission-mode bypassPermissions $/,
    'what a person would have to answer is not offered',
  )
  t.match(
    await argvOf('claude', {}, { verb: 'review', timeoutMs: 90_000 }),
    /dontAsk --allowedTools Read Grep Glob 90000$/,
  )
})

void t.test('a manifest is told what it lacks', (t) => {
  const codex = must(kinds, 'codex')
  const task = { verb: 'implement', prompt: 'Do it.', command: null, files: [] }
  t.match(codex.mistakes({ ...task, options: {} }), [
    /say what codex may log in with: .*credentials: \[OPENAI_API_KEY\]/,
  ])
  t.same(codex.mistakes({ ...task, options: { credentials: [] } }), [])
  t.match(codex.mistakes({ ...task, verb: 'run', prompt: null, command: ['ls'], options: { credentials: [] } }), [
    /runs no command/,
    /asks for nothing/,
  ])
  t.equal(codex.usualProvider?.({ credentials: ['OPENAI_API_KEY'] }), 'openai')
  t.equal(codex.usualProvider?.({ credentials: [] }), null)
  t.match(codex.missing?.({ credentials: ['NO_KEY'] }, {}), /NO_KEY is not set/)
  t.end()
})

void t.test('a program is asked once for each build of it whether it has what it is asked for', async (t) => {
  const folder = newFolder(t)
  const program = join(folder, 'codex')
  const calls = join(folder, 'calls')
  const write = (says: string): void => {
    writeFileSync(program, `#!/bin/sh\necho called >>'${calls}'\necho '${says}'\n`)
    chmodSync(program, 0o755)
  }
  const environment = { PATH: `${folder}:${process.env['PATH']}`, XDG_STATE_HOME: folder }
  const ask = () => probe(codex, { env: {} }, environment)
  const kind = must(kinds, 'codex')
  const count = (): number => readFileSync(calls, 'utf8').split('\n').length - 1
  t.match(await probe(codex, { argv: ['no-such-program'], env: {} }, environment), { how: 'absent' })
  t.match(await probe(codex, { argv: ['./in-the-workspace'], env: {} }, environment), { how: 'fit' })
  write('codex-cli 0.20.0 --json --sandbox --config --model')
  t.match(await ask(), {
    how: 'unfit',
    version: /^codex-cli 0\.20\.0/,
    why: 'lacks --ephemeral, --skip-git-repo-check',
  })
  write(`codex-cli 0.169.0 ${codex.help.flags.join(' ')}`)
  t.match(await ask(), { how: 'fit', version: /^codex-cli 0\.169\.0/ })
  const before = count()
  t.match(await ask(), { how: 'fit', version: /^codex-cli 0\.169\.0/ })
  t.equal(count(), before)
  write('codex-cli 0.170.0')
  t.match(await ask(), { how: 'unfit' })
  const serves = () => kind.fitness?.({ credentials: [], interface: 'app-server' }, environment)
  write(`codex-cli 0.20.0 ${codex.help.flags.join(' ')}`)
  t.match(await ask(), { how: 'fit' })
  t.match(await serves(), { how: 'unfit', why: 'lacks app-server, --listen' }, 'one is not the other')
  write('codex-cli 0.169.0 app-server --listen --config')
  t.match(await serves(), { how: 'fit' })
})
