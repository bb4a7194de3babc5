import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { withoutPrompts, withPromptsOf } from '../../src/cli/prompts.ts'
import { kinds } from '../../src/agents/registry.ts'
import { manifestToYaml } from '../../src/plan/as-manifest.ts'
import { readManifest } from '../../src/plan/manifest.ts'
import type { Manifest } from '../../src/plan/task.ts'
import { planCommand } from '../../src/cli/plan.ts'
import { invoke } from '../cli/fake-terminal.ts'
import { emptyFolder, git, type PrintedRun, repositoryOf, troupe } from './troupe.ts'

t.setTimeout(240_000)

const planted = 'planted/VALUE+of-a-secret'
const prompt = 'Do nothing about the heliotrope'

/** Everything on disk below a folder: names, contents, and every object of git in it. */
function everythingIn(folder: string, repository: string): string {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true })
  const files = entries.map((entry) => {
    const path = join(entry.parentPath, entry.name)
    if (entry.isSymbolicLink()) return `${path} ${readlinkSync(path)}`
    return entry.isFile() ? `${path} ${readFileSync(path, 'latin1')}` : path
  })
  const objects = execFileSync('git', ['cat-file', '--batch-all-objects', '--batch', '--unordered'], {
    cwd: repository,
    encoding: 'latin1',
    maxBuffer: 1e9,
  })
  return [...files, objects].join('\n')
}

async function withVariables<Result>(set: Record<string, string>, work: () => Promise<Result>): Promise<Result> {
  const before = Object.keys(set).map((name) => [name, process.env[name]] as const)
  Object.assign(process.env, set)
  try {
    return await work()
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
}

const forms = [
  planted,
  encodeURIComponent(planted),
  Buffer.from(planted).toString('base64').slice(0, -4),
  Buffer.from(planted).toString('hex'),
]

void t.test('a secret that agents echo in every way is nowhere on disk, and neither is a prompt', async (t) => {
  const scene = emptyFolder(t)
  const repository = repositoryOf(t, { 'kept.txt': 'kept\n', '.gitignore': 'ignored.txt\n' })
  for (const folder of ['home', 'tmp', 'state']) mkdirSync(join(scene, folder))
  const sh = (script: string): string[] => ['sh', '-c', script]
  const agent = { kind: 'command', inheritEnv: ['PATH', 'HOME', 'TMPDIR', 'PLANTED'] }
  const tasks = [
    {
      id: 'says',
      agent: 'threaded',
      prompt,
      command: sh(
        `printf %s "$PLANTED" | cut -c1-9 | tr -d '\\n'; printf '%s\\n' "$PLANTED" | cut -c10-; echo "$PLANTED"
        printf %s "$PLANTED" | base64; printf %s "$PLANTED" | od -An -tx1 | tr -d ' \\n'; echo
        printf '{"summary": "found %s", "findings": [{"rule": "r", "file": "kept.txt", "line": 1, "message": "%s"}]}' "$PLANTED" "$PLANTED" > "$TROUPE_RESULT"`,
      ),
    },
    { id: 'fails', agent: 'apart', command: sh('echo "error: $PLANTED" >&2; exit 1') },
    {
      id: 'writes',
      agent: 'threaded',
      command: sh(
        `echo "a $PLANTED b" > a.txt; echo "$PLANTED" >> kept.txt; ln -s "$PLANTED" link; echo x > "$(printf %s "$PLANTED" | tr / _)"
        echo "$PLANTED" > ignored.txt; git init -q inside; echo "$PLANTED" > inside/b.txt; echo fine > fine.txt`,
      ),
    },
    { id: 'fine', agent: 'plain', command: sh('echo more > more.txt') },
  ]
  const manifest = {
    version: 1,
    secrets: ['PLANTED'],
    agents: { threaded: { ...agent, mode: 'thread' }, apart: { ...agent, mode: 'process' }, plain: agent },
    tasks,
    check: ['echo "$PLANTED"; exit 1'],
    output: { json: 'proposal.json', markdown: 'proposal.md', sarif: 'findings.sarif' },
  }
  const path = join(emptyFolder(t), 'troupe.json')
  writeFileSync(path, JSON.stringify(manifest))
  const places = { HOME: join(scene, 'home'), TMPDIR: join(scene, 'tmp'), XDG_STATE_HOME: join(scene, 'state') }
  const ended = await withVariables({ ...places, PLANTED: planted }, () => troupe(repository, '--json', 'run', path))
  const { proposal, run } = JSON.parse(ended.stdout) as PrintedRun
  const ends = Object.fromEntries(proposal.tasks.map(({ task, disposition }) => [task, disposition]))
  t.match(ends, { says: { state: 'unchanged' }, fails: { state: 'failed' }, writes: { state: 'failed' } })
  t.match(
    JSON.stringify(ends['writes']),
    'it wrote the value of a secret into its files, which was taken out: PLANTED in',
  )
  t.equal(proposal.checks[0]?.verdict, 'fail', 'the check that prints it was run')
  t.match(proposal.findings[0]?.message, '[secret PLANTED]')
  const kept = (name: string): string => git(repository, 'show', `refs/troupe/${run}/writes/1:${name}`)
  t.equal(kept('a.txt'), 'a [secret PLANTED] b\n')
  t.equal(kept('kept.txt'), 'kept\n[secret PLANTED]\n')
  t.equal(kept('inside/b.txt'), '[secret PLANTED]\n')
  t.equal(kept('fine.txt'), 'fine\n')
  const log = readFileSync(join(repository, '.agents', 'runs', run, 'logs', 'says.1.log'), 'utf8')
  t.equal(log.split('[secret PLANTED]').length, 5, 'two lines, base64 and hexadecimal')
  for (const place of [
    everythingIn(repository, repository),
    everythingIn(scene, repository),
    ended.stderr,
    ended.stdout,
  ])
    t.same(
      [...forms, 'heliotrope'].filter((form) => place.includes(form)),
      [],
    )
})

void t.test('a secret that cannot be hidden is not begun with', async (t) => {
  const repository = repositoryOf(t, { 'a.txt': 'a\n' })
  const path = join(emptyFolder(t), 'troupe.json')
  const write = (more: object): void =>
    writeFileSync(path, JSON.stringify({ version: 1, secrets: ['PLANTED'], tasks: [{ id: 'a', ...more }] }))
  const planned = (environment: Record<string, string>) =>
    invoke(planCommand, { directory: repository, environment }, { given: [path] })
  write({ command: ['true'] })
  t.match(await planned({}), { status: 2, err: /PLANTED is not set/ })
  t.match(await planned({ PLANTED: 'short' }), { status: 2, err: /the value of PLANTED is too short/ })
  write({ command: ['echo', planted] })
  t.match(await planned({ PLANTED: planted }), { status: 2, err: /the manifest holds the value of PLANTED/ })
})

void t.test('prompts that are not kept are read again from what the run was given', async (t) => {
  const read = (text: string): Manifest => {
    const reading = readManifest(text, { kinds })
    if (!reading.ok) throw new Error(JSON.stringify(reading.mistakes))
    return reading.value
  }
  const given = read(
    JSON.stringify({
      version: 1,
      agents: { coder: { kind: 'command', argv: ['coder'] } },
      tasks: [
        { id: 'one', agent: 'coder', prompt: 'First {{task.files}}.', files: ['a'] },
        { id: 'two', agent: 'coder', prompt: 'Second.' },
      ],
      check: ['true'],
      merge: { resolver: { agent: 'coder', prompt: 'Third.' } },
    }),
  )
  const text = manifestToYaml(withoutPrompts(given), { schema: null })
  t.notMatch(text, /First|Second|Third/)
  const kept = read(text)
  t.strictSame(withPromptsOf(kept, { given, isNeeded: () => true }), given)
  const other = { ...given, tasks: given.tasks.map((task) => ({ ...task, prompt: 'Another.' })) }
  t.throws(() => withPromptsOf(kept, { given: other, isNeeded: () => true }), {
    code: 'PROMPTS_MISSING',
    message: /one/,
  })
  t.same(withPromptsOf(kept, { given: null, isNeeded: () => false }), kept, 'what is done needs no prompt')
})
