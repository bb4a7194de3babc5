import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { codex } from '../../src/agents/cli/codex.ts'
import { root, troupe, troupeHere } from './troupe.ts'

t.setTimeout(120_000)
const scene = mkdtempSync(join(tmpdir(), 'troupe-quota-'))
const quotas = join(scene, 'state', 'troupe', 'quota')
const calls = join(scene, 'calls')
process.env['XDG_STATE_HOME'] = join(scene, 'state')
process.env['A_KEY'] = 'not-to-be-read-anywhere'
t.teardown(() => {
  rmSync(scene, { recursive: true })
})

/** A repository with two tasks for one provider that lets one call at once. */
function repository(name: string): string {
  const directory = join(scene, name)
  mkdirSync(directory)
  const tasks = [1, 2].map(
    (task) =>
      `  - { id: t${task}, agent: coder, command: [sh, -c, "echo begin >> ${calls}; echo x > ${task}; echo end >> ${calls}"] }`,
  )
  const manifest = `version: 1
concurrency: 4
providers: { house: { account: A_KEY, concurrency: 1 } }
agents: { coder: { kind: command, provider: house } }
tasks:
${tasks.join('\n')}
`
  writeFileSync(join(directory, 'troupe.yaml'), manifest)
  const git = (...args: readonly string[]): unknown =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd: directory })
  git('init', '-q')
  git('add', '.')
  git('commit', '-qm', 'begin')
  return directory
}

void t.test('two runs share what one provider allows, and leave nothing held', async (t) => {
  const ends = await Promise.all(['one', 'two'].map((name) => troupe(repository(name), 'run', 'troupe.yaml')))
  for (const { status, stderr } of ends) t.equal(status, 0, stderr)
  const said = readFileSync(calls, 'utf8').trim().split('\n')
  t.same(said, Array.from({ length: 4 }, () => ['begin', 'end']).flat(), 'one at a time')
  const files = readdirSync(quotas).filter((name) => name.endsWith('.json'))
  t.match(files, [/^house-[0-9a-f]{16}\.json$/])
  const text = readFileSync(join(quotas, files[0] ?? ''), 'utf8')
  t.match(JSON.parse(text), { schema: 'troupe/quota/1', holders: [], hold: null })
  t.notMatch(text, /not-to-be-read|A_KEY/, 'nobody can read the key from it')
})

void t.test(
  'a new run knows that a provider is held, waits, sends one to see and goes on',
  { timeout: 120_000 },
  async (t) => {
    const [name = ''] = readdirSync(quotas).filter((one) => one.endsWith('.json'))
    const file = join(quotas, name)
    const until = Date.now() + 8_000
    const hold = { class: 'quota', until, since: until - 9_000, refusals: 3 }
    writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), hold }))
    const directory = repository('three')
    const { status, stderr } = await troupeHere(directory, 'run', 'troupe.yaml')
    t.equal(status, 0, stderr)
    t.ok(Date.now() >= until, 'it waited')
    const { stdout } = await troupeHere(directory, 'log')
    t.match(stdout, /house is held \(quota\) until/)
    t.match(stdout, /house: one task goes to see/)
    t.match(stdout, /house may be asked again/)
    t.notMatch(stdout, /failed/, 'and nothing failed for it')
  },
)

void t.test('what a program was refused and got over by itself counts for all who share its provider', async (t) => {
  const directory = join(scene, 'again')
  mkdirSync(directory)
  const fixtures = join(root, 'test/fixtures')
  const manifest = {
    version: 1,
    providers: { shared: { account: 'A_KEY', concurrency: 8 } },
    agents: {
      codex: {
        kind: 'codex',
        argv: [join(fixtures, 'programs/replays.sh')],
        credentials: [],
        provider: 'shared',
        env: {
          REPLAYS: join(fixtures, 'streams/codex-429-then-ok.jsonl'),
          HELP: codex.help.flags.join(' '),
          LEAVES: 'new.txt',
        },
      },
    },
    tasks: [{ id: 'a', agent: 'codex', prompt: 'Do it.' }],
  }
  writeFileSync(join(directory, 'troupe.json'), JSON.stringify(manifest))
  const git = (...args: readonly string[]): unknown =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd: directory })
  git('init', '-q')
  git('add', '.')
  git('commit', '-qm', 'begin')
  const { status, stderr } = await troupeHere(directory, 'run', 'troupe.json')
  t.equal(status, 0, stderr)
  const [name = ''] = readdirSync(quotas).filter((one) => one.startsWith('shared-'))
  const known = JSON.parse(readFileSync(join(quotas, name), 'utf8')) as object
  t.match(known, { window: 2, holders: [], hold: { class: 'rate_limit', refusals: 1 } })
})
