/** What every kind of agent promises, whatever it does. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type {
  AgentActorApi,
  AgentActorInput,
  AgentAnswer,
  AgentEvent,
  AgentQuestion,
} from '../../src/actors/agent-api.ts'
import { agentSpec, defaultKindsModule } from '../../src/actors/agent-spec.ts'
import type { ActorHandle, HostKind } from '../../src/actors/contract.ts'
import { openHosts } from '../../src/actors/hosts/registry.ts'
import type { AgentKind, Assignment } from '../../src/agents/agent.ts'
import { kinds } from '../../src/agents/registry.ts'
import { refusal } from '../../src/agents/model/refused-call.ts'
import { toThrown } from '../../src/actors/thrown.ts'
import { must } from '../../src/errors.ts'
import { asActorId } from '../../src/ids.ts'
import { newFolder, script } from '../agents/acp-stage.ts'
import { type Said, serveModel } from '../agents/model-server.ts'
import { assignment, type Direction, groupGone, perform, type Performance } from '../agents/perform.ts'
import type { Step } from '../fixtures/acp/fake-agent.ts'
import { conform } from './conformance/conform.ts'
import { endShared } from './conformance/perform-on-host.ts'
import { players } from './conformance/players.ts'
import { type SceneName, sceneNames } from './conformance/scenes.ts'

/** Assignments of one kind that show the contract. */
interface Samples {
  readonly completes: Sample
  readonly fails: Sample
  /** Shows a sign of life and then has more to do. */
  readonly goesOn: Sample
}

/** An assignment, or one that needs something for the time of a test. */
type Sample = Partial<Assignment> | ((t: Test) => Promise<Partial<Assignment>>)

/** A model that gives the same answer, whatever was said before. */
const modelThatSays =
  (answer: Said): Sample =>
  async (t) => {
    const { url } = await serveModel(t, [answer])
    return { verb: 'review', options: { endpoint: url, model: 'm' } }
  }

process.env['XDG_STATE_HOME'] = newFolder(t)

const programs = join(import.meta.dirname, '../fixtures/programs')

const fakeAgent = [process.execPath, join(import.meta.dirname, '../fixtures/acp/main.mjs')]
const acting = (turn: readonly Step[]): Partial<Assignment> => ({
  verb: 'implement',
  prompt: script(turn),
  options: { argv: fakeAgent },
})

/** A program that plays what one was recorded to say. */
function replayed(name: string): Samples {
  const plays = (stream: string, env: Readonly<Record<string, string>> = {}): Partial<Assignment> => ({
    verb: 'implement',
    prompt: 'Do it.',
    options: {
      argv: [join(programs, 'replays.sh')],
      credentials: [],
      env: { REPLAYS: join(import.meta.dirname, `../fixtures/streams/${name}-${stream}.jsonl`), ...env },
    },
  })
  return {
    completes: plays('ok', { LEAVES: 'new.txt' }),
    fails: plays('failed-command'),
    goesOn: plays('ok', { GOES_ON: '1' }),
  }
}

const samples: ReadonlyMap<string, Samples> = new Map([
  [
    'command',
    {
      completes: { command: ['sh', '-c', 'ls; echo done'] },
      fails: { command: ['sh', '-c', 'echo no >&2; exit 1'] },
      goesOn: { command: [join(programs, 'waits-for-ever.sh')] },
    },
  ],
  [
    'local',
    {
      completes: { verb: 'review', files: ['a b/ünï 🎭.py'] },
      fails: { verb: 'review', files: ['nosuch.py'] },
      goesOn: { verb: 'review' },
    },
  ],
  [
    'model',
    {
      completes: modelThatSays({ text: 'ünï 🎭.py is fine.' }),
      fails: modelThatSays({ calls: [['finish', { summary: 'no', outcome: 'impossible' }]] }),
      goesOn: modelThatSays({ calls: [['list_files', {}]] }),
    },
  ],
  [
    'acp',
    {
      completes: acting([{ run: 'ls', args: ['.'] }, { edit: 'a b/new.txt', ask: 'go on' }, { say: 'done' }]),
      fails: acting([{ complain: 'no\n' }, { exit: 1 }]),
      goesOn: acting([{ say: 'working' }, { hang: true }]),
    },
  ],
  ['codex', replayed('codex')],
  ['claude', replayed('claude')],
  ['gemini', replayed('gemini')],
  ['opencode', replayed('opencode')],
])

t.same([...samples.keys()], [...kinds.keys()], 'every kind is held to the contract')

for (const [name, kind] of kinds) {
  t.test(`a ${name} agent`, async (t) => {
    const sample = must(samples, name)

    t.test('completes with a summary', async (t) => {
      const { outcome } = await act(t, kind, sample.completes)
      t.match(outcome, { how: 'completed', summary: /\S/, findings: Array, details: Object })
    })
    t.test('lets its output reach the log and tells its progress', async (t) => {
      const { output, progress } = await act(t, kind, sample.completes)
      t.match(output, /ünï 🎭\.py/)
      t.ok(progress.length > 0)
      t.ok(progress.every((line) => line.trim() !== '' && !line.includes('\n')))
    })
    t.test('fails as a value', async (t) => {
      const { outcome } = await act(t, kind, sample.fails)
      t.match(outcome, { how: 'failed', failure: { kind: 'agent', message: /\S/, signature: /\S/ }, details: Object })
    })
    t.test('fails the same way with the same signature', async (t) => {
      const failures = [await act(t, kind, sample.fails), await act(t, kind, sample.fails)]
      const [one, two] = failures.map(({ outcome }) => outcome.how === 'failed' && outcome.failure.signature)
      t.equal(one, two)
    })
    t.test('stops in the middle when it is told to', async (t) => {
      const { outcome } = await act(t, kind, sample.goesOn, { stopAtFirstSign: 'enough' })
      t.same(outcome, { how: 'cancelled', reason: 'enough' })
    })
    t.test('does nothing when it is told to stop before it starts', async (t) => {
      const signal = AbortSignal.abort(new Error('too late'))
      const { outcome, output } = await act(t, kind, sample.completes, { signal })
      t.same(outcome, { how: 'cancelled', reason: 'too late' })
      t.equal(output, '')
    })
    t.test('has ends that can cross a process', async (t) => {
      for (const what of [sample.completes, sample.fails]) {
        const { outcome } = await act(t, kind, what)
        t.same(JSON.parse(JSON.stringify(outcome)), outcome)
      }
    })
    t.test('knows its options and refuses others', (t) => {
      t.ok(kind.options.safeParse({}).success)
      t.notOk(kind.options.safeParse({ nosuchoption: 1 }).success)
      for (const [option, schema] of Object.entries(kind.options.shape)) {
        t.ok((schema as { meta(): { description?: string } | undefined }).meta()?.description, `${option} is described`)
      }
      t.end()
    })
    t.end()
  })
}

t.test('the registry is light: it loads neither a parser nor a way to start programs', async (t) => {
  const script = `
    await import(${JSON.stringify(import.meta.resolve('../../src/agents/registry.ts'))})
    const loaded = [...process.moduleLoadList, ...process.report.getReport().sharedObjects]
    console.log(JSON.stringify(loaded.filter((name) => /child_process|ast-grep/.test(name))))`
  // a test runner puts its own hooks into NODE_OPTIONS of what is started
  const node = ['env', '-u', 'NODE_OPTIONS', process.execPath, '--input-type=module', '-e']
  const { output } = await act(t, must(kinds, 'command'), { command: [...node, script] })
  t.same(JSON.parse(output), [])
})

for (const name of ['command', 'local'] as const) {
  t.test(
    `an actor of a ${name} agent is light: it loads nothing that checks what its supervisor has checked`,
    async (t) => {
      const script = `
      const packages = []
      const load = (url, context, next) => {
        if (/node_modules.(?!@ast-grep|comlink)/.test(url)) packages.push(url)
        return next(url, context)
      }
      process.getBuiltinModule('node:module').registerHooks({ load })
      await import(${JSON.stringify(import.meta.resolve('../../src/actors/agent-actor.ts'))})
      const { kinds } = await import(${JSON.stringify(import.meta.resolve('../../src/agents/works.ts'))})
      await kinds.get('${name}').load()
      console.log(JSON.stringify(packages))`
      const node = ['env', '-u', 'NODE_OPTIONS', process.execPath, '--input-type=module', '-e']
      const { output } = await act(t, must(kinds, 'command'), { command: [...node, script] })
      t.same(JSON.parse(output), [])
    },
  )
}

/** In the supervisor's own process the whole table; elsewhere what is not the same there, unless all is asked for. */
const elsewhere: readonly SceneName[] = ['edit', '429 then success']
const hosts = openHosts({ thread: { maxThreads: 1 } })
t.teardown(() => hosts[Symbol.asyncDispose]())
t.teardown(endShared)

t.same(new Set(players.map(({ kind }) => kind)), new Set(kinds.keys()), 'every kind is held to the table')

for (const player of players) {
  for (const mode of ['async', 'thread', 'process'] as const) {
    const isWhole = mode === 'async' || process.env['TROUPE_CONFORMANCE'] === 'all'
    t.test(`${player.title} in the mode ${mode} conforms`, async (t) => {
      if (!isWhole && player.like !== undefined) return void t.pass(`as ${player.like}, whose code it is`)
      for (const scene of isWhole ? sceneNames : elsewhere) await conform(t, { player, scene, host: hosts.get(mode) })
    })
  }
}

async function act(t: Test, kind: AgentKind, sample: Sample, direction: Direction = {}): Promise<Performance> {
  const what = typeof sample === 'function' ? await sample(t) : sample
  const directory = join(t.testdir({}), 'with spaces', 'ünï 🎭')
  mkdirSync(join(directory, 'a b'), { recursive: true })
  writeFileSync(join(directory, 'ünï 🎭.py'), 'import hashlib\nhashlib.md5(b"")\n')
  writeFileSync(join(directory, 'a b', 'ünï 🎭.py'), 'import hashlib\nhashlib.md5(b"")\n')
  const given = deepFreeze(assignment(kind.name, { directory, ...what }))
  const before = structuredClone(given)
  const performance = await perform(await kind.load(), given, direction)
  t.same(given, before, 'the assignment is as it was')
  for (const { group } of performance.processes) await groupGone(group)
  return performance
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze)
  return value
}

// from here on an agent as an actor

const folder = newFolder(t)

/** Starts an agent actor; `first` resolves at the first event. */
async function start(
  kind: string,
  given: Partial<AgentActorInput> = {},
  host: HostKind = 'async',
  answers?: (question: AgentQuestion) => AgentAnswer,
) {
  const events: AgentEvent[] = []
  const { promise: first, resolve } = Promise.withResolvers<void>()
  const started = Promise.withResolvers<ActorHandle<AgentActorApi>>()
  const input: AgentActorInput = {
    assignment: assignment(null, { directory: folder, prompt: 'hello' }),
    kind,
    kindsModule: import.meta.resolve('../fixtures/actors/agent-kinds.ts'),
    log: null,
    graceMs: 1000,
    ...given,
  }
  const emit = (event: unknown): void => {
    events.push(event as AgentEvent)
    resolve()
    if ((event as AgentEvent).type === 'question') void answer(event as AskedEvent)
  }
  const answer = async ({ id, question }: AskedEvent): Promise<void> => {
    if (answers !== undefined) await started.promise.then((actor) => actor.call('answer', id, answers(question)))
  }
  const actor = await hosts.get(host).start<AgentActorApi>(agentSpec(asActorId(kind), input), { emit })
  started.resolve(actor)
  return { actor, events, first }
}

type AskedEvent = Extract<AgentEvent, { readonly type: 'question' }>

const lines = (events: readonly AgentEvent[], type: 'output' | 'progress') =>
  events.flatMap((event) => (event.type === type ? [event.line] : []))

for (const host of ['async', 'thread', 'process'] as const) {
  void t.test(`an agent actor keeps all output in its log and tells little of it (${host})`, async (t) => {
    const path = join(folder, `${host}.log`)
    const { actor, events } = await start('talkative', { log: { path, maxBytes: 1_000_000 } }, host)
    const began = performance.now()
    t.match(await actor.call('run'), { how: 'completed', summary: 'done: hello', details: { lines: 1000 } })
    const periods = Math.ceil((performance.now() - began) / 100)
    await actor.stop('done', Infinity)
    t.equal((await readFile(path, 'utf8')).trimEnd().split('\n').length, 1000)
    t.same(events[0], { type: 'process', process: { pid: 12, group: 12, startTime: null } })
    t.equal(lines(events, 'output').at(-1), 'line 1000')
    t.equal(lines(events, 'progress').at(-1), 'step 1000')
    t.ok(lines(events, 'output').length <= periods + 1, 'at most one in 100 ms and what was owed at the end')
  })
}

for (const host of ['async', 'thread', 'process'] as const) {
  void t.test(`an agent asks while it works and is answered (${host})`, async (t) => {
    const { actor, events, first } = await start('asking', {}, host)
    const outcome = actor.call('run')
    await first
    t.same(events, [{ type: 'question', id: 1, question: { ask: 'place' } }])
    await actor.call('answer', 9, 'granted')
    await actor.call('answer', 1, 'granted')
    await actor.call('answer', 2, { allowed: false, reason: 'not yours' })
    t.match(await outcome, { how: 'completed', summary: 'not yours' })
    t.same(events.slice(1), [
      { type: 'question', id: 2, question: { ask: 'may-write', paths: [] } },
      { type: 'usage', usage: { model: 'm', inputTokens: 3, outputTokens: 2, costUsd: null } },
      { type: 'accepted', id: 1 },
      { type: 'refused', id: 1, answer: { how: 'refused', class: 'overloaded' } },
      { type: 'released', id: 1, answer: { how: 'refused', class: 'rate_limit', retryAfterMs: 5 } },
    ])
    await actor.stop('done', Infinity)
  })
}

for (const host of ['async', 'thread', 'process'] as const) {
  void t.test(`an agent has a model asked, and hears how that goes on (${host})`, async (t) => {
    const { actor, events, first } = await start('having-asked', { modelsAreShared: true }, host)
    const outcome = actor.call('run')
    await first
    t.match(events, [{ type: 'question', id: 1, question: { ask: 'model', question: { messages: '["hello"]' } } }])
    await actor.call('sign', 1, 'm still answers')
    await actor.call('sign', 9, 'nobody asked')
    await actor.call('answer', 1, { asked: { how: 'refused', refusal: refusal('overloaded', 'too many') } })
    await actor.call('answer', 2, { thrown: toThrown(new RangeError('a bug')) })
    await actor.call('answer', 3, { provider: 'house', class: 'quota', until: 5 })
    t.match(await outcome, {
      how: 'failed',
      failure: { kind: 'quota', class: 'quota', until: 5, message: /^house may not be asked/ },
    })
    const progress = lines(events, 'progress')
    t.same([progress[0], progress.at(-1)], ['m still answers', 'refused: too many; threw RangeError: a bug'])
    await actor.stop('done', Infinity)
  })
}

void t.test('a question that nobody answers ends with the attempt', async (t) => {
  const { actor, first } = await start('asking')
  const outcome = actor.call('run')
  await first
  await actor.stop('enough', Infinity)
  t.same(await outcome, { how: 'cancelled', reason: 'enough' })
})

void t.test('an agent that throws has failed, whatever it threw', async (t) => {
  const { actor } = await start('throwing')
  t.match(await actor.call('run'), {
    how: 'failed',
    failure: {
      kind: 'crash',
      message: 'the agent threw RangeError: lost at 0x12ab in /tmp/somewhere/17',
      signature: 'crash RangeError lost at # in <tmp>',
    },
  })
  await actor.stop('done', Infinity)
})

void t.test('an agent that throws because it was asked to stop was cancelled', async (t) => {
  const { actor, first } = await start('waiting')
  const outcome = actor.call('run')
  await first
  t.same(await actor.stop('enough', Infinity), { how: 'shutdown', reason: 'enough' })
  t.same(await outcome, { how: 'cancelled', reason: 'enough' })
})

void t.test('a log that cannot be written costs the log, not the work', async (t) => {
  const { actor } = await start('talkative', { log: { path: join(folder, 'missing', 'a.log'), maxBytes: 100 } })
  t.match(await actor.call('run'), { how: 'completed', details: { lines: 1000, logTrouble: /ENOENT/ } })
  await actor.stop('done', Infinity)
})

void t.test('an unknown kind cannot start', async (t) => {
  await t.rejects(start('nobody'), { code: 'HOST_FAILED', message: /no agent is of kind nobody; known are talkative/ })
})

void t.test('every kind has its work where actors look for it', async (t) => {
  const { kinds: works } = (await import(defaultKindsModule)) as { readonly kinds: typeof kinds }
  t.same([...works.keys()], [...kinds.keys()])
})

void t.test('the kinds that come with Troupe run', async (t) => {
  const { actor, events, first } = await start('command', {
    kindsModule: defaultKindsModule,
    assignment: assignment('command', { directory: folder, command: ['echo', 'hello'] }),
  })
  const outcome = actor.call('run')
  await first
  t.match(events, [{ type: 'question', question: { ask: 'place' } }])
  await actor.call('answer', 1, 'granted')
  t.match(await outcome, { how: 'completed' })
  t.same(lines(events, 'output'), ['hello'])
  await actor.stop('done', Infinity)
})

for (const host of ['async', 'thread', 'process'] as const) {
  void t.test(
    `an agent of another program asks before it writes, and is stopped in the middle (${host})`,
    async (t) => {
      process.env['XDG_STATE_HOME'] = folder
      const turn = [
        { edit: 'mine.txt', ask: 'go on' },
        { edit: 'yours.txt', ask: 'go on' },
        { say: 'waiting' },
        { hang: 'deaf' },
      ]
      const { promise: waits, resolve } = Promise.withResolvers<void>()
      const { actor, events } = await start(
        'acp',
        {
          kindsModule: defaultKindsModule,
          assignment: assignment('acp', {
            directory: folder,
            prompt: script(turn),
            options: { argv: fakeAgent },
          }),
        },
        host,
        (question) => {
          if (question.ask !== 'may-write') return 'granted'
          if (question.paths[0] === 'mine.txt') return { allowed: true }
          resolve()
          return { allowed: false, reason: 'yours.txt is held by the task other' }
        },
      )
      const outcome = actor.call('run')
      await waits
      t.equal(await readFile(join(folder, 'mine.txt'), 'utf8'), 'edited\n')
      await actor.stop('enough', 5_000)
      t.same(await outcome, { how: 'cancelled', reason: 'enough' })
      await t.rejects(readFile(join(folder, 'yours.txt')))
      const started = events.flatMap((event) => (event.type === 'process' ? [event.process.group] : []))
      t.equal(started.length, 1)
      for (const group of started) await groupGone(group)
      await rm(join(folder, 'mine.txt'))
    },
  )
}
