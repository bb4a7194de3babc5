import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, readlinkSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { claude } from '../../src/agents/cli/claude.ts'
import { codex } from '../../src/agents/cli/codex.ts'
import { gemini } from '../../src/agents/cli/gemini.ts'
import { opencode } from '../../src/agents/cli/opencode.ts'
import { readJournal } from '../../src/store/read-journal.ts'
import type { RunEvent } from '../../src/supervisor/run/events.ts'
import { isAlive } from '../process-life.ts'
import { findIsolation } from '../../src/processes/isolation.ts'
import { script as acpScript } from '../agents/acp-stage.ts'
import { serveModel } from '../agents/model-server.ts'
import { begin, emptyFolder, git, manifest, modes, repositoryOf, root, runJson, shells } from './troupe.ts'
import { until } from '../until.ts'

process.env['XDG_STATE_HOME'] = emptyFolder(t)

interface Hanging {
  readonly script: string
  /** How its only attempt must end: `completed`, or the kind of failure. */
  readonly ends: string
}

/** Programs that wait for what never comes, or leave something behind. Each notes its processes with `note`. */
const corpus = (password: string): Readonly<Record<string, Hanging>> => ({
  'waits-on-stdin': { script: 'cat', ends: 'completed' },
  'asks-the-terminal': { script: 'read answer < /dev/tty', ends: 'agent' },
  'starts-an-editor': { script: '$EDITOR notes.txt && $VISUAL notes.txt && git commit --allow-empty', ends: 'agent' },
  'starts-vi': { script: 'note $$; vi notes.txt; sleep 600', ends: 'timeout' },
  'starts-a-pager': { script: 'git log && $PAGER f.txt && ${GIT_PAGER:-less} f.txt', ends: 'completed' },
  'asks-git-for-a-password': { script: `git ls-remote ${password}/private.git`, ends: 'agent' },
  'sleeps-for-ever': { script: 'note $$; sleep 600', ends: 'timeout' },
  'ignores-term': { script: 'trap "" TERM INT HUP; note $$; while :; do sleep 1; done', ends: 'timeout' },
  spins: { script: 'note $$; while :; do :; done', ends: 'timeout' },
  'leaves-a-daemon': { script: '(setsid sleep 600 & note $!)', ends: 'completed' },
  'leaves-a-daemon-that-holds-its-output': {
    script: '(setsid sh -c "trap \\"\\" TERM; sleep 600; true" & note $!)',
    ends: 'completed',
  },
  'leaves-a-daemon-without-environment': { script: '(env -i setsid sleep 600 & note $!); note $$', ends: 'completed' },
  'bombs-and-leaves': {
    script: 'for i in $(seq 50); do setsid sh -c "sleep 600; true" & note $!; done; exit 0',
    ends: 'completed',
  },
  'stops-itself': { script: 'note $$; kill -STOP $$', ends: 'timeout' },
})

async function refusingServer(t: { teardown(work: () => void): void }): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="private"' }).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** How each task's attempts have ended, one after the other: `completed`, or the kind of failure. */
function endsOf(directory: string, run: string): Readonly<Record<string, string>> {
  const { records } = readJournal<RunEvent>(join(directory, '.agents/runs', run, 'journal.ndjson'))
  const ends = records.flatMap(({ event }) => (event.type === 'attempt-ended' ? [event] : []))
  const each = Map.groupBy(ends, ({ task }) => task)
  const words = (all: typeof ends): string =>
    all.map(({ end }) => (end.how === 'failed' ? end.failure.kind : end.how)).join(', ')
  return Object.fromEntries([...each].map(([task, all]) => [task, words(all)]))
}

const noted = (notes: string): readonly number[] =>
  readdirSync(notes).flatMap((name) => readFileSync(join(notes, name), 'utf8').trim().split('\n').map(Number))

for (const mode of ['thread', 'process'] as const) {
  void t.test(`every agent that hangs ends in a typed result, and nothing of it is left (${mode})`, async (t) => {
    const directory = repositoryOf(t, { 'f.txt': '1\n' })
    const notes = emptyFolder(t)
    const agents = corpus(await refusingServer(t))
    const tasks = Object.entries(agents).map(([id, { script, ends }]) => {
      const note = `note() { echo "$@" >> '${join(notes, id)}'; }`
      const timeout = ends === 'timeout' ? '3s' : '60s'
      return { id, command: ['sh', '-c', `${note}; ${script}`], timeout, env: { HOME: notes } }
    })
    const { run } = await runJson(directory, '--mode', mode, manifest(t, { concurrency: 16, tasks }))
    const expected = Object.entries(agents).map(([id, one]) => [id, one.ends])
    t.same(endsOf(directory, run), Object.fromEntries(expected))
    const pids = noted(notes)
    t.ok(pids.length > 55, `${pids.length} processes were noted`)
    t.same(pids.filter(isAlive), [])
  })

  void t.test(`daemons of agents under way die with a killed supervisor (${mode})`, async (t) => {
    const directory = repositoryOf(t, { 'f.txt': '1\n' })
    const note = join(emptyFolder(t), 'pids')
    const script = `(setsid sleep 600 & echo $! >> '${note}'); (env -i setsid sleep 600 & echo $! >> '${note}'); echo $$ >> '${note}'; sleep 600`
    const run = begin(
      directory,
      'run',
      '--mode',
      mode,
      manifest(t, { tasks: [{ id: 'x', command: ['sh', '-c', script] }] }),
    )
    const pids = (): readonly number[] =>
      existsSync(note) ? readFileSync(note, 'utf8').trim().split('\n').map(Number) : []
    await run.until(() => pids().length === 3)
    run.child.kill('SIGKILL')
    await run.ended
    await until(() => !pids().some(isAlive))
    t.pass('the time limit of this file is the bound')
  })
}

/** A model that runs the line that its task names, and says what came of it. */
const runsTheLine = (t: Parameters<typeof serveModel>[0]): ReturnType<typeof serveModel> =>
  serveModel(t, ({ messages }) => {
    const line = /LINE (.*) END/s.exec(messages.map(({ content }) => content).join('\n'))?.[1] ?? 'exit 9'
    const isDone = messages.some(({ role }) => role === 'tool')
    return { calls: [isDone ? ['finish', { outcome: 'done', summary: 'ran it' }] : ['run_command', { command: line }]] }
  })

interface Asks {
  readonly prompt: string
  readonly env?: Readonly<Record<string, string>>
}

const commandLines = [codex, claude, gemini, opencode]

/** A program with a command line that runs the line, and tells then as it was recorded. */
const replaying = ({ name, help }: typeof codex): object => ({
  kind: name,
  argv: [join(root, 'test/fixtures/programs/replays.sh')],
  credentials: [],
  expects: 'answer',
  env: { REPLAYS: join(root, `test/fixtures/streams/${name}-ok.jsonl`), HELP: help.flags.join(' ') },
})

/** What outlives most of what ends others; in the supervisor's own process everything is tried. */
const representative: readonly string[] = ['ignores-term', 'leaves-a-daemon-that-holds-its-output']

for (const mode of ['async', 'thread', 'process'] as const) {
  const isWhole = mode === 'async' || process.env['TROUPE_CONFORMANCE'] === 'all'
  const title = `what an agent has run for it hangs no less, and is ended as well (model, acp and the command lines, ${mode})`
  void t.test(title, async (t) => {
    const directory = repositoryOf(t, { 'f.txt': '1\n' })
    const notes = emptyFolder(t)
    const { url } = await runsTheLine(t)
    const fakeAgent = [process.execPath, join(root, 'test/fixtures/acp/main.mjs')]
    const agents: Readonly<Record<string, object>> = {
      model: { kind: 'model', endpoint: url, model: 'm' },
      acp: { kind: 'acp', argv: fakeAgent, expects: 'answer' },
      ...Object.fromEntries(commandLines.map((preset) => [preset.name, replaying(preset)])),
    }
    const asks: Readonly<Record<string, (line: string) => Asks>> = {
      model: (line) => ({ prompt: `LINE ${line} END` }),
      acp: (line) => ({ prompt: acpScript([{ run: 'sh', args: ['-c', line] }, { say: 'ran it' }]) }),
    }
    const byLine = (line: string): Asks => ({ prompt: 'Run it.', env: { HOME: notes, LINE: line } })
    const all = Object.entries(corpus(await refusingServer(t)))
    // for the whole corpus long enough for a loaded machine to come to the hanging
    const hangs = isWhole ? '8s' : '4s'
    const programs = all.filter(([name]) => isWhole || representative.includes(name))
    const tasks = Object.keys(agents).flatMap((agent) =>
      programs.map(([name, { script, ends }]) => {
        const id = `${agent}-${name}`
        const asked = (asks[agent] ?? byLine)(`note() { echo "$@" >> '${join(notes, id)}'; }; ${script}`)
        const timeout = ends === 'timeout' ? hangs : '3m'
        return { id, agent, verb: 'survive', timeout, env: { HOME: notes }, ...asked }
      }),
    )
    const { run } = await runJson(directory, '--mode', mode, manifest(t, { concurrency: 28, agents, tasks }))
    // what it ran may fail: the agent has seen that, and told
    const expected = tasks.map(({ id, timeout }) => [id, timeout === hangs ? 'timeout' : 'completed'])
    t.same(endsOf(directory, run), Object.fromEntries(expected))
    const pids = noted(notes)
    // at least what each left of which the limit is far away
    t.ok(pids.length >= (isWhole ? 300 : Object.keys(agents).length), `${pids.length} processes were noted`)
    t.same(pids.filter(isAlive), [])
  })
}

/** Holds this many megabytes until it is killed. */
const holds = (megabytes: number): string =>
  `'${process.execPath}' -e 'const kept = Buffer.alloc(${megabytes}e6, 1); setTimeout(() => kept, 6e5)'`

void t.test('what holds more memory than it may is ended with all that it started, in every mode', async (t) => {
  const directory = repositoryOf(t, { 'f.txt': '1\n' })
  const note = join(emptyFolder(t), 'pids')
  const scripts = {
    alone: `echo $$ >> '${note}'; exec ${holds(230)}`,
    'in-a-session-of-its-own': `echo $$ >> '${note}'; setsid ${holds(230)} & echo $! >> '${note}'; wait`,
    together: `for i in 1 2 3; do ${holds(60)} & echo $! >> '${note}'; done; wait`,
    modest: `${holds(10)} & echo $! >> '${note}'; sleep 1.2; kill $!`,
  }
  const tasks = modes.flatMap((mode) =>
    Object.entries(scripts).map(([id, command]) => ({ id: `${id}-${mode}`, agent: mode, command })),
  )
  const { run } = await runJson(directory, manifest(t, { agents: shells, memory: '250MB', concurrency: 4, tasks }))
  const expected = modes.flatMap((mode) => [
    [`alone-${mode}`, 'memory'],
    [`in-a-session-of-its-own-${mode}`, 'memory'],
    [`together-${mode}`, 'memory'],
    [`modest-${mode}`, 'completed'],
  ])
  t.same(endsOf(directory, run), Object.fromEntries(expected))
  const pids = readFileSync(note, 'utf8').trim().split('\n').map(Number)
  t.equal(pids.length, 7 * modes.length)
  t.same(pids.filter(isAlive), [])
})

/** The living processes of a pid namespace, named as /proc does. */
const processesIn = (namespace: string): readonly string[] =>
  readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/ns/pid`) === namespace
    } catch {
      return false // gone
    }
  })

void t.test('where nothing can isolate, whoever asks for it is refused before anything starts', async (t) => {
  const directory = repositoryOf(t, { 'f.txt': '1\n' })
  const bin = emptyFolder(t)
  for (const name of ['git', 'sh'])
    symlinkSync(execFileSync('which', [name], { encoding: 'utf8' }).trim(), join(bin, name))
  const agents = { alone: { kind: 'command', isolate: true } }
  const path = manifest(t, { agents, tasks: [{ id: 'x', agent: 'alone', command: ['true'] }] })
  const answer = spawnSync(process.execPath, [join(root, 'bin/troupe.mjs'), 'run', path], {
    cwd: directory,
    env: { PATH: bin, HOME: bin },
    encoding: 'utf8',
  })
  t.match(answer, { status: 2, stderr: /alone: a pid namespace can be made neither by bwrap nor by unshare here/ })
  t.match(answer.stderr, 'ISOLATION_MISSING')
  t.notOk(existsSync(join(directory, '.agents/runs')))
})

void t.test('an isolated program takes along what hides from everything else', async (t) => {
  if (findIsolation() === null) return void t.pass('this machine cannot: see the test before')
  const directory = repositoryOf(t, { 'f.txt': '1\n' })
  const note = join(emptyFolder(t), 'notes')
  // without its environment, its session, its parent and its output: only the namespace holds it
  const hidden = `(env -i setsid sh -c 'exec sleep 600' >/dev/null 2>&1 &); sleep 0.1; readlink /proc/self/ns/pid >> '${note}'; for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline; echo; done >> '${note}'`
  const term = `trap 'echo polite >> "${note}"; exit 0' TERM; while :; do sleep 0.05; done`
  const agents = { alone: { kind: 'command', isolate: true }, line: { kind: 'command', isolate: true, shell: true } }
  const tasks = [
    { id: 'hides', agent: 'line', command: hidden },
    { id: 'fails', agent: 'alone', command: ['sh', '-c', 'echo "$1" > said.txt; exit 7', 'sh', "a 'b' $HOME"] },
    { id: 'stops', agent: 'line', command: term, timeout: '3s' },
    { id: 'greedy', agent: 'line', command: `${holds(300)}`, memory: '150MB' },
  ]
  const { run } = await runJson(directory, manifest(t, { agents, tasks }))
  const { records } = readJournal<RunEvent>(join(directory, '.agents/runs', run, 'journal.ndjson'))
  const ends = records.flatMap(({ event }) => (event.type === 'attempt-ended' ? [event] : []))
  const found = ends.map(({ task, end }) => [task, end.how === 'failed' ? end.failure.kind : end.how])
  t.same(Object.fromEntries(found), { hides: 'completed', fails: 'agent', stops: 'timeout', greedy: 'memory' })
  t.equal(git(directory, 'show', `refs/troupe/${run}/fails/1:said.txt`), "a 'b' $HOME\n")
  t.match(
    ends.find(({ task }) => task === 'fails'),
    { end: { details: { exitCode: 7 } } },
  )
  const notes = readFileSync(note, 'utf8')
  t.match(notes, /^sleep 600 $/m)
  t.match(notes, /^polite$/m, 'it was asked before it was forced')
  t.notMatch(notes, /troupe\.mjs/, 'it sees nobody else')
  const namespace = /^pid:\[\d+\]$/m.exec(notes)?.[0] ?? 'none'
  // on a busy machine the kernel is still at it when the last task has been told to have ended
  await until(() => processesIn(namespace).length === 0)
  t.match(namespace, /^pid:/)
  t.not(namespace, readlinkSync('/proc/self/ns/pid'))
})
