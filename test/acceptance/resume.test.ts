import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { gone } from '../process-life.ts'
import {
  begin,
  emptyFolder,
  fingerprint,
  git,
  manifest,
  modes,
  type PrintedRun,
  repositoryOf,
  runHere,
  runJson,
  shells,
  troupe,
  troupeHere,
  type UnderWay,
} from './troupe.ts'
import { isWritten } from '../until.ts'

interface Teardown {
  teardown(work: () => void): void
}

/** Three tasks, the second of which waits for a gate and tells its pid; each leaves a line when it begins. */
function gated(t: Teardown): {
  readonly path: string
  readonly notes: string
  readonly gate: string
  readonly pid: string
} {
  const notes = emptyFolder(t)
  const [gate, pid] = [join(notes, 'gate'), join(notes, 'pid')]
  const path = manifest(t, { agents: { sh: { kind: 'command', shell: true } }, tasks: gatedTasks(notes, 'sh', '') })
  return { path, notes, gate, pid }
}

/** Such tasks for an agent; their names, their files and the file of the pid end alike. */
function gatedTasks(notes: string, agent: string, end: string): readonly object[] {
  const note = (task: string): string => `echo $TROUPE_ATTEMPT >> '${join(notes, task + end)}'`
  const wait = `echo $$ > '${join(notes, `pid${end}`)}'; while [ ! -e '${join(notes, 'gate')}' ]; do sleep 0.05; done`
  const [first, second, third] = [`first${end}`, `second${end}`, `third${end}`]
  return [
    { id: first, agent, command: `${note('first')}; echo 1 > ${first}.txt` },
    { id: second, agent, needs: [first], command: `${note('second')}; echo 2 > ${second}.txt; ${wait}` },
    { id: third, agent, needs: [second], command: `${note('third')}; cat ${first}.txt ${second}.txt > ${third}.txt` },
  ]
}

/** The same in every mode at once. */
function gatedInEveryMode(t: Teardown): { readonly path: string; readonly notes: string; readonly gate: string } {
  const notes = emptyFolder(t)
  const tasks = modes.flatMap((mode) => gatedTasks(notes, mode, `-${mode}`))
  return { path: manifest(t, { agents: shells, concurrency: 3, tasks }), notes, gate: join(notes, 'gate') }
}

const runsOf = (directory: string): readonly string[] => readdirSync(join(directory, '.agents/runs'))
const inRun = (directory: string, name: string): string =>
  join(directory, '.agents/runs', runsOf(directory)[0] ?? '', name)
const leftovers = (directory: string): readonly string[] => [
  ...readdirSync(inRun(directory, 'work')),
  ...(existsSync(join(directory, '.git/worktrees')) ? readdirSync(join(directory, '.git/worktrees')) : []),
]

async function resume(directory: string): Promise<PrintedRun> {
  const { stdout, stderr } = await troupeHere(directory, '--json', 'resume')
  if (!stdout.startsWith('{')) throw new Error(`no JSON but ${stdout}${stderr}`)
  return JSON.parse(stdout) as PrintedRun
}

for (const mode of modes)
  void t.test(`a run that is stopped while it checks ends at once, and its check with it (${mode})`, async (t) => {
    const directory = repositoryOf(t, { 'a.txt': 'a\n' })
    const notes = emptyFolder(t)
    const [pid, gate] = [join(notes, 'pid'), join(notes, 'gate')]
    const check = [`echo $$ > '${pid}'; while [ ! -e '${gate}' ]; do sleep 0.05; done`, 'true']
    const tasks = [{ id: 'one', agent: mode, command: 'echo 1 > one.txt' }]
    const path = manifest(t, { agents: shells, tasks, check })
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      const run = begin(directory, 'run', path)
      await run.until(() => isWritten(pid))
      run.child.kill(signal)
      const { status, stdout } = await run.ended
      if (signal === 'SIGINT') t.match([status, stdout], [130, /the run was interrupted/])
      await gone(Number(readFileSync(pid, 'utf8')))
      rmSync(pid)
    }
    writeFileSync(gate, '')
    t.match(await resume(directory), { exitCode: 0, proposal: { verdict: 'pass' } })
  })

/** Two tasks whose merge takes a driver that waits for a gate, and has written its process by then. */
function hangingDriver(t: Test) {
  const directory = repositoryOf(t, { 'a.txt': '1\n2\n3\n4\n5\n', '.gitattributes': 'a.txt merge=slow\n' })
  const notes = emptyFolder(t)
  const [pid, gate] = [join(notes, 'pid'), join(notes, 'gate')]
  // bounded: nobody would end it where this test is killed
  const waits = `for i in $(seq 6000); do [ -e '${gate}' ] && break; sleep 0.05; done`
  git(directory, 'config', 'merge.slow.driver', `echo $$ > '${pid}'; ${waits}`)
  const edits = [1, 5].map((line) => ({ id: `t${line}`, agent: 'async', command: `sed -i '${line}s/$/x/' a.txt` }))
  return { directory, pid, gate, edits, waits }
}

/** While a driver hangs; nothing of it may be left. */
async function stopByForce(t: Test, run: UnderWay, pid: string): Promise<void> {
  await run.until(() => isWritten(pid))
  run.child.kill('SIGINT')
  await run.said('stopping politely')
  run.child.kill('SIGINT')
  const { status, stderr } = await run.ended
  t.match([status, stderr], [130, /stopped before its proposal was made[^]*RUN_STOPPED/])
  await gone(Number(readFileSync(pid, 'utf8')))
}

void t.test('a merge driver that hangs does not keep a run that is stopped by force, and leaves nothing', async (t) => {
  const { directory, pid, gate, edits } = hangingDriver(t)
  const run = begin(directory, 'run', manifest(t, { agents: shells, tasks: edits }))
  await stopByForce(t, run, pid)
  writeFileSync(gate, '')
  t.match(await resume(directory), { exitCode: 0 })
})

void t.test('nor does it keep a run that was stopped by force before its tasks had ended', async (t) => {
  const { directory, pid, edits, waits } = hangingDriver(t)
  const last = { id: 'last', agent: 'async', command: `trap '' TERM; ${waits}` }
  const run = begin(directory, 'run', manifest(t, { agents: shells, concurrency: 3, tasks: [...edits, last] }))
  await stopByForce(t, run, pid)
})

void t.test('time that a run may take is over while it checks', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': 'a\n' })
  const tasks = [{ id: 'one', agent: 'async', command: 'echo 1 > one.txt' }]
  const path = manifest(t, { agents: shells, tasks, budget: { time: '1s' }, check: ['sleep 600'] })
  const { exitCode, proposal } = await runJson(directory, path)
  t.match([exitCode, proposal], [1, { verdict: 'not-run' }])
})

void t.test(
  'a run whose supervisor is killed goes on: nothing done is done again, nothing written is lost',
  async (t) => {
    const peaceful = gatedInEveryMode(t)
    writeFileSync(peaceful.gate, '')
    const undisturbed = await runHere(repositoryOf(t, { 'a.txt': 'a\n' }), peaceful.path)
    const directory = repositoryOf(t, { 'a.txt': 'a\n' })
    const before = fingerprint(directory)
    const { path, notes, gate } = gatedInEveryMode(t)
    const pids = modes.map((mode) => join(notes, `pid-${mode}`))
    const run = begin(directory, 'run', path)
    await run.until(() => pids.every(isWritten))
    run.child.kill('SIGKILL')
    await run.ended
    for (const pid of pids) await gone(Number(readFileSync(pid, 'utf8')))
    t.match((await troupeHere(directory, 'status')).stdout, 'unfinished (its supervisor is gone)')
    const [id = ''] = runsOf(directory)
    writeFileSync(gate, '')
    const { exitCode, run: resumed, proposal } = await resume(directory)
    t.equal(exitCode, 0)
    t.equal(resumed, id)
    const log = (await troupeHere(directory, 'log', '--follow')).stdout.replaceAll(/^\S+ +\S+ s +/gm, '')
    t.match(log, /^run \S+ started on [\s\S]*^run resumed by process \d+\n/m)
    for (const mode of modes) {
      const [first, second] = ['first', 'second'].map((task) => readFileSync(join(notes, `${task}-${mode}`), 'utf8'))
      t.same([first, second], ['1\n', '1\n2\n'], `only what was under way was begun again: ${mode}`)
      const kept = git(directory, 'show', `refs/troupe/${id}/second-${mode}/1:second-${mode}.txt`)
      t.equal(kept, '2\n', 'what was under way is kept')
      t.match(JSON.parse(readFileSync(inRun(directory, `${mode}_first-${mode}_result.json`), 'utf8')), {
        state: 'succeeded',
        attempts: 1,
      })
      t.match(log, new RegExp(`^second-${mode}: attempt 1 lost: its supervisor died`, 'm'))
    }
    t.same(leftovers(directory), [])
    t.same(fingerprint(directory), before)
    t.equal(proposal.tree, undisturbed.proposal.tree)
    t.match(await troupeHere(directory, 'resume'), { status: 2, stderr: /RUN_ENDED/ })
    t.match(log, /^run ended with 0: /m)
    const [line = ''] = (await troupeHere(directory, '--json', 'log', '--task', 'third-async')).stdout.split('\n')
    t.match(JSON.parse(line), { schema: 'troupe/event/1', event: { task: 'third-async' } })
  },
)

void t.test('resume makes the proposal of a run that has ended again, when its file is gone', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': 'a\n' })
  const check = [{ name: 'present', run: 'test -f one.txt' }]
  const tasks = [
    { id: 'one', command: ['sh', '-c', 'echo 1 > one.txt'] },
    { id: 'bad', command: ['sh', '-c', 'exit 1'] },
  ]
  const { run, proposal, exitCode } = await runHere(directory, manifest(t, { tasks, check }))
  const file = proposalFileOf(directory)
  const attempts = (): number =>
    (readFileSync(inRun(directory, 'journal.ndjson'), 'utf8').match(/attempt-started/g) ?? []).length
  const before = attempts()
  const spoils = [() => rmSync(file), ...['{"schema":', 'null', '{}'].map((text) => () => writeFileSync(file, text))]
  for (const spoil of spoils) {
    spoil()
    for (const command of ['show', 'apply', 'replay'])
      t.match(await troupeHere(directory, command), {
        status: 2,
        stderr: new RegExp(`${file}[\\s\\S]*troupe resume ${run} makes it again\\n *PROPOSAL_LOST`),
      })
    const again = await resume(directory)
    t.match(again, {
      run,
      exitCode,
      proposal: { createdAt: proposal.createdAt, commit: proposal.commit, verdict: 'pass' },
    })
    t.equal(proposalFileOf(directory), file, 'in the same place, and no other')
    t.match(await troupeHere(directory, 'replay'), { status: 0 })
  }
  t.equal(attempts(), before, 'no task ran again')
  t.match(await troupeHere(directory, 'resume', run), { status: 2, stderr: /RUN_ENDED/ })
  t.match(await troupeHere(directory, 'apply'), { status: 0 })
})

void t.test(
  'manifest, status and result files that are gone of a run that has ended are written again as they were',
  async (t) => {
    const directory = repositoryOf(t, { 'a.txt': 'a\n' })
    const sh = (id: string, command: string, more: object = {}) => ({ id, command: ['sh', '-c', command], ...more })
    const tasks = [
      sh('b', 'echo 1 > b.txt'),
      sh('bad', 'exit 3', { retries: 1 }),
      sh('after', 'true', { needs: ['bad'] }),
    ]
    const { run } = await runHere(directory, manifest(t, { tasks, keepPrompts: true }))
    const folder = join(directory, '.agents/runs', run)
    const names = readdirSync(folder).filter((name) => /\.status$|_result\.json$/.test(name))
    const contents = (): readonly unknown[] =>
      names.map((name) => {
        const { lastOutput: _, progress: __, pid: ___, ...rest } = JSON.parse(readFileSync(join(folder, name), 'utf8'))
        return rest
      })
    const before = contents()
    t.equal(names.length, 6)
    for (const name of names.slice(1)) rmSync(join(folder, name))
    writeFileSync(join(folder, names[0] ?? ''), '{')
    const kept = readFileSync(join(folder, 'manifest.yaml'), 'utf8')
    rmSync(join(folder, 'manifest.yaml'))
    t.match((await troupeHere(directory, 'doctor', '--run')).stdout, `troupe resume ${run} writes them again`)
    t.match(await troupeHere(directory, 'resume'), { status: 0, stdout: /had ended; written again .*: 7 files\n/ })
    t.equal(readFileSync(join(folder, 'manifest.yaml'), 'utf8'), kept)
    t.same(contents(), before)
    t.match((await troupeHere(directory, 'doctor', '--run')).stdout, /results +3 written/)
    t.match(await troupeHere(directory, 'resume', run), { status: 2, stderr: /RUN_ENDED/ })
    rmSync(join(folder, names[0] ?? ''))
    const told = JSON.parse((await troupeHere(directory, '--json', 'resume', run)).stdout)
    t.same(told, { schema: 'troupe/restored/1', run, files: [join(folder, names[0] ?? '')] })
  },
)

void t.test('the page of a proposal and its SARIF are made again from its JSON', async (t) => {
  const directory = repositoryOf(t, { 'a.py': 'import hashlib\nprint(hashlib.md5(b"a").hexdigest())\n' })
  const { run, files, proposal } = await runHere(directory, 'review a.py')
  t.not(proposal.findings.length, 0)
  const paths = [files.markdown, files.sarif ?? '']
  const before = paths.map((path) => readFileSync(path, 'utf8'))
  for (const path of paths) rmSync(path)
  t.match(await troupeHere(directory, 'doctor', '--run'), {
    status: 0,
    stdout: new RegExp(`warning +proposal .*md and .*sarif gone\n +do: .*troupe resume ${run} `),
  })
  const told = JSON.parse((await troupeHere(directory, '--json', 'resume')).stdout)
  t.same(told, { schema: 'troupe/restored/1', run, files: paths })
  t.same(
    paths.map((path) => readFileSync(path, 'utf8')),
    before,
  )
  t.match((await troupeHere(directory, 'doctor', '--run')).stdout, /ok +proposal/)
  t.match(await troupeHere(directory, 'resume'), { status: 2, stderr: /RUN_ENDED/ })
})

const proposalFileOf = (directory: string): string => {
  const files = readdirSync(inRun(directory, '')).filter((name) => /^proposal_.*\.json$/.test(name))
  return inRun(directory, files.join(' and '))
}

void t.test('an output past what a log holds is cut, in bounded memory, and the run says so', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': 'a\n' })
  const command = ['sh', '-c', 'head -c 300000000 /dev/zero | tr "\\0" x; echo end >&2']
  const { run } = await runJson(directory, '--mode', 'thread', manifest(t, { tasks: [{ id: 'loud', command }] }))
  const result = JSON.parse(readFileSync(inRun(directory, 'command_loud_result.json'), 'utf8')) as { details: object }
  t.match(result.details, { output: { bytes: 300_000_004, cut: Number } })
  t.match((await troupeHere(directory, 'show', run, '--task', 'loud')).stdout, /of its 300000004 bytes were cut out/)
  t.ok(statSync(inRun(directory, 'logs/loud.1.log')).size < 17 * 1024 * 1024)
})

void t.test('a new run says that another has not ended; one that somebody carries out cannot be resumed', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': 'a\n' })
  const { path, gate, pid } = gated(t)
  const run = begin(directory, 'run', path)
  await run.until(() => isWritten(pid))
  t.match(await troupeHere(directory, 'resume'), { status: 2, stderr: /is held by process \d+/ })
  t.notMatch((await troupeHere(directory, 'run', 'review a.txt')).stderr, 'troupe resume', 'it is under way')
  run.child.kill('SIGKILL')
  await run.ended
  const [id = ''] = runsOf(directory)
  t.match((await troupeHere(directory, 'run', 'review a.txt')).stderr, `troupe resume ${id} goes on with it`)
  writeFileSync(gate, '')
  t.match(await resume(directory), { run: id, exitCode: 0 }, 'the newest that has not ended, not the newest')
})

void t.test(
  'a supervisor that only stands still is deposed: it writes nothing more, and what it started is ended',
  async (t) => {
    const directory = repositoryOf(t, { 'a.txt': 'a\n' })
    const { path, gate, pid } = gated(t)
    const run = begin(directory, 'run', path)
    await run.until(() => isWritten(pid))
    run.child.kill('SIGSTOP')
    writeFileSync(gate, '')
    let resumed = await troupe(directory, '--json', 'resume')
    while (resumed.status === 2) resumed = await troupe(directory, '--json', 'resume') // until its lock is stale
    t.match(resumed, { status: 0 })
    t.match(await run.ended, { signal: 'SIGKILL' })
    await gone(Number(readFileSync(pid, 'utf8')))
    t.same(leftovers(directory), [])
  },
)

void t.test('a daemon that left its group and its environment behind its supervisor is found and ended', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': 'a\n' })
  const notes = emptyFolder(t)
  const [daemon, forkserver] = [join(notes, 'daemon'), join(notes, 'forkserver')]
  const command = `[ $TROUPE_ATTEMPT = 1 ] || exit 0; setsid sh -c 'echo $$ > "${daemon}"; exec sleep 600' & echo $PPID > '${forkserver}'; wait`
  const path = manifest(t, {
    agents: { sh: { kind: 'command', shell: true } },
    tasks: [{ id: 'x', agent: 'sh', command }],
  })
  const run = begin(directory, 'run', path)
  for (const file of [daemon, forkserver]) await run.until(() => isWritten(file))
  process.kill(Number(readFileSync(forkserver, 'utf8')), 'SIGKILL') // at the very same time, so that nobody cleans up
  run.child.kill('SIGKILL')
  await run.ended
  t.equal((await resume(directory)).exitCode, 0)
  await gone(Number(readFileSync(daemon, 'utf8')))
})

void t.test('an interrupted run is taken up where it was stopped', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': 'a\n' })
  const { path, notes, gate, pid } = gated(t)
  const run = begin(directory, 'run', path)
  await run.until(() => isWritten(pid))
  run.child.kill('SIGINT')
  t.match(await run.ended, { status: 130, stdout: /go on: +troupe resume/ })
  writeFileSync(gate, '')
  const { exitCode, proposal } = await resume(directory)
  t.equal(exitCode, 0)
  t.same(
    proposal.tasks.map(({ disposition }) => disposition.state),
    ['landed', 'landed', 'landed'],
  )
  t.equal(readFileSync(join(notes, 'first'), 'utf8'), '1\n')
  t.match((await troupeHere(directory, 'status')).stdout, 'ended')
})

void t.test('what an interruption called off is not told as ended when the run goes on', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': 'a\n' })
  const notes = emptyFolder(t)
  const tasks = [
    ...gatedTasks(notes, 'sh', ''),
    { id: 'bad', command: 'false' },
    { id: 'after-bad', needs: ['bad'], command: 'true' },
  ]
  const run = begin(directory, 'run', manifest(t, { agents: { sh: { kind: 'command', shell: true } }, tasks }))
  await run.said('after-bad blocked by bad')
  await run.until(() => isWritten(join(notes, 'pid')))
  run.child.kill('SIGINT')
  t.match(await run.ended, { status: 130 })
  writeFileSync(join(notes, 'gate'), '')
  const { stderr } = await troupeHere(directory, 'resume')
  t.match(stderr, /^run \S+ goes on: 3 of 5 tasks had ended; 2 were called off and run now\n/)
})

void t.test(
  'a run without its manifest, or with half of it, is read from its journal; resume makes the file again',
  async (t) => {
    const directory = repositoryOf(t, { 'a.txt': 'a\n' })
    const { path, gate, pid } = gated(t)
    const run = begin(directory, 'run', path)
    await run.until(() => isWritten(pid))
    run.child.kill('SIGINT')
    t.match(await run.ended, { status: 130 })
    const kept = inRun(directory, 'manifest.yaml')
    const text = readFileSync(kept, 'utf8')
    writeFileSync(kept, text.slice(0, 20))
    t.match(await troupeHere(directory, 'status'), { status: 0, stdout: /1 of 3 done/ })
    rmSync(kept)
    t.match(await troupeHere(directory, 'status'), { status: 0, stdout: /1 of 3 done/ })
    t.match(await troupeHere(directory, 'show', '--task', 'first'), { status: 0, stdout: /first: succeeded/ })
    const [id = ''] = runsOf(directory)
    t.match(JSON.parse((await troupeHere(directory, '--json', 'gc', '--dry-run', id)).stdout), {
      runs: [{ run: id, standing: 'interrupted' }],
    })
    writeFileSync(gate, '')
    await troupeHere(directory, 'run', 'review a.txt')
    t.match(await resume(directory), { run: id, exitCode: 0 }, 'the newest that has not ended, not the newest')
    t.equal(readFileSync(kept, 'utf8'), text)
    rmSync(kept)
    t.match(await troupeHere(directory, 'doctor', '--run', id), {
      status: 0,
      stdout: /nothing is lost: troupe resume .* writes it again/,
    })
    t.match(await troupeHere(directory, 'show', id), { status: 0 })
    t.match(await troupeHere(directory, 'apply', id), { status: 0 })
    t.equal(readFileSync(join(directory, 'third.txt'), 'utf8'), '1\n2\n')
  },
)

void t.test('a supervisor that died before its first record, or just before its last, is gone on with', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': 'a\n' })
  const { path, notes, gate } = gated(t)
  writeFileSync(gate, '')
  const { proposal, files } = await runHere(directory, path)
  const journal = inRun(directory, 'journal.ndjson')
  const lines = readFileSync(journal, 'utf8').split(/(?<=\n)/)
  writeFileSync(journal, lines.slice(0, -1).join(''))
  const again = await resume(directory)
  t.same(again.proposal, proposal, 'the proposal that was made is not made again')
  t.same(again.files, files)
  rmSync(journal)
  const unfinished = inRun(directory, 'sh_first.status.123.tmp')
  writeFileSync(unfinished, '{')
  t.match((await troupeHere(directory, 'status')).stdout, 'unfinished')
  t.match(
    await troupeHere(directory, 'resume'),
    { status: 3, stderr: /holds no record, though the run \S+ has sealed work[^]*JOURNAL_CORRUPT/ },
    'a journal that was lost is no run that never began',
  )
  for (const name of ['first/1', 'second/1', 'third/1', 'proposal'])
    git(directory, 'update-ref', '-d', `refs/troupe/${again.run}/${name}`)
  t.equal((await resume(directory)).proposal.tree, proposal.tree)
  t.notOk(existsSync(unfinished))
  const proposals = readdirSync(inRun(directory, '.')).filter((name) => /^proposal_.*json$/.test(name))
  t.equal(proposals.length, 1, 'one that no record tells of does not stay')
  t.equal(readFileSync(join(notes, 'first'), 'utf8'), '1\n1\n', 'begun anew: nothing was known of it')
})

void t.test(
  'a retry that continues finds what the last attempt left, also when it was taken away; the change is one',
  async (t) => {
    const directory = repositoryOf(t, { 'a.txt': 'a\n' })
    const command =
      '[ $TROUPE_ATTEMPT = 1 ] || { echo "$TROUPE_CONTINUED" > told.txt; git status --porcelain > seen.txt; echo two > two.txt; exit 0; }; echo A > a.txt; echo one > one.txt; sleep 600'
    const task = { agent: 'sh', command, timeout: '5s', retries: 1 }
    const tasks = [
      ...(['continue', 'fresh'] as const).map((onRetry) => ({ ...task, id: onRetry, onRetry })),
      { ...task, id: 'once', retries: 0 },
    ]
    const path = manifest(t, { agents: { sh: { kind: 'command', shell: true } }, snapshot: '100ms', tasks })
    const { run, proposal } = await runHere(directory, path)
    t.same(
      proposal.tasks.map(({ disposition }) => disposition.state === 'landed' || disposition.state),
      [true, 'left-out', 'failed'],
    )
    const at = (revision: string): string => git(directory, 'show', `refs/troupe/${run}/${revision}`)
    t.equal(at('continue/2:seen.txt'), ' M a.txt\n?? one.txt\n?? seen.txt\n?? told.txt\n')
    t.equal(at('continue/2:told.txt') + at('fresh/2:told.txt'), '1\n\n')
    t.equal(at('continue/2:one.txt') + at('continue/2:two.txt') + at('continue/2:a.txt'), 'one\ntwo\nA\n')
    t.equal(at('fresh/2:seen.txt'), '?? seen.txt\n?? told.txt\n')
    t.equal(
      git(directory, 'rev-list', '--count', `refs/troupe/${run}/continue/2`).trim(),
      '2',
      'one commit on the base',
    )
    t.equal(at('once/snapshot:one.txt'), 'one\n', 'the snapshot was taken while it worked')
    t.match((await troupeHere(directory, 'show', '--task', 'once', '--snapshot')).stdout, /^\+one$/m)
    t.match(await troupeHere(directory, 'apply', '--task', 'once', '--snapshot', '--branch', 'saved'), { status: 0 })
    t.match(git(directory, 'diff', 'main', 'saved'), /^\+one$/m)
  },
)

void t.test('a fork server that dies costs no retry: what it had started is tried again', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': 'a\n' })
  const command = '[ $TROUPE_ATTEMPT = 2 ] && exit 0; kill -9 $PPID; sleep 600'
  // one after the other: some share a server
  const tasks = modes.map((mode, index) => ({
    id: mode,
    agent: mode,
    command,
    retries: 0,
    needs: modes.slice(0, index).slice(-1),
  }))
  const { run, exitCode } = await runJson(directory, manifest(t, { agents: shells, tasks }))
  t.equal(exitCode, 0)
  for (const mode of modes) {
    const log = (await troupeHere(directory, '--json', 'log', run, '--task', mode)).stdout.trim().split('\n')
    const ends = log.map((line) => (JSON.parse(line) as { event: { end?: object } }).event.end).filter(Boolean)
    t.match(ends, [
      { failure: { kind: 'infrastructure', message: /the server that had started it died/ } },
      { how: 'completed' },
    ])
  }
})

void t.test('a supervisor that is killed while it looks for who breaks a check leaves nothing behind', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': 'a\n' })
  const before = fingerprint(directory)
  const notes = emptyFolder(t)
  const [runs, pid] = [join(notes, 'runs'), join(notes, 'pid')]
  const hang = `[ $(wc -l < '${runs}') -ne 4 ] || { echo $$ > '${pid}'; exec sleep 600; }`
  const path = manifest(t, {
    agents: { sh: { kind: 'command', shell: true } },
    tasks: ['a', 'b', 'c'].map((id) => ({ id, agent: 'sh', command: `echo ${id} > ${id}` })),
    prepare: ['echo ready > ready'],
    check: [
      {
        name: 'test',
        run: `echo x >> '${runs}'; ${hang}; test -e ready && { test ! -e a || test ! -e c || { echo a meets c; exit 1; }; }`,
      },
    ],
    merge: { checksAtOnce: 2 },
  })
  t.match((await troupeHere(directory, 'plan', path)).stdout, /^prepare: echo ready > ready\ncheck: test$/m)
  const run = begin(directory, 'run', path)
  await run.until(() => isWritten(pid))
  run.child.kill('SIGKILL')
  await run.ended
  const { run: id, exitCode, proposal } = await resume(directory)
  await gone(Number(readFileSync(pid, 'utf8')))
  t.equal(exitCode, 1)
  t.match(proposal, { verdict: 'pass', blame: [{ how: 'culprits', tasks: ['a', 'c'], dropped: 'c' }] })
  t.match(proposal.blame[0]?.seen, [
    { verdict: 'fail', outputTail: 'a meets c\n', log: `.agents/runs/${id}/logs/_check.` },
    {},
    {},
  ])
  t.ok(existsSync(join(directory, proposal.blame[0]?.seen[0]?.log ?? '')))
  t.same(leftovers(directory), [])
  t.same(fingerprint(directory), before)
  t.match((await troupeHere(directory, 'replay')).stdout, /^the same again/)
  t.match(
    (await troupeHere(directory, 'show')).stdout,
    'a + c break check "test"; a alone and c alone pass; c was left out',
  )
  const passes = (): string => git(directory, 'for-each-ref', '--format=%(refname)', 'refs/troupe')
  t.match(passes(), `refs/troupe/${id}/_passed\n`)
  t.match(await troupeHere(directory, 'doctor', '--run', id), { status: 0 })
  await troupeHere(directory, 'gc', '--older-than', '0s', '--unapplied')
  t.equal(passes(), '', 'what passed goes with its run')
})
