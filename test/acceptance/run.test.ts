import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Judgement } from '../../src/merge/judge.ts'
import { bestAmong, type Judged } from '../../src/supervisor/run/best-of.ts'
import type { Recorded } from '../../src/supervisor/run/events.ts'
import { gone } from '../process-life.ts'
import { isWritten, until } from '../until.ts'
import {
  begin,
  emptyFolder,
  exampleRepository,
  fingerprint,
  git,
  manifest,
  modes,
  type PrintedRun,
  repositoryOf,
  root,
  runHere,
  runJson,
  shells,
  troupe,
  troupeHere,
} from './troupe.ts'

const diamond = join(root, 'examples/diamond/troupe.yaml')
const states = (run: Pick<Awaited<ReturnType<typeof runJson>>, 'proposal'>): Readonly<Record<string, string>> =>
  Object.fromEntries(run.proposal.tasks.map(({ task, disposition }) => [task, disposition.state]))

void t.test('the diamond gives one and the same proposal in every mode, and touches nothing of the user', async (t) => {
  const directory = exampleRepository(t, 'diamond')
  const before = fingerprint(directory)
  const runs = []
  for (const mode of modes) runs.push(await runJson(directory, '--mode', mode, diamond))
  t.same(fingerprint(directory), before)
  const [first] = runs
  if (first === undefined) throw new Error('no run')
  for (const run of runs) t.equal(run.proposal.tree, first.proposal.tree)
  t.match(first, { schema: 'troupe/run/1', exitCode: 1, reason: /1 task failed; 1 task did not run; 1 task left out/ })
  t.match(states(first), {
    benchmark: 'failed',
    'benchmark-report': 'blocked',
    'fewer-digits': 'left-out',
    'release-notes': 'landed',
  })
  t.equal(
    Object.values(states(first)).filter((state) => state === 'landed').length,
    8,
    'the failed task blocks its dependants and nothing else',
  )
  t.match(first.proposal.conflicts, [
    {
      kind: 'content',
      file: 'src/format.js',
      ours: 'more-digits',
      theirs: 'fewer-digits',
      places: [{ ours: { from: 2, to: 2 }, theirs: { from: 2, to: 2 } }],
    },
  ])
  t.equal(first.proposal.conflicts.length, 1)
  t.match(first.proposal.checks, [{ name: 'tests', verdict: 'pass' }])
  t.equal(git(directory, 'rev-parse', first.proposal.ref).trim(), first.proposal.commit)
})

/** The diamond in small: what starts a program of its own for each task takes minutes for twenty runs. */
const smallDiamond = [
  { id: 'left', command: 'sed -i "1s/.*/left/" list.txt' },
  { id: 'right', command: 'sed -i "9s/.*/right/" list.txt' },
  { id: 'more', command: 'sed -i "5s/.*/more/" list.txt' },
  { id: 'fewer', command: 'sed -i "5s/.*/fewer/" list.txt' },
  { id: 'broken', command: 'exit 1' },
  { id: 'join', needs: ['left', 'right'], command: 'sed -n "1p;9p" list.txt > join.txt' },
  { id: 'notes', command: 'echo notes > notes.txt' },
]

void t.test('twenty completion orders give one tree', async (t) => {
  const directory = repositoryOf(t, { 'list.txt': '1\n2\n3\n4\n5\n6\n7\n8\n9\n' })
  const agents = { sh: { kind: 'command', shell: true } }
  const trees = new Set<string>()
  const orders = new Set<string>()
  const one = async (seed: number): Promise<void> => {
    const tasks = smallDiamond.map((task) => ({ ...task, agent: 'sh', priority: scattered(seed, task.id) }))
    // by priority, which shuffles the ends here, best-set would choose
    const path = manifest(t, { agents, tasks, concurrency: 1 + (seed % 4), merge: { strategy: 'in-order' } })
    const run = await runHere(directory, path)
    t.match(states(run), { more: 'landed', fewer: 'left-out', join: 'landed', broken: 'failed' })
    trees.add(run.proposal.tree)
    orders.add(orderOfEnds(directory, run.run))
  }
  const seeds = Array.from({ length: 20 }, (_, seed) => seed)
  while (seeds.length > 0) await Promise.all(seeds.splice(0, 2).map(one))
  t.equal(trees.size, 1)
  t.ok(orders.size >= 15, `${orders.size} different orders`)
})

/** A number that looks drawn by lot. */
function scattered(seed: number, text: string): number {
  let number = seed * 7_919
  for (const character of text) number = (number * 31 + character.charCodeAt(0)) % 10_007
  return number % 100
}

function orderOfEnds(directory: string, run: string): string {
  const journal = readFileSync(join(directory, '.agents/runs', run, 'journal.ndjson'), 'utf8')
  return [...journal.matchAll(/"type":"attempt-ended","task":"([^"]+)"/g)].map(([, task]) => task).join(' ')
}

void t.test('the files that a run leaves are those that the README of .agents promises', async (t) => {
  const directory = exampleRepository(t, 'service')
  const run = await runHere(directory, readFileSync(join(root, 'examples/service/expression'), 'utf8').trim())
  const folder = join(directory, '.agents/runs', run.run)
  const names = readdirSync(folder)
  for (const task of ['review-auth', 'test-auth', 'docs-auth']) {
    t.ok(names.includes(`local_${task}.status`) && names.includes(`local_${task}_result.json`), task)
  }
  t.match(names.join(' '), /proposal_\S+\.json proposal_\S+\.md proposal_\S+\.sarif/)
  t.match(read(folder, 'local_review-auth.status'), { schema: 'troupe/status/1', state: 'succeeded', attempt: 1 })
  t.match(read(folder, 'local_docs-auth_result.json'), {
    schema: 'troupe/result/1',
    changeSet: { files: ['docs/api/auth.md'] },
  })
  t.match(
    read(directory, '.agents/runtime/status/local_test-auth.status'),
    { task: 'test-auth' },
    'by the name that does not change',
  )
  t.ok(run.proposal.findings.length >= 5)
  t.same(readdirSync(join(folder, 'work')), [], 'no worktree is left')
  t.equal(git(directory, 'status', '--porcelain'), '', '.agents is hidden from git')
})

const read = (...path: readonly string[]): unknown => JSON.parse(readFileSync(join(...path), 'utf8'))

void t.test('an expression is the same run as the manifest that it stands for', async (t) => {
  const directory = exampleRepository(t, 'service')
  const expression = '(review "security issues" auth.py AND docs auth.py) THEN test auth.py'
  const { stdout, status } = await troupeHere(directory, 'plan', '--as-manifest', expression)
  t.equal(status, 0)
  const path = join(emptyFolder(t), 'troupe.yaml')
  writeFileSync(path, stdout)
  t.equal((await runHere(directory, path)).proposal.tree, (await runHere(directory, expression)).proposal.tree)
  const asked = ['plan', '--as-manifest', '--on-failure', 'stop', '-j', '2', '--mode', 'thread'] as const
  const json = await troupeHere(directory, ...asked, '--json', path)
  t.match(JSON.parse(json.stdout), { onFailure: 'stop', concurrency: 2, mode: 'thread', agents: undefined })
  const { stdout: yaml } = await troupeHere(directory, ...asked, path)
  writeFileSync(path, json.stdout)
  t.equal((await troupeHere(directory, 'plan', '--as-manifest', path)).stdout, yaml, 'both are one manifest')
})

void t.test('dependants start from what they need, and can quote it', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': '1\n' })
  const path = manifest(t, {
    agents: { sh: { kind: 'command', shell: true } },
    tasks: [
      { id: 'one', agent: 'sh', command: 'echo first > one.txt; echo said by one' },
      { id: 'two', agent: 'sh', command: 'echo second > two.txt' },
      { id: 'looks', agent: 'sh', command: 'true', needs: ['one'] },
      {
        id: 'both',
        agent: 'sh',
        needs: ['looks', 'two'],
        command: 'cat one.txt two.txt > both.txt; echo "{{needs.looks.summary}}"',
      },
    ],
  })
  const { proposal, exitCode } = await runHere(directory, path)
  t.equal(exitCode, 0)
  t.equal(
    git(directory, 'show', `${proposal.commit}:both.txt`),
    'first\nsecond\n',
    'also through a task that changed nothing',
  )
  t.match(
    git(directory, 'log', '--format=%s %(trailers:key=Troupe-Task,valueonly)', `${proposal.base}..${proposal.commit}`),
    /both/,
  )
})

void t.test('what cannot be seen without snapshots is told before anything starts', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': '1\n' })
  const seen = { tasks: [{ id: 'x', command: ['true'] }], onConflict: 'pause', earlyCheck: ['true'] }
  const planOf = async (more: object): Promise<string> =>
    (await troupeHere(directory, 'plan', manifest(t, { ...seen, ...more }))).stdout
  t.match(await planOf({ snapshot: 'off' }), /note: no task is paused.*\nnote: no early check runs/)
  t.notMatch(await planOf({}), /note:/)
})

void t.test('a copy of the proposal that cannot be written is told, and the run has its proposal', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': '1\n', 'd/b.txt': '1\n' })
  const content = {
    tasks: [{ id: 'x', command: ['sh', '-c', 'echo x >> a.txt'] }],
    output: { markdown: 'd', json: 'a.txt/proposal.json', sarif: 'out/findings.sarif' },
  }
  const run = await troupeHere(directory, 'run', manifest(t, content))
  t.match(run, { status: 0, stderr: /note: output d could not be written \(.*; it is in .*proposal_.*\.md\n/ })
  t.match(run.stderr, /note: output a\.txt\/proposal\.json could not be written/)
  t.ok(existsSync(join(directory, 'out/findings.sarif')))
  t.match(await troupeHere(directory, 'show'), { status: 0, stdout: /x/ })
})

void t.test('overlaps are told, put in order, or refused, as the manifest says', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': '1\n' })
  const task = (id: string): object => ({ id, agent: 'sh', command: `echo ${id} >> a.txt`, files: ['a.txt'] })
  const content = { agents: { sh: { kind: 'command', shell: true } }, tasks: [task('x'), task('y'), task('z')] }
  const resolved = await runHere(directory, manifest(t, content))
  t.same(states(resolved), { x: 'landed', y: 'landed', z: 'landed' })
  t.match(resolved.proposal.resolved, [
    { file: 'a.txt', task: 'y', resolver: 'both-insert', ours: 'x\n', theirs: 'y\n' },
    { task: 'z' },
  ])
  t.match((await troupeHere(directory, 'show')).stdout, /Resolved[\s\S]*a\.txt:2[\s\S]*both-insert/)
  const path = manifest(t, { ...content, merge: { resolve: 'off' } })
  const warned = await runHere(directory, path)
  t.same(states(warned), { x: 'landed', y: 'left-out', z: 'left-out' })
  const ordered = await runHere(directory, '--on-overlap', 'serialize', path)
  t.same(states(ordered), { x: 'landed', y: 'landed', z: 'landed' })
  t.equal(git(directory, 'show', `${ordered.proposal.commit}:a.txt`), '1\nx\ny\nz\n')
  const refused = await troupeHere(directory, 'run', '--on-overlap', 'refuse', path)
  t.match(refused, { status: 2, stderr: /x and y may both write a\.txt/ })
})

void t.test(
  'who begins from the work of another may change it further, and is no part of a proposal without it',
  async (t) => {
    const directory = repositoryOf(t, { 'a.txt': '1\n2\n3\n4\n5\n6\n7\n8\n9\n' })
    const task = (id: string, command: string): object => ({ id, agent: 'sh', command, files: ['a.txt'] })
    const content = (y: string): object => ({
      agents: { sh: { kind: 'command', shell: true } },
      onOverlap: 'serialize',
      tasks: [task('x', "sed -i 's/2/x/' a.txt; echo > bad"), task('y', y)],
    })
    const further = await runHere(directory, manifest(t, content("sed -i 's/x/y/' a.txt")))
    t.same(states(further), { x: 'landed', y: 'landed' })
    t.match(git(directory, 'show', `${further.proposal.commit}:a.txt`), '1\ny\n3\n')
    t.match(further.proposal.ledger, [
      { task: 'x', superseded: 1 },
      { task: 'y', kept: 1 },
    ])
    const beside = await runHere(directory, manifest(t, content("sed -i 's/9/y/' a.txt")))
    t.match(beside.proposal.ledger, [
      { task: 'x', kept: 2, equivalent: 0 },
      { task: 'y', kept: 1 },
    ])
    t.match((await troupeHere(directory, 'replay')).stdout, /the same/)
    t.match(await troupeHere(directory, 'apply', '--only', 'y', '--branch', 'only-y'), { status: 0 })
    t.match(git(directory, 'show', 'only-y:a.txt'), '1\nx\n', 'with what it began from')
    const blamed = await runHere(
      directory,
      manifest(t, { ...content("sed -i 's/9/y/' a.txt"), check: ['! test -e bad'] }),
    )
    t.same(states(blamed), { x: 'left-out', y: 'left-out' })
    t.match(blamed.proposal.tasks[1]?.disposition, { reason: /needs x, which did not land/ })
  },
)

void t.test('what a task owns is predicted as the fold counts it: names with a leading dot and ./ too', async (t) => {
  const directory = repositoryOf(t, { '.github/w.yml': '1\n', 'src/.hidden': '1\n' })
  const owning = (id: string, ...owns: readonly string[]): object => ({ id, command: ['true'], owns })
  const tasks = [owning('x', '**/*.yml'), owning('y', './.github/'), owning('z', 'src/*')]
  const { stderr } = await troupeHere(directory, 'run', '--on-overlap', 'refuse', manifest(t, { tasks }))
  t.match(stderr, /x and y may both write \.github\/w\.yml/)
  t.notMatch(stderr, 'and z may')
})

void t.test('failures: retried, timed out, stopped at, and each with its reason', async (t) => {
  const directory = repositoryOf(t, { 'count.txt': '' })
  const flaky = `n=$(cat ../../count-$TROUPE_RUN 2>/dev/null); echo x$n > ../../count-$TROUPE_RUN; test "$n" = xx || { echo "not yet $n"; exit 1; }`
  const agents = { sh: { kind: 'command', shell: true } }
  const { proposal } = await runHere(
    directory,
    manifest(t, {
      agents,
      tasks: [
        { id: 'slow', agent: 'sh', command: 'echo kept > kept.txt; sleep 60', timeout: '300ms' },
        { id: 'flaky', agent: 'sh', command: flaky, retries: 2 },
        { id: 'missing', command: ['nosuch-program'] },
      ],
    }),
  )
  const reason = Object.fromEntries(
    proposal.tasks.map(({ task, disposition }) => [
      task,
      'reason' in disposition ? disposition.reason : disposition.state,
    ]),
  )
  t.match(reason, {
    slow: 'it had not ended after 0.3 s',
    missing: 'nosuch-program: not found on PATH',
    flaky: 'unchanged',
  })
  t.equal(
    git(directory, 'show', `refs/troupe/${proposal.run}/slow/1:kept.txt`),
    'kept\n',
    'what the timed-out attempt wrote is kept',
  )
  const stopped = await runHere(
    directory,
    '--on-failure',
    'stop',
    manifest(t, {
      agents,
      concurrency: 1,
      tasks: [
        { id: 'bad', agent: 'sh', command: 'exit 1' },
        { id: 'later', agent: 'sh', command: 'true' },
      ],
    }),
  )
  t.match(states(stopped), { bad: 'failed', later: 'not-started' })
})

void t.test('a check that fails, that cannot run, and one that passes decide the exit status', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': '1\n' })
  const tasks = [{ id: 'x', command: ['touch', 'new.txt'] }]
  const statusOf = async (check: readonly object[]): Promise<number> =>
    (await runHere(directory, manifest(t, { tasks, check }))).exitCode
  t.equal(await statusOf([{ run: 'test -f new.txt' }]), 0)
  t.equal(await statusOf([{ run: 'test -f other.txt' }]), 1)
  t.equal(await statusOf([{ run: ['nosuch-program'] }]), 1)
  const idle = manifest(t, { tasks: [{ id: 'x', command: ['true'] }], check: [{ run: ['false'] }] })
  t.equal((await runHere(directory, idle)).exitCode, 0, 'nothing was changed: there is nothing to check')
})

void t.test(
  'in a sparse checkout agents have its part and what others wrote, and checks have everything',
  async (t) => {
    const directory = repositoryOf(t, {
      'a/1': '1\n',
      'b/2': '2\n',
      'b/3': '3\n',
      root: 'r\n',
      '.gitignore': '.agents\n',
    })
    git(directory, 'sparse-checkout', 'set', 'a')
    const before = fingerprint(directory)
    const patterns = (): string => readFileSync(join(directory, '.git/info/sparse-checkout'), 'utf8')
    const users = patterns()
    const content = {
      agents: { sh: { kind: 'command', shell: true } },
      tasks: [
        { id: 'first', agent: 'sh', command: 'ls > a/first; mkdir b; echo wrong > b/2' },
        { id: 'second', agent: 'sh', needs: ['first'], command: 'ls b > a/second' },
        {
          id: 'look',
          agent: 'sh',
          needs: ['first'],
          workspace: 'shared',
          command: 'grep -q wrong b/2 && [ ! -e b/3 ]',
        },
      ],
      check: [
        { name: 'reads', run: '! grep -rq wrong .' },
        { name: 'whole', run: 'cat a/1 b/3 root && git checkout --quiet . && git status --short && cat b/3' },
      ],
    }
    const { proposal } = await runHere(directory, manifest(t, { ...content, merge: { blame: false } }))
    t.match(proposal, {
      tasks: [{ disposition: { state: 'landed' } }, {}, { disposition: { state: 'unchanged' } }],
      files: ['a/first', 'a/second', 'b/2'],
      checks: [
        { verdict: 'fail', reason: 'exit code 1' },
        { verdict: 'pass', outputTail: /^1\n3\nr\n3\n$/ },
      ],
    })
    t.equal(git(directory, 'show', `${proposal.commit}:a/first`), 'a\nroot\n')
    t.equal(git(directory, 'show', `${proposal.commit}:a/second`), '2\n')
    t.same(fingerprint(directory), before)
    t.equal(patterns(), users)
  },
)

void t.test('bad input is refused whole, with its place, and nothing is left behind', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': '1\n' })
  const bad = join(directory, 'bad.yaml')
  writeFileSync(bad, 'version: 1\nconcurency: 2\ntasks:\n  - id: a\n    agent: nobody\n')
  git(directory, 'add', '.')
  const refused = await troupe(directory, 'run', 'bad.yaml')
  t.match(refused, {
    status: 2,
    stdout: '',
    stderr: /bad\.yaml:2:1 .*did you mean concurrency\?[^]*bad\.yaml:5:12 .*nobody/,
  })
  t.match((await troupeHere(directory, 'run', 'reviw a.txt @nobdy')).stderr, 'expression:1:13')
  t.match(await troupeHere(directory, 'run', 'missing.yaml'), { status: 2, stderr: /MANIFEST_NOT_FOUND/ })
  t.match(await troupeHere(directory, 'run', 'my missing/troupe.yaml'), {
    status: 2,
    stderr:
      /^troupe: there is no file my missing\/troupe\.yaml, and it is no task expression either:\n[^]*'my'[^]*NOT_FOUND/,
  })
  t.match(await troupeHere(directory, 'run', 'reviw "x" troupe.yaml'), { status: 2, stderr: /EXPRESSION_INVALID/ })
  for (const nothing of ['', '  '])
    t.match(await troupeHere(directory, 'run', nothing), {
      status: 2,
      stderr: /^troupe: expression:1:\d .*the task expression is empty; a task [^]*EXPRESSION_INVALID/,
    })
  t.match(await troupeHere(directory, 'run', '.'), {
    status: 2,
    stderr: /^troupe: \. is a folder, .*\n.*MANIFEST_NOT_FOUND/,
  })
  t.match(await troupeHere(directory, 'run', '--base', 'nosuch', 'review a.txt'), { status: 2, stderr: /BASE_UNKNOWN/ })
  t.match(await troupe(directory, 'fly'), { status: 2 })
  t.match(await troupeHere('/', 'run', 'review a.txt'), { status: 2, stderr: /NOT_A_REPOSITORY/ })
  const { stdout } = await troupeHere(directory, '--json', 'run', 'bad.yaml')
  t.match(JSON.parse(stdout), {
    schema: 'troupe/error/1',
    code: 'MANIFEST_INVALID',
    details: [{ line: 2, column: 1 }, { line: 5 }],
  })
  t.notOk(existsSync(join(directory, '.agents')))
})

void t.test('an interrupt ends politely, keeps what was done, and leaves nothing running or changed', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': '1\n' })
  const before = fingerprint(directory)
  const path = manifest(t, {
    agents: { sh: { kind: 'command', shell: true }, ...shells },
    concurrency: 4,
    tasks: [
      { id: 'done', agent: 'sh', command: 'echo done > done.txt' },
      ...modes.map((mode) => ({
        id: `long-${mode}`,
        agent: mode,
        needs: ['done'],
        command: 'echo half > half.txt; echo $$; sleep 600',
      })),
      { id: 'later', agent: 'sh', needs: ['long-async'], command: 'true' },
    ],
  })
  const run = begin(directory, '--json', 'run', path)
  for (const mode of modes) await run.said(`long-${mode} running`)
  run.child.kill('SIGINT')
  const { status, stdout } = await run.ended
  t.equal(status, 130)
  const { proposal } = JSON.parse(stdout) as Awaited<ReturnType<typeof runJson>>
  t.equal(proposal.interrupted, true)
  const cancelled = Object.fromEntries(modes.map((mode) => [`long-${mode}`, 'cancelled']))
  t.same(states({ proposal }), { done: 'landed', ...cancelled, later: 'not-started' })
  t.same(fingerprint(directory), before)
})

void t.test('a second interrupt takes away what ignores the first', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': '1\n' })
  const path = manifest(t, {
    agents: { sh: { kind: 'command', shell: true } },
    tasks: [{ id: 'deaf', agent: 'sh', command: 'trap "" TERM; echo deaf; while true; do sleep 1; done' }],
  })
  const run = begin(directory, 'run', path)
  await run.said('deaf')
  run.child.kill('SIGINT')
  await run.said('stopping politely')
  run.child.kill('SIGINT')
  const { status, stderr } = await run.ended
  t.equal(status, 130)
  t.match(stderr, 'stopping at once')
})

void t.test('a supervisor that is killed has touched nothing of the user, and its programs die with it', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': '1\n' })
  const { worktrees: _, ...untouched } = fingerprint(directory)
  const notes = emptyFolder(t)
  const pidFile = (mode: string): string => join(notes, mode)
  const tasks = modes.map((mode) => ({
    id: `long-${mode}`,
    agent: mode,
    command: `echo $$ > '${pidFile(mode)}'; exec sleep 600`,
  }))
  const run = begin(directory, 'run', manifest(t, { agents: shells, concurrency: 3, tasks }))
  for (const mode of modes) await run.until(() => isWritten(pidFile(mode)))
  run.child.kill('SIGKILL')
  t.match(await run.ended, { signal: 'SIGKILL' })
  for (const mode of modes) await gone(Number(readFileSync(pidFile(mode), 'utf8')))
  const { worktrees: __, ...after } = fingerprint(directory)
  t.same(after, untouched)
})

void t.test(
  'what two agents write is told while both still work, and is gone from view when they have ended',
  async (t) => {
    const directory = repositoryOf(t, { 'a.txt': 'one\ntwo\nthree\n' })
    const notes = emptyFolder(t)
    const gate = join(notes, 'gate')
    const task = (id: string): object => ({
      id,
      agent: 'sh',
      command: `printf 'one\\n${id} was here\\nthree\\n' > a.txt; while [ ! -e '${gate}' ]; do sleep 0.05; done; git checkout --quiet a.txt; echo ${id} > ${id}.txt`,
    })
    const content = {
      agents: { sh: { kind: 'command', shell: true } },
      tasks: [task('x'), task('y')],
    }
    const run = begin(directory, 'run', manifest(t, content))
    await run.said('as of now (content): x (line 2) and y (line 2)')
    const { stdout } = await troupeHere(directory, '--json', 'status')
    t.match(JSON.parse(stdout), {
      conflicts: [],
      overlaps: [
        { kind: 'content', file: 'a.txt', ours: 'x', theirs: 'y', places: [{ ours: { from: 2, to: 2 } }], since: /T/ },
      ],
    })
    t.match(
      (await troupeHere(directory, 'status')).stdout,
      /as of now \(content\): x \(line 2\) and y \(line 2\) changed the same part of a\.txt/,
    )
    writeFileSync(gate, '')
    t.match(await run.ended, { status: 0 })
    t.match(JSON.parse((await troupeHere(directory, '--json', 'status')).stdout), { conflicts: [], overlaps: [] })
    const { stdout: log } = await troupeHere(directory, 'log')
    t.match(log, /as of now: .*a\.txt/)
    t.match(log, 'x and y: together again in a.txt')
  },
)

void t.test(
  'earlyCheck names the tasks that break it together while both still work, also to the next supervisor',
  async (t) => {
    const directory = repositoryOf(t, { 'lib.sh': 'old() { echo hello; }\n', 'use.sh': '. ./lib.sh\n' })
    const notes = emptyFolder(t)
    const gate = join(notes, 'gate')
    const waits = (id: string, work: string): object => ({
      id,
      agent: 'sh',
      command: `${work}; while [ ! -e '${gate}' ]; do sleep 0.05; done`,
    })
    const content = {
      agents: { sh: { kind: 'command', shell: true } },
      earlyCheck: [{ name: 'runs', run: 'sh ./use.sh || exit 1' }],
      check: [{ name: 'runs', run: 'sh ./use.sh || exit 1' }],
      tasks: [
        waits('rename', "sed 's/old/new/' lib.sh > l && mv l lib.sh"),
        waits('call', 'echo old >> use.sh'),
        waits('elsewhere', 'echo x > other.txt'),
      ],
    }
    const told = 'as of now: rename + call break "runs" together'
    const killed = begin(directory, 'run', manifest(t, content))
    await killed.said(told)
    const status = async (): Promise<object> =>
      JSON.parse((await troupeHere(directory, '--json', 'status')).stdout) as object
    const failures = [{ check: 'runs', tasks: ['rename', 'call'], output: /old: .*not found/ }]
    t.match(await status(), { counts: { running: 3 }, earlyFailures: failures })
    t.match((await troupeHere(directory, 'status')).stdout, told)
    killed.child.kill('SIGKILL')
    await killed.ended
    const resumed = begin(directory, 'resume')
    await resumed.said('elsewhere running (attempt 2)')
    t.match(await status(), { earlyFailures: failures })
    writeFileSync(gate, '')
    t.match(await resumed.ended, { status: 1 })
    t.match(await status(), { earlyFailures: [] }, 'as of now is over')
    const { stdout } = await troupeHere(directory, 'log')
    t.equal(stdout.split(told).length, 2, 'told once')
    t.match((await troupeHere(directory, 'show')).stdout, /rename \+ call break check "runs"/)
    t.match((await troupeHere(directory, 'plan', manifest(t, content))).stdout, /^early check: runs$/m)
  },
)

void t.test(
  'two tasks that both add a dependency land together, and the lock file is made anew from both',
  async (t) => {
    const lock = `
const { readFileSync, writeFileSync } = require('node:fs')
const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
writeFileSync('package-lock.json', JSON.stringify({ lockfileVersion: 3, packages: dependencies }, null, 2) + '\\n')
`
    const add = `
const { readFileSync, writeFileSync } = require('node:fs')
const written = JSON.parse(readFileSync('package.json', 'utf8'))
written.dependencies[process.argv[2]] = '^1.0.0'
writeFileSync('package.json', JSON.stringify(written, null, 2) + '\\n')
require('./lock.cjs')
`
    const text = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
    const directory = repositoryOf(t, {
      'package.json': text({ name: 'app', dependencies: {} }),
      'package-lock.json': text({ lockfileVersion: 3, packages: {} }),
      'lock.cjs': lock,
      'add.cjs': add,
    })
    const tasks = ['left', 'right'].map((id) => ({ id, command: ['node', 'add.cjs', id] }))
    const check = ['node lock.cjs && git diff --exit-code']
    const merge = { keyed: ['package.json'], regenerate: { 'package-lock.json': 'node lock.cjs' } }
    const run = await runHere(directory, manifest(t, { tasks, check, merge }))
    t.match(run.proposal, {
      verdict: 'pass',
      conflicts: [],
      regenerated: [{ paths: ['package-lock.json'], verdict: 'pass' }],
    })
    t.same(states(run), { left: 'landed', right: 'landed' })
    const packages = { left: '^1.0.0', right: '^1.0.0' }
    const read = (name: string): string => git(directory, 'show', `${run.proposal.commit}:${name}`)
    t.equal(read('package.json'), text({ name: 'app', dependencies: packages }))
    t.equal(read('package-lock.json'), text({ lockfileVersion: 3, packages }))
    const replayed = await troupeHere(directory, '--json', 'replay', run.run)
    t.match(JSON.parse(replayed.stdout), { same: true, commit: run.proposal.commit })
    t.equal((await troupeHere(directory, 'apply', run.run)).status, 0)
    t.equal(git(directory, 'rev-parse', 'HEAD').trim(), run.proposal.commit)

    git(directory, 'reset', '--quiet', '--hard', run.proposal.base)
    execFileSync(process.execPath, ['add.cjs', 'third'], { cwd: directory })
    git(directory, 'commit', '--quiet', '--all', '--message', 'add the third')
    t.equal((await troupeHere(directory, 'apply', run.run)).status, 0, 'also where the branch has moved')
    const all = { third: '^1.0.0', ...packages }
    t.same(JSON.parse(git(directory, 'show', 'HEAD:package-lock.json')), { lockfileVersion: 3, packages: all })
    t.same(readdirSync(join(directory, '.agents/runs', run.run, 'work')), [], 'and nothing is left behind')
  },
)

/** Two tasks on one file: `x` writes and waits for `gate`; `y` writes, goes on for ever, and begins anew when it finds the work of x. */
const rivalsOn = (
  file: string,
  gate: string,
  { agent, x, y }: Record<'agent' | 'x' | 'y', string>,
): readonly object[] => [
  {
    id: x,
    agent,
    command: `printf 'one\\nx was here\\nthree\\n' > ${file}; while [ ! -e '${gate}' ]; do sleep 0.05; done`,
  },
  {
    id: y,
    agent,
    timeout: '60s',
    command: `if grep -q x ${file}; then git show $TROUPE_REBASED:${file} > earlier-${file}; else printf 'one\\ny was here\\nthree\\n' > ${file}; while true; do sleep 0.05; done; fi`,
  },
]

const rivals = (gate: string): object => ({
  agents: { sh: { kind: 'command', shell: true } },
  onConflict: 'pause',
  tasks: rivalsOn('a.txt', gate, { agent: 'sh', x: 'x', y: 'y' }),
})

/** What the system says a process is doing, as a letter: T is stopped. */
const stateOf = (pid: number): string =>
  readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .slice(0, 1)

async function pidOf(directory: string, task: string): Promise<number> {
  const { stdout } = await troupeHere(directory, '--json', 'log')
  const records = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Recorded)
  // in a process of its own the actor comes first
  const last = records.findLast(({ event }) => event.type === 'process-started' && event.task === task)
  if (last?.event.type !== 'process-started') throw new Error(`${task} has no process`)
  return last.event.process.pid
}

void t.test(
  'onConflict: pause lets the later task stand still until the earlier one is done, and then begin anew from there',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const fileOf = (mode: string): string => `${mode}.txt`
    const directory = repositoryOf(t, Object.fromEntries(modes.map((mode) => [fileOf(mode), 'one\ntwo\nthree\n'])))
    const gate = join(emptyFolder(t), 'gate')
    const tasks = modes.flatMap((mode) => rivalsOn(fileOf(mode), gate, { agent: mode, x: `x-${mode}`, y: `y-${mode}` }))
    const path = manifest(t, { agents: shells, onConflict: 'pause', concurrency: 6, tasks })
    const run = begin(directory, 'run', path)
    for (const mode of modes) {
      await run.said(`y-${mode} is paused until x-${mode} has ended`)
      const pid = await pidOf(directory, `y-${mode}`)
      await until(() => stateOf(pid) === 'T') // it is told when the signal is sent
    }
    const { tasks: seen } = JSON.parse((await troupeHere(directory, '--json', 'status')).stdout) as {
      tasks: readonly object[]
    }
    const paused = modes.flatMap((mode) => [
      { pausedFor: null },
      { pausedFor: `x-${mode}`, words: `paused for x-${mode}` },
    ])
    t.match(seen, paused)
    writeFileSync(gate, '')
    t.match(await run.ended, { status: 0 })
    const { stdout: log } = await troupeHere(directory, 'log')
    await troupeHere(directory, 'apply')
    for (const mode of modes) {
      t.match(
        log,
        new RegExp(`y-${mode}: attempt 1 rebased onto the work of x-${mode}.*1 file`),
        'what it had written is kept',
      )
      t.equal(readFileSync(join(directory, fileOf(mode)), 'utf8'), 'one\nx was here\nthree\n')
      t.equal(readFileSync(join(directory, `earlier-${fileOf(mode)}`), 'utf8'), 'one\ny was here\nthree\n')
    }
  },
)

void t.test(
  'a task that stands still hears an interrupt, and does not outlive its supervisor',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const directory = repositoryOf(t, { 'a.txt': 'one\ntwo\nthree\n' })
    const gate = join(emptyFolder(t), 'gate')
    const path = manifest(t, rivals(gate))
    const killed = begin(directory, 'run', path)
    await killed.said('y is paused until x has ended')
    const pid = await pidOf(directory, 'y')
    killed.child.kill('SIGKILL')
    await killed.ended
    await gone(pid)
    const resumed = begin(directory, 'resume')
    await resumed.said('y is paused until x has ended')
    resumed.child.kill('SIGINT')
    t.match(await resumed.ended, { status: 130 })
    const last = begin(directory, 'resume')
    await last.said('y is paused until x has ended')
    writeFileSync(gate, '')
    t.match(await last.ended, { status: 0 }, 'and the run can go on')
  },
)

void t.test('a run that has used all that it may makes its proposal of what is done by then', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': '1\n' })
  const agents = { sh: { kind: 'command', shell: true } }
  const cost = `echo '{"usage":{"model":"m","inputTokens":10,"outputTokens":1,"costUsd":0.6}}' > "$TROUPE_RESULT"`
  const tasks = [
    { id: 'long', agent: 'sh', command: 'echo half > half.txt; sleep 600', budget: { time: '1s' }, retries: 3 },
    ...['one', 'two', 'three'].map((id) => ({ id, agent: 'sh', command: `echo ${id} > ${id}.txt; ${cost}` })),
  ]
  const path = manifest(t, { agents, tasks, concurrency: 1, budget: { costUsd: 1 } })
  const run = await runHere(directory, path)
  t.match(run, { exitCode: 1, reason: '1 task failed; 1 task did not run' })
  t.match(
    run.proposal.tasks.map(({ disposition }) => disposition),
    [
      { state: 'failed', reason: /it has used all of the 1s that it may/ },
      { state: 'landed' },
      { state: 'landed' },
      { state: 'not-started', reason: 'the run has used $1.2 of the $1 that it may' },
    ],
  )
  t.match(
    (await troupeHere(directory, 'log')).stdout,
    'nothing new begins: the run has used $1.2 of the $1 that it may',
  )
})

void t.test('arguments that are none are told as every failure is, in words and as JSON', async (t) => {
  const directory = emptyFolder(t)
  for (const [given, message] of [
    [['bogus'], "unknown command 'bogus'"],
    [['rnu'], "unknown command 'rnu'; did you mean run?"],
    [['run'], "missing required argument 'manifest|expression'"],
    [['run', 'review auth.py', '-j', '0'], /-j.* argument '0' is invalid\. It must be a whole number from 1 to 1024\./],
    [['apply', '--nope'], "unknown option '--nope'"],
    [['status', 'a', 'b'], "too many arguments for 'status'"],
    [[], 'no command is named'],
  ] as const) {
    const plain = await troupeHere(directory, ...given)
    t.match([plain.status, plain.stdout], [2, ''])
    const said = plain.stderr.split('\n').slice(-3)
    t.match(said, [message, '  USAGE: See troupe --help.', ''])
    t.equal(plain.stderr.startsWith('Usage: troupe'), given.length === 0, 'help where nothing was asked for')
    for (const args of [
      ['--json', ...given],
      [...given, '--json'],
    ]) {
      const { status, stdout, stderr } = await troupeHere(directory, ...args)
      t.match([status, stderr], [2, ''])
      t.match(JSON.parse(stdout), { schema: 'troupe/error/1', code: 'USAGE', message, fix: 'See troupe --help.' })
    }
  }
  const { status, stdout, stderr } = await troupe(directory, 'fold', '--json', '--nope')
  t.match([status, stderr], [2, ''], 'the program of its own, too')
  t.match(JSON.parse(stdout), { schema: 'troupe/error/1', code: 'USAGE' })
})

// from here on several who try one task

/** One who has done a task. */
const judged = (
  verdict: Judgement['verdict'],
  lines: number,
  more: { failed?: string[]; idle?: true; outside?: string[] } = {},
): Judged =>
  ({
    end: { how: 'completed', summary: '', findings: [], details: {}, changeSet: more.idle ? null : {} },
    judgement: { verdict, lines, failed: more.failed ?? [] },
    outside: more.outside ?? [],
  }) as unknown as Judged

for (const [name, candidates, best] of [
  ['the checks go before the diff', [judged('fail', 1), judged('pass', 9)], 1],
  ['what could not be checked is better than what failed', [judged('fail', 1), judged('not-run', 9)], 1],
  [
    'fewer failed checks are better',
    [judged('fail', 1, { failed: ['a', 'b'] }), judged('fail', 9, { failed: ['a'] })],
    1,
  ],
  ['the smaller diff is better', [judged('pass', 9), judged('pass', 2), judged('pass', 3)], 1],
  ['a change is better than none', [judged('pass', 0, { idle: true }), judged('pass', 9)], 1],
  ['none is better than one that fails', [judged('fail', 9), judged('pass', 0, { idle: true })], 1],
  [
    'whoever kept to what it owns is better, also where its work fails',
    [judged('pass', 1, { outside: ['in.txt'] }), judged('pass', 0, { outside: ['in.txt'] }), judged('fail', 9)],
    2,
  ],
  ['the first of equals is taken', [judged('pass', 2), judged('pass', 2)], 0],
] as const) {
  void t.test(`of several who tried a task, ${name}`, async (t) => {
    t.equal(bestAmong(candidates), best)
  })
}

const inRun = (directory: string, run: string, ...names: readonly string[]): string =>
  join(directory, '.agents', 'runs', run, ...names)

void t.test('several try a task side by side, the best is proposed, and the others stay as refs', async (t) => {
  const directory = repositoryOf(t, { 'f.txt': 'one\n' })
  // who it is tells its mark: the first fails, the second breaks the check, the third writes more than the fourth
  const script = `case $TROUPE_TASK in
    *+1) echo half > f.txt; echo 'cannot go on' >&2; exit 3;;
    *+2) echo broken > f.txt;;
    *+3) printf 'fixed\\nmore\\nand more\\n' > f.txt; echo third;;
    *+4) echo fixed > f.txt; echo the fourth was here;;
  esac`
  const path = manifest(t, {
    concurrency: 1,
    agents: { sh: { kind: 'command', mode: 'thread' } },
    tasks: [
      { id: 'fix', agent: 'sh', bestOf: 4, command: ['sh', '-c', script] },
      {
        id: 'after',
        agent: 'sh',
        needs: ['fix'],
        command: ['sh', '-c', 'cat f.txt > g.txt; echo {{needs.fix.summary}}'],
      },
    ],
    check: ['grep -q fixed f.txt'],
  })
  const { exitCode, run, proposal } = await runHere(directory, path)
  t.equal(exitCode, 0)
  t.equal(git(directory, 'show', `${proposal.commit}:f.txt`), 'fixed\n')
  t.equal(git(directory, 'show', `${proposal.commit}:g.txt`), 'fixed\n', 'a task that needs it starts from the best')
  const at = (ref: string): string => git(directory, 'show', `refs/troupe/${run}/${ref}:f.txt`)
  t.same(['fix/1', 'fix+1/1', 'fix+2/1', 'fix+3/1', 'fix+4/1'].map(at), [
    'fixed\n',
    'half\n',
    'broken\n',
    'fixed\nmore\nand more\n',
    'fixed\n',
  ])
  const result = JSON.parse(readFileSync(inRun(directory, run, 'sh_fix_result.json'), 'utf8')) as object
  t.match(result, {
    state: 'succeeded',
    summary: 'the fourth was here',
    details: {
      chosen: 4,
      bestOf: [
        { how: 'failed', reason: /cannot go on/ },
        { how: 'completed', verdict: 'fail', failed: ['grep -q fixed f.txt'] },
        { how: 'completed', verdict: 'pass', lines: 4, ref: `refs/troupe/${run}/fix+3/1` },
        { how: 'completed', verdict: 'pass', lines: 2 },
      ],
    },
  })
  t.match((await troupeHere(directory, 'show', '--task', 'fix', '--log')).stdout, 'the fourth was here')
  t.same(readdirSync(inRun(directory, run, 'work')), [], 'no workspace is left')
  t.match(await troupeHere(directory, 'doctor', '--run'), { status: 0 })
})

void t.test('who is named for a task that several agents tried is the one whose work was chosen', async (t) => {
  const directory = repositoryOf(t, { 'f.txt': 'one\n' })
  const path = manifest(t, {
    agents: {
      long: {
        kind: 'command',
        shell: true,
        argv: ['[ $TROUPE_TASK != look+1 ] || exit 3; printf "two\\nthree\\n" > f.txt'],
      },
      short: { kind: 'command', shell: true, argv: ['[ $TROUPE_TASK != look+2 ] || exit 0; echo two > f.txt'] },
    },
    tasks: ['write', 'look'].map((id) => ({ id, prompt: 'Do it.', bestOf: ['long', 'short'] })),
  })
  const { run, proposal, files } = await runHere(directory, path)
  t.match(proposal.tasks, [
    { agent: 'short', disposition: { state: 'landed' } },
    { agent: 'short', disposition: { state: 'unchanged' } },
  ])
  t.equal(
    git(directory, 'log', '-1', '--format=%(trailers:key=Troupe-Agent,valueonly)', proposal.commit).trim(),
    'short',
  )
  t.match(readFileSync(files.markdown, 'utf8'), '| `write` | short |')
  for (const task of ['write', 'look'])
    for (const file of [`long_${task}.status`, `long_${task}_result.json`])
      t.match(JSON.parse(readFileSync(inRun(directory, run, file), 'utf8')), { task, agent: 'short' }, file)
  t.match(JSON.parse((await troupeHere(directory, '--json', 'status')).stdout), {
    tasks: [{ agent: 'short' }, { agent: 'short' }],
  })
  t.match(await troupeHere(directory, 'replay'), { status: 0 })
})

void t.test(
  'of several who tried a task, one that changed what is not its own is not kept where another lands',
  async (t) => {
    const directory = repositoryOf(t, { 'f.txt': 'one\n' })
    const command = 'case $TROUPE_TASK in *1) echo x > in.txt;; *) seq 1 9 > in2.txt;; esac'
    const path = manifest(t, {
      agents: { sh: { kind: 'command', shell: true } },
      tasks: [{ id: 'fix', agent: 'sh', bestOf: 2, owns: ['in2.txt'], command }],
    })
    const { exitCode, run, proposal } = await runHere(directory, path)
    t.match([exitCode, proposal.files], [0, ['in2.txt']])
    t.match(JSON.parse(readFileSync(inRun(directory, run, 'sh_fix_result.json'), 'utf8')), {
      details: {
        chosen: 2,
        bestOf: [
          { how: 'completed', outside: ['in.txt'] },
          { how: 'completed', outside: undefined },
        ],
      },
    })
  },
)

void t.test('when the supervisor dies, the work of all that tried is kept, and all try again', async (t) => {
  const directory = repositoryOf(t, { 'f.txt': 'one\n' })
  const script = 'echo $TROUPE_TASK > f.txt; test -e "$AGAIN" || sleep 600'
  const path = manifest(t, {
    agents: {
      one: { kind: 'command', argv: ['sh', '-c', script], inheritEnv: ['PATH', 'AGAIN'] },
      two: { kind: 'command', argv: ['sh', '-c', script], inheritEnv: ['PATH', 'AGAIN'] },
    },
    tasks: [{ id: 'fix', prompt: 'Fix it.', bestOf: ['one', 'two'] }],
    snapshot: 'off',
  })
  const first = begin(directory, 'run', path)
  const runs = join(directory, '.agents', 'runs')
  const written = (): string[] => {
    const [run] = existsSync(runs) ? readdirSync(runs) : []
    const work = inRun(directory, run ?? '', 'work')
    return run !== undefined && existsSync(work)
      ? ['fix+1.1', 'fix+2.1'].filter((name) => {
          const file = join(work, name, 'f.txt')
          return existsSync(file) && readFileSync(file, 'utf8').startsWith('fix+')
        })
      : []
  }
  await first.until(() => written().length === 2)
  first.child.kill('SIGKILL')
  await first.ended
  const [id = ''] = readdirSync(runs)
  const kept = readFileSync(inRun(directory, id, 'manifest.yaml'), 'utf8')
  t.match(JSON.parse(kept), { tasks: [{ prompt: /^\[not kept: sha256 / }] }, 'what was given as JSON is kept as JSON')
  process.env['AGAIN'] = directory
  const moved = `${path}.moved`
  renameSync(path, moved)
  t.match(await troupeHere(directory, 'resume'), { status: 2, stderr: /the prompt of fix is not kept with the run/ })
  const { stdout, stderr } = await troupeHere(directory, '--json', 'resume', '--manifest', moved)
  delete process.env['AGAIN']
  t.match(stdout, /^\{/, stderr)
  const { exitCode, run, proposal } = JSON.parse(stdout) as PrintedRun
  t.equal(exitCode, 0)
  t.equal(git(directory, 'show', `${proposal.commit}:f.txt`), 'fix+1\n', 'the first of equals')
  const refs = git(directory, 'for-each-ref', '--format=%(refname:lstrip=3)', `refs/troupe/${run}`).split('\n')
  t.match(refs, ['fix+1/1', 'fix+1/2', 'fix+2/1', 'fix+2/2', 'fix/2'])
  t.same(readdirSync(inRun(directory, run, 'work')), [])
})

void t.test(
  'an interruption chooses nobody: who was quick does not win, what it made is kept, and all try again',
  async (t) => {
    const directory = repositoryOf(t, { 'r.txt': 'one\n' })
    const gate = join(emptyFolder(t), 'gate')
    const used = `echo '{"usage":{"model":"m","inputTokens":10,"outputTokens":1,"costUsd":0.1}}' > "$TROUPE_RESULT"`
    const path = manifest(t, {
      agents: {
        fast: { kind: 'command', shell: true, argv: [`echo BAD > r.txt; ${used}`] },
        slow: {
          kind: 'command',
          shell: true,
          argv: [`echo good > r.txt; while [ ! -e '${gate}' ]; do sleep 0.05; done`],
        },
      },
      tasks: [{ id: 'bo', bestOf: ['fast', 'slow'], prompt: 'Do it.' }],
      check: ['! grep -q BAD r.txt'],
    })
    const first = begin(directory, 'run', path)
    const refs = (): readonly string[] =>
      git(directory, 'for-each-ref', '--format=%(refname)', 'refs/troupe').trim().split('\n')
    await first.until(() => refs().some((ref) => ref.endsWith('/bo+1/1')))
    first.child.kill('SIGINT')
    t.match(await first.ended, { status: 130 })
    const [id = ''] = readdirSync(join(directory, '.agents', 'runs'))
    t.match(JSON.parse(readFileSync(inRun(directory, id, 'fast_bo_result.json'), 'utf8')), {
      state: 'cancelled',
      reason: 'interrupted',
      usage: { inputTokens: 10 },
      details: {
        chosen: undefined,
        bestOf: [
          { how: 'completed', ref: `refs/troupe/${id}/bo+1/1` },
          { how: 'cancelled', reason: 'interrupted' },
        ],
      },
      changeSet: { ref: `refs/troupe/${id}/bo/1` },
    })
    t.equal(git(directory, 'show', `refs/troupe/${id}/bo/1:r.txt`), 'BAD\n')
    writeFileSync(gate, '')
    const { stdout, stderr } = await troupeHere(directory, '--json', 'resume', '--manifest', path)
    t.match(stdout, /^\{/, stderr)
    const { exitCode, proposal } = JSON.parse(stdout) as PrintedRun
    t.equal(exitCode, 0)
    t.equal(git(directory, 'show', `${proposal.commit}:r.txt`), 'good\n')
    t.match(proposal.tasks, [{ attempts: 2, usage: { inputTokens: 20 } }], 'what the first attempt used counts')
  },
)
