/** What every kind of agent promises, whatever it does. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Agent, Assignment } from '../../src/agents/agent.ts'
import { openHosts } from '../../src/actors/hosts/registry.ts'
import { kinds } from '../../src/agents/registry.ts'
import { must } from '../../src/errors.ts'
import { serveModel, type Said } from '../agents/model-server.ts'
import type { Step } from '../fixtures/acp/fake-agent.ts'
import { newFolder, script } from '../agents/acp-stage.ts'
import { assignment, groupGone, perform, type Direction, type Performance } from '../agents/perform.ts'
import { conform } from './conformance/conform.ts'
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
    const agent = await kind.load()
    const sample = must(samples, name)

    t.test('completes with a summary', async (t) => {
      const { outcome } = await act(t, agent, sample.completes)
      t.match(outcome, { how: 'completed', summary: /\S/, findings: Array, details: Object })
    })
    t.test('lets its output reach the log and tells its progress', async (t) => {
      const { output, progress } = await act(t, agent, sample.completes)
      t.match(output, /ünï 🎭\.py/)
      t.ok(progress.length > 0)
      t.ok(progress.every((line) => line.trim() !== '' && !line.includes('\n')))
    })
    t.test('fails as a value', async (t) => {
      const { outcome } = await act(t, agent, sample.fails)
      t.match(outcome, { how: 'failed', failure: { kind: 'agent', message: /\S/, signature: /\S/ }, details: Object })
    })
    t.test('fails the same way with the same signature', async (t) => {
      const failures = [await act(t, agent, sample.fails), await act(t, agent, sample.fails)]
      const [one, two] = failures.map(({ outcome }) => outcome.how === 'failed' && outcome.failure.signature)
      t.equal(one, two)
    })
    t.test('stops in the middle when it is told to', async (t) => {
      const { outcome } = await act(t, agent, sample.goesOn, { stopAtFirstSign: 'enough' })
      t.same(outcome, { how: 'cancelled', reason: 'enough' })
    })
    t.test('does nothing when it is told to stop before it starts', async (t) => {
      const signal = AbortSignal.abort(new Error('too late'))
      const { outcome, output } = await act(t, agent, sample.completes, { signal })
      t.same(outcome, { how: 'cancelled', reason: 'too late' })
      t.equal(output, '')
    })
    t.test('has ends that can cross a process', async (t) => {
      for (const what of [sample.completes, sample.fails]) {
        const { outcome } = await act(t, agent, what)
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
  const agent = await must(kinds, 'command').load()
  // a test runner puts its own hooks into NODE_OPTIONS of what is started
  const node = ['env', '-u', 'NODE_OPTIONS', process.execPath, '--input-type=module', '-e']
  const { output } = await act(t, agent, { command: [...node, script] })
  t.same(JSON.parse(output), [])
})

/** In the supervisor's own process the whole table; elsewhere what is not the same there, unless all is asked for. */
const elsewhere: readonly SceneName[] = ['edit', '429 then success']
const hosts = openHosts({ thread: { maxThreads: 1 } })
t.teardown(() => hosts[Symbol.asyncDispose]())

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

async function act(t: Test, agent: Agent, sample: Sample, direction: Direction = {}): Promise<Performance> {
  const what = typeof sample === 'function' ? await sample(t) : sample
  const directory = join(t.testdir({}), 'with spaces', 'ünï 🎭')
  mkdirSync(join(directory, 'a b'), { recursive: true })
  writeFileSync(join(directory, 'ünï 🎭.py'), 'import hashlib\nhashlib.md5(b"")\n')
  writeFileSync(join(directory, 'a b', 'ünï 🎭.py'), 'import hashlib\nhashlib.md5(b"")\n')
  const given = deepFreeze(assignment({ directory, ...what }))
  const before = structuredClone(given)
  const performance = await perform(agent, given, direction)
  t.same(given, before, 'the assignment is as it was')
  for (const { group } of performance.processes) await groupGone(group)
  return performance
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze)
  return value
}
