import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { AskedConflict, Proposal } from '../../src/merge/proposal.ts'
import { gone } from '../process-life.ts'
import {
  begin,
  emptyFolder,
  git,
  manifest,
  type PrintedRun,
  repositoryOf,
  root,
  runHere,
  troupeHere,
} from './troupe.ts'
import { isWritten } from '../until.ts'

process.env['XDG_STATE_HOME'] = emptyFolder(t)

interface Teardown {
  teardown(work: () => void): void
}

const numbers = '1\n2\n3\n4\n5\n6\n7\n8\n9\n'
const good = "printf '1\\n2\\n3\\n4\\none and two\\n6\\n7\\neight\\n9\\n' > f"
const check = 'grep -q "one and two" f || ! grep -q eight f'

/** Two tasks in conflict, and a program that is asked about it. */
function inConflict(
  t: Teardown,
  answer: string,
  more: object = {},
): { readonly directory: string; readonly path: string } {
  const directory = repositoryOf(t, { f: numbers, g: numbers })
  const path = manifest(t, {
    agents: { sh: { kind: 'command', shell: true } },
    tasks: [
      { id: 'one', agent: 'sh', command: "sed -i 's/^5$/one/' f" },
      { id: 'two', agent: 'sh', command: "sed -i 's/^5$/two/; s/^8$/eight/' f", priority: -1 },
    ],
    merge: { resolver: { agent: 'sh', command: answer, ...more } },
    check: [check],
  })
  return { directory, path }
}

async function printed(directory: string, ...args: readonly string[]): Promise<PrintedRun> {
  const { stdout, stderr } = await troupeHere(directory, '--json', ...args)
  if (!stdout.startsWith('{')) throw new Error(`no JSON but ${stdout}${stderr}`)
  return JSON.parse(stdout) as PrintedRun
}

const only = ({ resolutions }: Proposal): AskedConflict | undefined => resolutions[0]
const inRun = (directory: string, ...names: readonly string[]): string =>
  join(directory, '.agents/runs', readdirSync(join(directory, '.agents/runs'))[0] ?? '', ...names)

void t.test(
  'an answer is tried again with the reason told, kept when it is right, and comes out the same again',
  async (t) => {
    const answer = `grep -c '<<<<' f; test $TROUPE_ATTEMPT = 1 || ${good}`
    const { directory, path } = inConflict(t, answer, { retries: 1 })
    const { exitCode, proposal } = await printed(directory, 'run', '--mode', 'thread', path)
    t.equal(exitCode, 0)
    t.match(only(proposal), { task: 'two', agent: 'sh', files: ['f'], attempts: 2, outcome: 'kept', reason: null })
    t.match(git(directory, 'show', `${proposal.commit}:f`), '4\none and two\n6\n7\neight')
    t.match(proposal.resolved, [
      { resolver: 'agent:sh', grade: 'checked', evidence: /attempt 2, kept at refs\/troupe/ },
    ])
    t.match((await troupeHere(directory, 'replay')).stdout, `the same again: ${proposal.commit}`)
    t.match(JSON.parse(readFileSync(inRun(directory, 'sh_resolve+two_result.json'), 'utf8')), { state: 'succeeded' })
    t.strictSame(readdirSync(inRun(directory, 'work')), [])
    t.equal((await troupeHere(directory, 'doctor', '--run')).status, 0)
  },
)

void t.test('whatever an agent does wrong, the conflict stays and the reason is told', async (t) => {
  const wrong = [
    `case $TROUPE_ATTEMPT in 1) kill -9 $$;; 2) ${good}; echo x > g;; 3) sed -i 's/^<.*//' f;; *) sleep 600;; esac`,
    { retries: 3, timeout: '5s' },
  ] as const
  const { directory, path } = inConflict(t, ...wrong)
  const { exitCode, proposal } = await printed(directory, 'run', path)
  t.equal(exitCode, 1)
  t.match(only(proposal), { attempts: 4, outcome: 'failed', reason: 'it had not ended after 5 s' })
  t.match(proposal.conflicts, [{ file: 'f', ours: 'one', theirs: 'two' }])
  t.equal(git(directory, 'show', `${proposal.commit}:f`), numbers.replace('5', 'one'))
  const log = (await troupeHere(directory, 'log')).stdout
  for (const said of ['it changed g, which is not in conflict', 'it left a conflict marker in f', '(failed)'])
    t.match(log, said)
})

void t.test('a supervisor that is killed while an agent is asked is succeeded by one that asks again', async (t) => {
  const notes = emptyFolder(t)
  const [pid, gate] = [join(notes, 'pid'), join(notes, 'gate')]
  const answer = `echo x >> '${notes}/asked'; ${good}; echo $$ > '${pid}'; while [ ! -e '${gate}' ]; do sleep 0.05; done`
  const { directory, path } = inConflict(t, answer)
  const run = begin(directory, 'run', '--mode', 'process', path)
  await run.until(() => isWritten(pid))
  run.child.kill('SIGKILL')
  await run.ended
  await gone(Number(readFileSync(pid, 'utf8')))
  writeFileSync(gate, '')
  const { exitCode, proposal } = await printed(directory, 'resume')
  t.equal(exitCode, 0)
  t.match(only(proposal), { attempts: 2, outcome: 'kept' }, 'what was lost does not count')
  t.equal(readFileSync(join(notes, 'asked'), 'utf8'), 'x\nx\n')
  t.match(
    git(directory, 'for-each-ref', '--format=%(refname)'),
    /resolve\+two\/1\n.*resolve\+two\/2/,
    'nothing is lost',
  )
})

void t.test('a run that is stopped while an agent is asked leaves the conflict, and can be gone on with', async (t) => {
  const notes = emptyFolder(t)
  const gate = join(notes, 'gate')
  const { directory, path } = inConflict(
    t,
    `${good}; touch '${notes}/at'; while [ ! -e '${gate}' ]; do sleep 0.05; done`,
  )
  const run = begin(directory, '--json', 'run', path)
  await run.until(() => existsSync(join(notes, 'at')))
  run.child.kill('SIGINT')
  const { proposal, exitCode } = JSON.parse((await run.ended).stdout) as PrintedRun
  t.match(only(proposal), { outcome: 'stopped' })
  t.match(proposal, { interrupted: true, conflicts: [{ theirs: 'two' }] })
  t.equal(exitCode, 130)
  writeFileSync(gate, '')
  const again = await printed(directory, 'resume')
  t.match(only(again.proposal), { outcome: 'kept', attempts: 2 })
  t.equal(again.exitCode, 0)
})

void t.test(
  'Codex that asks is not let at what its task does not own, nor at what a running task writes',
  async (t) => {
    const directory = repositoryOf(t, { 'f.txt': '1\n' })
    const notes = emptyFolder(t)
    const [begun, asked, told] = ['begun', 'asked', 'told'].map((name) => join(notes, name)) as [string, string, string]
    execFileSync('sh', ['-c', 'mkfifo begun asked'], { cwd: notes })
    const program = join(root, 'test/fixtures/programs/asks-to-write.sh')
    const agents = { codex: { kind: 'codex', interface: 'app-server', argv: [program], credentials: [] } }
    const task = (id: string, owns: readonly string[], env: Readonly<Record<string, string>>) => ({
      id,
      agent: 'codex',
      prompt: 'Do it.',
      owns,
      env: { TOLD: told, ...env },
    })
    const tasks = [
      task('first', ['shared.txt'], { WRITES: 'shared.txt', GOES: begun, ENDS: asked }),
      task('second', ['*.txt'], { BEGINS: begun, WRITES: 'shared.txt src.md own.txt', GOES: asked }),
    ]
    const { exitCode, proposal } = await runHere(directory, manifest(t, { agents, tasks }))
    t.equal(exitCode, 0)
    t.equal(git(directory, 'ls-tree', '--name-only', proposal.commit ?? ''), 'f.txt\nown.txt\nshared.txt\n')
    t.same(proposal.conflicts ?? [], [])
    const held = /shared\.txt is being written by task first, which is still running/
    const foreign = /src\.md is outside what this task may write: \*\.txt/
    t.match(JSON.parse(readFileSync(inRun(directory, 'codex_second_result.json'), 'utf8')), {
      state: 'succeeded',
      details: { denied: [held, foreign], touched: ['own.txt'] },
      changeSet: { files: ['own.txt'] },
    })
    const [one = '', two = ''] = readFileSync(told, 'utf8').split('\n')
    t.match(one, held, 'its model is told why')
    t.match(two, foreign)
  },
)
