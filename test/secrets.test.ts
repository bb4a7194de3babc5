import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { stringify } from 'yaml'
import { kinds } from '../src/agents/registry.ts'
import { keptText } from '../src/cli/kept-text.ts'
import { planCommand } from '../src/cli/plan.ts'
import { withoutPrompts, withPromptsOf } from '../src/cli/prompts.ts'
import { manifestToYaml } from '../src/plan/as-manifest.ts'
import { readManifest } from '../src/plan/manifest.ts'
import type { Manifest } from '../src/plan/task.ts'
import { openRedactor } from '../src/redaction.ts'
import { formsOf } from '../src/secret-forms.ts'
import { secretsIn } from '../src/secret-values.ts'
import { emptyFolder, git, type PrintedRun, repositoryOf, troupe } from './acceptance/troupe.ts'
import { invoke } from './cli/fake-terminal.ts'

t.setTimeout(240_000)

const oddSecret = 'k3y/with+odd "signs" ü'

/** What a stream lets pass of pieces. */
function passed(pieces: readonly Uint8Array[], values: readonly string[]): string {
  const stream = openRedactor(values.map((value, at) => ({ name: `S${at}`, value }))).stream()
  return Buffer.concat([...pieces.map((piece) => stream.write(piece)), stream.end()]).toString()
}

void t.test('a secret is hidden wherever a stream is cut', async (t) => {
  const few = fc.constantFrom('a', 'b', 'ab', 'aba')
  const scene = fc.record({
    values: fc.uniqueArray(fc.string({ unit: few, minLength: 6, maxLength: 9 }), { minLength: 1, maxLength: 3 }),
    text: fc.string({ unit: few, maxLength: 60 }),
    cuts: fc.array(fc.nat(60), { maxLength: 6 }),
  })
  fc.assert(
    fc.property(scene, ({ values, text, cuts }) => {
      const bytes = Buffer.from(text)
      const bounds = [0, ...cuts.toSorted((one, other) => one - other), bytes.length]
      const pieces = bounds.slice(1).map((end, at) => bytes.subarray(bounds[at], end))
      const seen = passed(pieces, values)
      if (values.some((value) => seen.includes(value))) return false
      return seen === passed([bytes], values)
    }),
    { numRuns: 500 },
  )
  t.pass()
})

void t.test('what is no secret passes as it is, whatever the bytes', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 8 }), (pieces) => {
      const stream = openRedactor([{ name: 'A', value: '\u0000never-there\u0000' }]).stream()
      const out = Buffer.concat([...pieces.map((piece) => stream.write(piece)), stream.end()])
      return out.equals(Buffer.concat(pieces))
    }),
    { numRuns: 200 },
  )
  t.pass()
})

for (const [how, write] of Object.entries({
  'as it is': (text: string) => text,
  'in JSON': (text: string) => JSON.stringify({ text }),
  'in an address': (text: string) => `https://x/?q=${encodeURIComponent(text)}`,
  'in a form': (text: string) => new URLSearchParams({ q: text }).toString().replace('q=', ''),
  'in base64': (text: string) => Buffer.from(`user:${text}`).toString('base64'),
  'in base64, a byte later': (text: string) => Buffer.from(`user2:${text}`).toString('base64'),
  'in base64 of addresses': (text: string) => Buffer.from(`a:${text}`).toString('base64url'),
  'in hexadecimal': (text: string) => Buffer.from(text).toString('hex').toUpperCase(),
})) {
  void t.test(`a secret is hidden that is written ${how}`, async (t) => {
    const secret = how === 'in a form' ? 'k3y/with+odd signs' : oddSecret
    const written = write(secret)
    const hide = openRedactor([{ name: 'KEY', value: secret }])
    t.match(hide.text(written), '[secret KEY]')
    t.match(passed([Buffer.from(written)], [secret]), '[secret S0]')
  })
}

void t.test('each line of a key of several lines is a secret, but for the first and the last', async (t) => {
  const key = '-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----'
  const hide = openRedactor([{ name: 'KEY', value: key }])
  t.equal(hide.text('> kqhkiG9w0BAQEF\r\n-----END KEY-----'), '> [secret KEY]\r\n-----END KEY-----')
  t.equal(hide.text(key), '[secret KEY]')
})

void t.test('a line that was cut in the middle of a secret shows no part of it', async (t) => {
  const hide = openRedactor([{ name: 'KEY', value: 'abcdefghijkl' }])
  t.equal(hide.text('token: abcdefgh'), 'token: [secret KEY]')
  t.equal(hide.text('ghijkl is the token'), '[secret KEY] is the token')
  t.equal(hide.text('an abcde'), 'an abcde', 'a few letters tell nothing')
})

void t.test('a value is searched through as a whole, and stays the same where there is nothing', async (t) => {
  const hide = openRedactor([{ name: 'KEY', value: 'abcdefghijkl' }])
  const value = { list: ['x', { 'abcdefghijkl!': 1 }], at: null, when: new Date(0) }
  t.strictSame(hide.value(value), { ...value, list: ['x', { '[secret KEY]!': 1 }] })
  const plain = { list: ['x', { y: 1 }] }
  t.equal(hide.value(plain), plain)
})

void t.test('only what is long enough to be told from other text is a secret', async (t) => {
  const environment = { SHORT: '12345', LONG: '123456', NONE: undefined }
  t.same(secretsIn(['SHORT', 'LONG', 'NONE', 'LONG'], environment), [{ name: 'LONG', value: '123456' }])
  t.ok(formsOf([{ name: 'LONG', value: '123456' }]).every(({ text }) => text.length >= 6))
})

void t.test('keys in files of credentials are secrets, and what only stands beside them is not', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'troupe-secrets-'))
  t.teardown(() => rmSync(home, { recursive: true }))
  const held = {
    access_token: 'eyJhbGciOi.J9xQ-44_zz.aaBBcc',
    issuer: 'https://auth.example.com/oauth/authorize',
    at: '2026-11-26T03:00:00.000Z',
  }
  writeFileSync(join(home, 'auth.json'), JSON.stringify(held))
  const found = (name: string) => secretsIn([name], { HOME: home }).map(({ value }) => value)
  t.same(found('auth.json'), [held.access_token])
  t.same(found('~/auth.json'), [held.access_token])
  t.same(['nosuch.json', '../etc/passwd', '.'].flatMap(found), [])
})

// from here on whole runs

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

function read(text: string): Manifest {
  const reading = readManifest(text, { kinds })
  if (!reading.ok) throw new Error(JSON.stringify(reading.mistakes))
  return reading.value
}

void t.test('prompts that are not kept are read again from what the run was given', async (t) => {
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

void t.test(
  'what is kept of a manifest has its form, that of a long one is JSON, and neither has its prompts',
  async (t) => {
    const written = {
      version: 1,
      agents: { coder: { kind: 'command', argv: ['coder'] } },
      tasks: [{ id: 'one', agent: 'coder', prompt: 'First.', files: ['a'] }],
      check: ['true'],
      merge: { resolver: { agent: 'coder', prompt: 'Second.' } },
    }
    const long = `# ${'-'.repeat(70_000)}\n`
    const keptOf = (text: string, isChanged = false): string => {
      const manifest = read(text)
      return keptText({ manifest, text, file: null, warnings: [] }, manifest, isChanged)()
    }
    const [asJson, asYaml] = [JSON.stringify(written), stringify(written)]
    const isJson = (text: string): boolean => text.startsWith('{')
    for (const [text, expected] of [
      [asJson, true],
      [`\n${asJson}`, true],
      [asYaml, false],
      [long + asYaml, true],
    ] as const) {
      const kept = keptOf(text)
      t.equal(isJson(kept), expected)
      t.notMatch(kept, /First|Second/)
      t.strictSame(read(kept), withoutPrompts(read(text)))
      const open = `${text.replace('"version":1', '"keepPrompts":true,"version":1').replace('version: 1', 'keepPrompts: true\nversion: 1')}`
      t.equal(keptOf(open), open, 'as it was given')
      t.equal(isJson(keptOf(open, true)), expected)
      t.strictSame(read(keptOf(open, true)), read(open))
    }
  },
)
