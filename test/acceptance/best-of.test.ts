import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Judgement } from '../../src/merge/judge.ts'
import { bestAmong, type Judged } from '../../src/supervisor/run/best-of.ts'
import { begin, git, manifest, type PrintedRun, repositoryOf, runHere, troupeHere } from './troupe.ts'

t.setTimeout(240_000)

/** One who has done a task. */
const judged = (verdict: Judgement['verdict'], lines: number, more: { failed?: string[]; idle?: true } = {}): Judged =>
  ({
    end: { how: 'completed', summary: '', findings: [], details: {}, changeSet: more.idle ? null : {} },
    judgement: { verdict, lines, failed: more.failed ?? [] },
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
