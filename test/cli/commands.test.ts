import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import t from 'tap'
import { kinds } from '../../src/agents/registry.ts'
import { proxyPrefix } from '../../src/agents/sandbox/left-proxies.ts'
import { openProxy } from '../../src/agents/sandbox/proxy.ts'
import { openGit } from '../../src/changes/git.ts'
import { openRepository } from '../../src/changes/repository.ts'
import { doctorCommand } from '../../src/cli/doctor.ts'
import { findRun, type FoundRun } from '../../src/cli/find-run.ts'
import { gcCommand } from '../../src/cli/gc.ts'
import { type Collected, collectRun } from '../../src/cli/gc/collect-run.ts'
import { type RunSurvey, surveyRuns } from '../../src/cli/gc/survey-runs.ts'
import { initCommand } from '../../src/cli/init.ts'
import { loggedDeadLetters } from '../../src/cli/logged-dead-letters.ts'
import { planCommand } from '../../src/cli/plan.ts'
import { runCommand } from '../../src/cli/run.ts'
import { schemaCommand } from '../../src/cli/schema.ts'
import { showCommand } from '../../src/cli/show.ts'
import { proposalPage } from '../../src/cli/show/page/proposal-page.ts'
import { statusJson } from '../../src/cli/status/one-run.ts'
import { statusCommand } from '../../src/cli/status.ts'
import { watchRun } from '../../src/cli/status/watch-run.ts'
import { systemClock } from '../../src/clock.ts'
import { catalogue, type ErrorCode, must, TroupeError } from '../../src/errors.ts'
import { asAgentName, asRunId, asTaskId } from '../../src/ids.ts'
import { openLog } from '../../src/log.ts'
import type { Conflict } from '../../src/merge/conflict.ts'
import { noHistory } from '../../src/monitor/history.ts'
import type { Resolution } from '../../src/supervisor/run/state.ts'
import { readRun } from '../../src/cli/read-run.ts'
import type { Proposal } from '../../src/merge/proposal.ts'
import { readManifest } from '../../src/plan/manifest.ts'
import { identityOf } from '../../src/process-identity.ts'
import { canConfine, privateFolder } from '../../src/processes/sandbox.ts'
import { followJournal } from '../../src/store/follow-journal.ts'
import { lineOf } from '../../src/store/journal-record.ts'
import { openJournal } from '../../src/store/journal.ts'
import { layoutOf, listRuns, makeRunFolders } from '../../src/store/layout.ts'
import type { RunEvent } from '../../src/supervisor/run/events.ts'
import {
  begin,
  emptyFolder,
  fingerprint,
  git,
  manifest,
  repositoryOf,
  runHere,
  troupe,
  troupeHere,
} from '../acceptance/troupe.ts'
import { ManualClock } from '../manual-clock.ts'
import { conflictOf, manifestOf, Play, run as played } from '../monitor/play.ts'
import { gone } from '../process-life.ts'
import { isWritten } from '../until.ts'
import { invoke } from './fake-terminal.ts'

process.env['TZ'] = 'UTC'
const root = resolve(import.meta.dirname, '../..')
const nobody = { pid: 999_999_999, group: 999_999_999, startTime: 1 }

/** A repository with these files in its only commit. */
async function repositoryWith(t: Tap, files: Readonly<Record<string, string>>): Promise<string> {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'troupe-look-')))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
  const git = openGit(directory)
  await git.run(['init', '--quiet', '--initial-branch', 'main'])
  await git.run(['add', '--all'])
  await git.run(['commit', '--quiet', '--allow-empty', '--message', 'base'])
  return directory
}

type Tap = Pick<typeof t, 'teardown'>

/** A run's folder as a supervisor leaves it after these events. */
async function leaveRun(directory: string, play: Play, manifest: string): Promise<FoundRun> {
  const repository = await openRepository(directory)
  const files = makeRunFolders(layoutOf(repository.root), played)
  writeFileSync(files.manifest, manifest)
  const journal = await openJournal<RunEvent>({ path: files.journal, epoch: 1, clock: new ManualClock(play.now) })
  for (const { event } of play.records) journal.append(event)
  await journal.close()
  return { repository, id: played, files }
}

/** A repository in which this process carries a run out, as its journal tells. */
async function runUnderWay(
  t: Parameters<typeof repositoryWith>[0],
): Promise<FoundRun & { readonly directory: string }> {
  const directory = await repositoryWith(t, {})
  const text = manifestOf(['tests', 'docs tests'])
  const play = new Play(text).start(identityOf(process.pid, process.pid)).begin('tests')
  return { ...(await leaveRun(directory, play, text)), directory }
}

const weak = `import hashlib


def digest(text):
    print("\\x1b[31m")
    return hashlib.md5(text).hexdigest()
`

const everyEnd = `version: 1
tasks:
  - { id: left, command: [sh, -c, 'echo working; printf "a\\nLEFT\\nc\\n" > list.txt'], files: [list.txt] }
  - { id: right, command: [sh, -c, 'printf "a\\nRIGHT\\nc\\n" > list.txt'], files: [list.txt] }
  - { id: review, agent: local, verb: review, prompt: security, files: [weak.py] }
  - { id: broken, command: [sh, -c, 'printf "\\033[31mred\\033[0m\\n"; echo out of luck; exit 3'] }
  - { id: after, needs: [broken], command: ['true'] }
  - { id: odd, command: [sh, -c, 'printf "\\033[2Jodd\\n" > odd.txt'] }
`

t.test('looking at a run', async (t) => {
  const files = { 'list.txt': 'a\nb\nc\n', 'weak.py': weak }
  const directory = await repositoryWith(t, { ...files, 'troupe.yaml': everyEnd })
  const setting = { directory, environment: { PATH: process.env['PATH'] } }
  const ended = await invoke(runCommand, setting, { given: ['troupe.yaml'] })
  t.equal(ended.status, 1, ended.err)
  const { id } = await findRun(directory, undefined)
  const status = (more = {}) => invoke(statusCommand, setting, more)
  const show = (more = {}) => invoke(showCommand, setting, more)

  await t.test('status tells where each task stands', async (t) => {
    const { out, status: code } = await status()
    t.equal(code, 0)
    t.match(out, /^run \d{8}-.*: ended .*, 4 of 6 done, 1 failed, 1 blocked\n/)
    t.match(out, /^done +left +1\/1 .* working$/m)
    t.match(out, /^failed +broken +1\/1 /m)
    t.match(out, /^blocked by broken +after$/m)
    t.match(out, /^ended with 1: /m)
    const json = JSON.parse((await status({ json: true, given: [id.slice(0, 12)] })).out)
    t.match(json, {
      schema: 'troupe/run-status/1',
      run: id,
      phase: 'ended',
      counts: { succeeded: 4, failed: 1, blocked: 1 },
    })
    t.match(json.tasks[3], { id: 'broken', phase: 'failed', attempt: '1/1' })
    t.match(json.proposal, { verdict: 'not-run', commit: /^[0-9a-f]{40}$/ })
  })

  await t.test('status --all lists the runs', async (t) => {
    t.match((await status({ all: true })).out, new RegExp(`^run .*checks\n${id} +ended +4/6 +1 +\\d{4}-.* not-run\n$`))
    const { runs, schema } = JSON.parse((await status({ all: true, json: true })).out)
    t.match({ runs, schema }, { schema: 'troupe/runs/1', runs: [{ run: id, phase: 'ended', done: 4, exitCode: 1 }] })
    t.match(await status({ all: true, watch: true }), { status: 2, err: /USAGE/ })
    const journal = join(directory, '.agents/runs', id, 'journal.ndjson')
    const kept = readFileSync(journal)
    writeFileSync(journal, `damaged\n${kept.toString()}`)
    const { out } = await status({ all: true })
    writeFileSync(journal, kept)
    const rows = `run +state {7}done .*\n${id} +unreadable +0/0 +0 +- +-`
    t.match(out, new RegExp(`^${rows}\n\n${id}: .*\n$`), 'why it cannot be read widens no column')
  })

  await t.test('from another worktree of the repository it is said where the run is', async (t) => {
    const side = join(emptyFolder(t), 'the other side')
    git(directory, 'worktree', 'add', '--quiet', '--detach', side)
    t.teardown(() => git(directory, 'worktree', 'remove', '--force', side))
    const where = new RegExp(`^${directory}, another worktree, has 1 run: name it with -C$`, 'm')
    const there = { ...setting, directory: side }
    t.match(await invoke(gcCommand, there, {}), { status: 0, out: /^nothing to collect/, err: where })
    t.match(await invoke(showCommand, there, {}), { status: 2, err: /there is no run in .*the other side yet/ })
    t.match(await invoke(showCommand, there, {}), { err: where })
    t.match(await invoke(showCommand, there, { given: [id] }), {
      status: 2,
      err: /there is no run \S+ in .*other side$/m,
    })
    t.match(await invoke(showCommand, there, { given: [id] }), { err: where })
    t.notMatch((await invoke(showCommand, there, { given: ['none'] })).err, where)
    t.match(await invoke(statusCommand, there, { all: true }), { status: 0, out: '', err: where })
    const { runs, elsewhere } = JSON.parse((await invoke(statusCommand, there, { all: true, json: true })).out)
    t.same({ runs, elsewhere }, { runs: [], elsewhere: [{ folder: directory, runs: [id] }] })
    t.equal((await status({ all: true })).err, '', 'nothing is said where no other has any')
  })

  await t.test('status --watch tells the whole run and ends with it', async (t) => {
    const { out, err, status: code } = await status({ watch: true })
    t.equal(code, 0)
    t.match(err, /^\d\d:\d\d:\d\d left running \(attempt 1\)$/m)
    t.match(err, /^\d\d:\d\d:\d\d after blocked by broken$/m)
    t.match(err, /run ended: .*\n$/)
    t.match(out, /^run .*: ended/)
  })

  await t.test('show prints the proposal for people and programs', async (t) => {
    t.match((await show()).out, /^# Not checked: 2 of 6 tasks landed, 1 conflict\n/)
    t.match(JSON.parse((await show({ json: true })).out), { schema: 'troupe/proposal/1', run: id })
  })

  await t.test('show --html is a whole page that asks nobody for anything and shows texts as texts', async (t) => {
    const { out } = await show({ html: true })
    t.match(out, /^<!doctype html>.*<h1 class="not-run">Not checked: 2 of 6 tasks landed, 1 conflict<\/h1>/s)
    t.match(out, /<path\s+class="arc conflict"[^>]*><title>[^<]+ changed the same part of [^<]+<\/title>/)
    t.match(out, /<rect class="dropped"[^>]*><title>\d+ dropped<\/title>/)
    t.notMatch(out, /<script|https?:|<(?:img|link|iframe)/)
    const proposal = JSON.parse((await show({ json: true })).out) as Proposal
    const named = { ...proposal, tasks: proposal.tasks.map((task) => ({ ...task, summary: `<b>&"'\u0007` })) }
    t.match(proposalPage(named), '<td>&lt;b&gt;&amp;&quot;&#39;\uFFFD</td>')
    t.match(await show({ html: true, json: true }), { status: 2, out: /only one of --html and --json/ })
    t.match(await show({ html: true, task: 'left' }), { status: 2, err: /--html goes with no --task/ })
  })

  await t.test('show --conflicts gives both sides in the manner of diff3', async (t) => {
    t.equal(
      (await show({ conflicts: true })).out,
      `list.txt (content): left (line 2) and right (line 2) changed the same part of list.txt.
<<<<<<< left list.txt:2
LEFT
||||||| base list.txt:2
b
=======
RIGHT
>>>>>>> right list.txt:2
`,
    )
    const { conflicts } = JSON.parse((await show({ conflicts: true, json: true })).out)
    t.match(conflicts, [
      { kind: 'content', texts: [{ text: { ours: 'LEFT\n', base: 'b\n', theirs: 'RIGHT\n' }, truncated: false }] },
    ])
  })

  await t.test('show --findings is a table', async (t) => {
    t.match((await show({ findings: true })).out, /^\w+ +weak\.py:6:\d+ +python\/weak-hash +review /m)
    t.match(JSON.parse((await show({ findings: true, json: true })).out), { findings: [{ rule: 'python/weak-hash' }] })
  })

  await t.test('show --task gives the result, the log or the diff of one task', async (t) => {
    const right = await show({ task: 'right' })
    t.match(right.out, /^right: succeeded \(run by command\)\n/)
    t.match(right.out, /^ {2}proposal +left-out: conflicts with left in list\.txt$/m)
    t.match(right.out, new RegExp(`^ {2}change +[0-9a-f]{12} at refs/troupe/${id}/right/1$`, 'm'))
    t.match((await show({ task: 'after' })).out, /^ {2}reason +needs broken, which did not succeed$/m)
    t.match((await show({ task: 'review' })).out, /python\/weak-hash/)
    t.equal((await show({ task: 'broken', log: true })).out, 'red\nout of luck\n', 'without escape codes')
    t.match(await show({ task: 'after', log: true }), { out: '', err: 'after has not begun\n', status: 0 })
    t.match((await show({ task: 'left', diff: true })).out, /^-b\n\+LEFT$/m)
    t.match(await show({ task: 'review', diff: true }), { out: '', err: 'review has changed nothing\n', status: 0 })
    const json = async (more: object): Promise<unknown> => JSON.parse((await show({ ...more, json: true })).out)
    t.match(await json({ task: 'right' }), { schema: 'troupe/result/1', changeSet: { files: ['list.txt'] } })
    t.match(await json({ task: 'broken', log: true }), { schema: 'troupe/log/1', attempt: 1, text: /luck/ })
    t.match(await json({ task: 'left', diff: true }), { schema: 'troupe/diff/1', task: 'left', diff: /LEFT/ })
  })

  await t.test('show --diff can be applied, and is coloured only where people see it', async (t) => {
    const { out } = await show({ diff: true })
    await openGit(directory).run(['apply', '--check', '-'], { input: out })
    for (const more of [{}, { task: 'left' }]) {
      const { diff } = JSON.parse((await show({ ...more, diff: true, json: true })).out) as { diff: string }
      await openGit(directory).run(['apply', '--check', '-'], { input: diff })
    }
    t.notMatch(out, '\u001B[32m')
    t.match(out, '+\u001B[2Jodd', 'what is piped is as it is')
    const seen = await invoke(showCommand, { ...setting, answersSeen: true }, { diff: true })
    t.match(seen.out, '\u001B[32modd', 'what is seen has colours and no other code')
    t.notMatch(seen.out, '\u001B[2J')
    const plain = { directory, answersSeen: true, environment: { NO_COLOR: '1' } }
    t.notMatch((await invoke(showCommand, plain, { diff: true })).out, '\u001B')
    const settings = {
      'diff.orderFile': '/nowhere',
      'diff.context': '0',
      'diff.noprefix': 'true',
      'color.ui': 'always',
    }
    for (const [name, value] of Object.entries(settings)) await openGit(directory).run(['config', name, value])
    t.equal((await show({ diff: true })).out, out, "whatever the user's settings")
    for (const name of Object.keys(settings)) await openGit(directory).run(['config', '--unset', name])
  })

  await t.test('what is not there is said with the nearest that is', async (t) => {
    t.match(await show({ task: 'riht' }), { status: 2, err: /did you mean right\?\n {2}TASK_NOT_FOUND: / })
    t.match(await show({ given: [`${id.slice(0, -1)}x`] }), { status: 2, err: new RegExp(`did you mean ${id}`) })
    t.match(await show({ log: true }), { status: 2, err: /--log needs --task/ })
    t.match(await show({ log: true, diff: true, task: 'left' }), { status: 2, err: /only one of --log and --diff/ })
    t.match(await show({ findings: true, task: 'left' }), { status: 2, err: /USAGE/ })
    const beyond = await troupeHere(directory, 'show', '--conflict', '20000')
    t.match(beyond, { status: 2, stderr: /there is no conflict 20000: the proposal has 1/ }, 'a proposal may have many')
    t.match(await troupeHere(directory, 'show', '--conflict', '0'), { status: 2, stderr: /whole number from 1\.\n/ })
    const failure = JSON.parse((await show({ task: 'riht', json: true })).out)
    t.match(failure, { schema: 'troupe/error/1', code: 'TASK_NOT_FOUND' })
  })

  await t.test('only what starts agents needs a commit in the checkout', async (t) => {
    git(directory, 'checkout', '--quiet', '--orphan', 'fresh')
    for (const command of [['show'], ['status'], ['status', '--all'], ['log'], ['replay'], ['gc', '--dry-run']])
      t.match(await troupeHere(directory, ...command), { status: 0, stderr: '' }, command.join(' '))
    t.match(await troupeHere(directory, 'run', 'troupe.yaml'), { status: 2, stderr: /NO_COMMIT_YET: .* name another/ })
    t.match(await troupeHere(directory, 'plan', '--base', 'main', 'troupe.yaml'), { status: 0 })
  })
})

t.test('a run folds again to what it was, also when the command line changed its rules', async (t) => {
  const directory = await repositoryWith(t, {
    'troupe.yaml': `version: 1
concurrency: 1
mailbox: 0
onFailure: stop
tasks:
${['a', 'b', 'c', 'd'].map((id) => `  - { id: ${id}, command: [sh, -c, 'echo ${id} >> one.txt'], files: [one.txt] }`).join('\n')}
  - { id: bad, command: ['false'] }
`,
  })
  const options = { concurrency: 3, onOverlap: 'serialize', onFailure: 'continue' } as const
  const ended = await invoke(runCommand, { directory }, { ...options, given: ['troupe.yaml'] })
  const { out } = await invoke(statusCommand, { directory }, {})
  t.match(out, ': ended', ended.err)
  t.match(out, ', 4 of 5 done, 1 failed\n')
})

t.test('threads of the tasks that can start at once begin before the run does', async (t) => {
  const task = (id: string, more = ''): string => `  - { id: ${id}, command: ['true']${more} }`
  const directory = await repositoryWith(t, {
    'troupe.yaml': `version: 1
mode: thread
concurrency: 3
agents: { narrow: { kind: command, concurrency: 1 } }
tasks:
${[task('a'), task('b', ', needs: [a]'), ...['c', 'd'].map((id) => task(id, ', agent: narrow'))].join('\n')}
`,
  })
  const begun: number[] = []
  const onWorker = (): void => void begun.push(Date.now())
  process.on('worker', onWorker)
  const ended = await invoke(runCommand, { directory }, { given: ['troupe.yaml'] })
  process.off('worker', onWorker)
  t.equal(ended.status, 0, ended.err)
  t.match(ended.out, /: 0 of 4 tasks changed files that landed, 0 findings\n/)
  t.notMatch(ended.out, 'troupe apply', 'what has changed nothing is not to be taken')
  const { files } = await findRun(directory, undefined)
  const journal = readFileSync(files.journal, 'utf8').split('\n')
  const started = journal.find((line) => line.includes('"run-started"')) ?? ''
  const at = Number(/"at":(?<at>\d+)/.exec(started)?.groups?.['at'])
  const after = begun.map((time) => time - at).join()
  t.equal(begun.filter((time) => time <= at).length, 3, `of the aggregator, of a, of c or d; all: ${after}`)
})

t.test('a conflict that was settled is told no more, whichever of its tasks was asked about', async (t) => {
  const directory = await repositoryWith(t, {})
  const text = manifestOf(['a', 'b', 'c'])
  const play = new Play(text).start(nobody)
  const run = await leaveRun(directory, play, text)
  const between = (ours: string, theirs: string): Conflict => ({ ...conflictOf(ours, theirs), file: 'f' })
  const settled = { files: [{ path: 'f' }], standing: { phase: 'ended', outcome: 'kept' } } as unknown as Resolution
  const { rules, manifest } = play
  const state = { ...play.state, resolutions: new Map([[asTaskId('b'), settled]]) }
  const conflicts = [between('a', 'b'), between('b', 'a'), between('a', 'c'), { ...between('a', 'b'), file: 'g' }]
  const history = { ...noHistory, conflicts }
  const told = statusJson({ run, reading: { ...(await readRun(run)), rules, manifest, state, history }, now: 0 })
  t.same((told as { conflicts: unknown }).conflicts, conflicts.slice(2))
})

t.test('a run whose supervisor is gone is unfinished, and one that goes on is followed', async (t) => {
  const directory = await repositoryWith(t, {})
  const text = manifestOf(['tests', 'docs tests'])
  const play = new Play(text)
  play.start(nobody).begin('tests')
  const run = await leaveRun(directory, play, text)
  const status = run.files.status(asAgentName('local'), asTaskId('tests'))
  writeFileSync(status, JSON.stringify({ lastOutput: 'half way', progress: '', pid: null }))
  const gone = await invoke(statusCommand, { directory }, {})
  t.match(gone.out, ': unfinished (its supervisor is gone) 0.0 s, ', 'when it was last heard of')
  t.match(gone.out, /^running +tests .* half way$/m)
  t.match(await invoke(statusCommand, { directory }, { watch: true }), { status: 1, out: /unfinished/ })
  t.match(await invoke(showCommand, { directory }, {}), { status: 2, err: /PROPOSAL_NOT_FOUND/ })
  t.match((await invoke(showCommand, { directory }, { task: 'tests' })).out, /^tests: running/)
  t.match(await troupeHere(directory, 'show', '--task', 'tests', '--diff'), {
    status: 0,
    stdout: '',
    stderr: 'tests is running and has no change set\n',
  })
  mkdirSync(run.files.log(asTaskId('tests'), 1))
  t.match(await troupeHere(directory, 'show', '--task', 'tests', '--log'), {
    status: 3,
    stderr: /^troupe: cannot read .*tests\.1\.log: EISDIR.*\n {2}STORE_FAILED/,
  })

  await t.test('a process with the same number is not the supervisor', async (t) => {
    const other = { ...identityOf(process.pid, process.pid), startTime: 1 }
    const again = new Play(text)
    again.start(other)
    rmSync(run.files.folder, { recursive: true })
    await leaveRun(directory, again, text)
    t.match((await invoke(statusCommand, { directory }, { json: true })).out, '"phase": "unfinished"')
  })

  await t.test('watching shows what comes, until the end', async (t) => {
    const here = new Play(text)
    here.start(identityOf(process.pid, process.pid)).begin('tests')
    rmSync(run.files.folder, { recursive: true })
    await leaveRun(directory, here, text)
    const told = here.records.length
    here.done('tests', 'fine').begin('docs').done('docs', 'written')
    here.happened({ type: 'run-ended', exitCode: 0, reason: 'all is well' })

    const journal = await openJournal<RunEvent>({ path: run.files.journal, epoch: 1, clock: systemClock })
    const said: string[] = []
    const write = (line: string): void => {
      said.push(line.replace(/^[\d:]+ /, ''))
      // the first line of the view is the sign that the run is being watched
      if (said.length === 1) for (const { event } of here.records.slice(told)) journal.append(event)
    }
    const watched = await invoke(statusCommand, { directory, write }, { watch: true })
    await journal.close()
    t.equal(watched.status, 0)
    t.match(said, ['tests running (attempt 1)\n', /^tests done/, 'docs running (attempt 1)\n', /^docs done/])
    t.match(said.at(-1), 'run ended: all is well\n')
    t.match(watched.out, /^run .*: ended .*2 of 2 done\n/)
  })

  await t.test('watching ends when nobody wants to watch any more', async (t) => {
    const here = new Play(text)
    here.start(identityOf(process.pid, process.pid)).begin('tests')
    rmSync(run.files.folder, { recursive: true })
    await leaveRun(directory, here, text)
    const stop = new AbortController()
    const clock = new ManualClock()
    const after = clock.after.bind(clock)
    clock.after = (delayMs, due) => {
      queueMicrotask(() => stop.abort())
      return after(delayMs, due)
    }
    const watching = invoke(
      async (terminal) => {
        t.equal(await watchRun(run, { clock, terminal, signal: stop.signal, shown: true }), 'working')
        return 0
      },
      { directory },
      {},
    )
    t.equal((await watching).status, 0)
    t.equal(clock.waiting, 0, 'no timer is left')
  })
})

t.test('a run is found by the beginning of its id, if that says which', async (t) => {
  const directory = await repositoryWith(t, {})
  t.match(await invoke(statusCommand, { directory }, {}), { status: 2, err: /there is no run .* yet/ })
  t.match(await invoke(statusCommand, { directory }, { all: true }), { status: 0, out: '', err: /no run here yet/ })
  const layout = layoutOf(directory)
  for (const id of ['20260101-120000-aa', '20260101-120000-ab', '20260202-000000-cc'])
    writeFileSync(makeRunFolders(layout, asRunId(id)).manifest, '')
  makeRunFolders(layout, asRunId('20260303-000000-dd'))
  t.equal((await findRun(directory, undefined)).id, '20260202-000000-cc', 'the newest that began')
  t.equal((await findRun(directory, '20260202')).id, '20260202-000000-cc')
  t.equal((await findRun(directory, '20260101-120000-aa')).id, '20260101-120000-aa')
  await t.rejects(findRun(directory, '20260101'), {
    code: 'RUN_NOT_FOUND',
    message: '2 runs begin with 20260101: 20260101-120000-aa, 20260101-120000-ab',
  })
  const all = await invoke(statusCommand, { directory }, { all: true })
  t.match(all.out, /^20260303-000000-dd: the run .* never began$/m)
})

t.test('a journal is followed line by whole line', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-look-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'journal.ndjson')
  const line = (seq: number, event: unknown, epoch = 1): string => lineOf({ seq, at: 0, epoch, event })
  const [first, second, third] = [line(1, 'ä'), line(2, 'b'), line(3, 'c', 2)]
  const events = (): readonly unknown[] => follower.next().map(({ event }) => event)
  const follower = followJournal<unknown>(path)
  const header = line(0, { journal: 'troupe/journal/1' })
  writeFileSync(path, header + first + second.slice(0, 20))
  t.same(events(), ['ä'])
  t.same(events(), [], 'a torn line is waited for')
  writeFileSync(path, header + first + second)
  t.same(events(), ['b'])
  writeFileSync(path, `${header}${first}${second}garbage\n`)
  t.same(events(), [], 'a damaged end may yet be cut off')
  writeFileSync(path, header + first + second + third + line(3, 'late', 1))
  t.same(events(), ['c'], 'what a deposed supervisor writes does not count')
  writeFileSync(path, `${readFileSync(path, 'utf8')}garbage\n${line(5, 'e', 2)}`)
  t.throws(() => follower.next(), { code: 'JOURNAL_CORRUPT' })
  t.throws(() => followJournal(join(folder, 'none')).next(), { code: 'STORE_FAILED' })
})

t.test('init writes a manifest that is valid as it stands and with its comments taken away', async (t) => {
  const python = { 'app.py': 'x = 1\n', 'b "c".py': 'y = 1\n', 'tests/test_app.py': '', 'pyproject.toml': '' }
  for (const files of [{ 'README.md': 'no code' }, python]) {
    const directory = await repositoryWith(t, files)
    const { out, status } = await invoke(initCommand, { directory }, {})
    t.equal(status, 0)
    t.match(out, 'next: troupe plan troupe.yaml')
    const text = readFileSync(join(directory, 'troupe.yaml'), 'utf8')
    const reading = readManifest(text, { kinds })
    t.ok(reading.ok, JSON.stringify(reading))
    const uncommented = readManifest(text.replaceAll(/^( *)# (?= *(?:[a-z]+:|- \{|- id))/gm, '$1'), { kinds })
    if (!uncommented.ok) t.fail(JSON.stringify(uncommented.mistakes))
    else t.match({ tasks: uncommented.value.tasks.length, checks: uncommented.value.check.length }, { checks: 1 })
  }
  const directory = await repositoryWith(t, python)
  await invoke(initCommand, { directory: join(directory, 'tests') }, {})
  const written = readFileSync(join(directory, 'troupe.yaml'), 'utf8')
  t.match(written, 'files: ["app.py", "b \\"c\\".py"]')
  t.match(written, 'run: "python3 -m pytest"')
  writeFileSync(join(directory, 'troupe.yaml'), 'mine')
  t.match(await invoke(initCommand, { directory }, {}), { status: 2, err: /is there already; --force replaces it/ })
  t.equal(readFileSync(join(directory, 'troupe.yaml'), 'utf8'), 'mine')
  const forced = await invoke(initCommand, { directory }, { force: true, json: true })
  t.match(JSON.parse(forced.out), { schema: 'troupe/init/1', files: ['app.py', 'b "c".py'] })
  t.equal(readFileSync(join(directory, 'troupe.yaml'), 'utf8'), written)
})

t.test('a filter that fails in the checkout is a note for whoever does not need it', async (t) => {
  const directory = await repositoryWith(t, { 'a.py': weak, 'b.bin': 'b\n', '.gitattributes': '*.bin filter=broken\n' })
  git(directory, 'config', 'filter.broken.clean', 'exit 1')
  git(directory, 'config', 'filter.broken.required', 'true')
  git(directory, 'config', 'filter.broken.smudge', 'cat')
  writeFileSync(join(directory, 'b.bin'), 'c\n') // as long as before: only its content tells
  const note =
    /note: whether anything is uncommitted cannot be told: git says: fatal: b\.bin: clean filter 'broken' failed\n/
  t.match(await troupeHere(directory, 'plan', 'review a.py'), { status: 0, stdout: note })
  t.match(await troupeHere(directory, 'run', 'review a.py'), { status: 0, stderr: note })
  t.match((await troupeHere(directory, 'doctor')).stdout, /^warning +checkout +git says: fatal: b\.bin/m)
})

t.test('a run whose journal is damaged or cannot be read hinders no new one', async (t) => {
  const directory = await repositoryWith(t, { 'a.py': weak })
  const run = (): ReturnType<typeof troupeHere> => troupeHere(directory, 'run', 'review a.py')
  t.match(await run(), { status: 0 })
  const layout = layoutOf(directory)
  const [id] = listRuns(layout)
  const { journal } = layout.run(asRunId(String(id)))
  const lines = readFileSync(journal, 'utf8').trimEnd().split('\n')
  writeFileSync(journal, `${lines.with(2, 'damaged').slice(0, -1).join('\n')}\n`)
  t.match(await run(), { status: 0 }, 'one that has not ended')
  rmSync(journal)
  mkdirSync(journal)
  t.match(await run(), { status: 0 }, 'one that is no file')
  t.match(await troupeHere(directory, 'resume', String(id)), {
    status: 3,
    stderr: /cannot read the journal .*\n {2}STORE_FAILED/,
  })
})

t.test('no output is written over the manifest or over a file that git tracks', async (t) => {
  const directory = await repositoryWith(t, { 'a.txt': 'a\n', 'docs/b.md': 'b\n' })
  symlinkSync('docs', join(directory, 'link'))
  const plan = (name: string, ...outputs: readonly string[]): ReturnType<typeof troupeHere> => {
    const lines = outputs.map((output) => `  ${output}`).join('\n')
    const task = '{ id: a, agent: x, command: [touch, new] }'
    writeFileSync(
      join(directory, name),
      `version: 1\nagents: { x: { kind: command } }\ntasks: [${task}]\noutput:\n${lines}\n`,
    )
    return troupeHere(directory, 'run', name)
  }
  t.match(await plan('my.yaml', 'json: ./my.yaml', 'markdown: link/b.md', 'sarif: docs/../a.txt'), {
    status: 2,
    stderr: new RegExp(
      [
        '^troupe: my.yaml:5:9 error output.json: this is the manifest itself, which it would overwrite\n[^]*',
        '\nmy.yaml:6:13 error output.markdown: git tracks this file, and it would be overwritten\n[^]*',
        '\nmy.yaml:7:10 error output.sarif: git tracks this file, [^]*',
        '\n3 mistakes; nothing was started\n {2}MANIFEST_INVALID',
      ].join(''),
    ),
  })
  t.equal(readFileSync(join(directory, 'a.txt'), 'utf8'), 'a\n')
  t.match(
    await plan('my.yaml', 'json: my.yaml', 'markdown: docs/b.md', 'sarif: ../a', 'html: a.html'),
    {
      status: 2,
      stderr: new RegExp(
        [
          '^troupe: my.yaml:5:9 error output.json: this is the manifest itself[^]*',
          '\nmy.yaml:6:13 error output.markdown: git tracks this file[^]*',
          '\nmy.yaml:7:10 error output.sarif: must stay inside the repository\n[^]*',
          '\nmy.yaml:8:3 error output.html: unknown key\n[^]*',
          '\n4 mistakes; nothing was started\n',
        ].join(''),
      ),
    },
    'all at once',
  )
  symlinkSync('my.yaml', join(directory, 'other.yaml'))
  t.match(await plan('other.yaml', 'json: my.yaml'), { status: 2, stderr: /output\.json: this is the manifest itself/ })
  t.match(await plan('my.yaml', 'json: docs/new.json', 'markdown: docs/new.md'), { status: 0 })
  t.match(
    await plan('my.yaml', 'json: docs/new.json', 'markdown: docs/new.md'),
    { status: 0 },
    'its own may be replaced',
  )
})

t.test('supervise says why it cannot lay an example out, and takes a manifest or an example', async (t) => {
  const directory = await repositoryWith(t, { 'a.txt': '1\n' })
  const command = (bin: string, tmp: string, ...args: readonly string[]): ReturnType<typeof spawnSync> =>
    spawnSync(process.execPath, [join(bin, 'bin/troupe.mjs'), ...args], {
      cwd: directory,
      encoding: 'utf8',
      env: { ...process.env, TMPDIR: tmp },
    })
  const noFolder = join(directory, 'a.txt')
  t.match(command(root, noFolder, 'supervise'), {
    status: 2,
    stderr: /^troupe: no folder can be made in .*a\.txt: .*\n {2}NO_TEMPORARY_FOLDER: Set TMPDIR/m,
  })
  for (const nothingThere of [join(directory, 'gone'), '/proc/1']) {
    const told = /^troupe: no folder can be made in \S+: .*\n {2}NO_TEMPORARY_FOLDER: Set TMPDIR/
    t.match(command(root, nothingThere, 'supervise'), { status: 2, stderr: told }, nothingThere)
  }
  t.notOk(existsSync(join(directory, 'gone')), 'what TMPDIR names is not made')
  t.match(command(root, noFolder, 'doctor').stdout, /^WRONG +git +no folder can be made in .*\n +do: Set TMPDIR/m)
  t.match(await troupeHere(directory, 'supervise', 'my.yaml', '--example', 'diamond'), {
    status: 2,
    stderr: /^troupe: my\.yaml or an example is supervised, not both/,
  })
  t.match(await troupeHere(directory, 'supervise', '--example', 'keep-alive'), {
    status: 2,
    stderr: /no example is called keep-alive: there are diamond, model, self, service\n/,
  })
  const inside = join(directory, 'vendor/troupe')
  for (const part of ['bin', 'src', 'examples', 'package.json'])
    cpSync(join(root, part), join(inside, part), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(inside, 'node_modules'))
  const tmp = emptyFolder(t)
  t.match(command(inside, tmp, 'supervise', '--example', 'self'), {
    status: 2,
    stderr: /^troupe: the example self is about Troupe's own repository, and .* is no clone of it; start it from one\n/,
  })
  t.same(
    readdirSync(tmp).filter((name) => name.startsWith('troupe-')),
    [],
    'nothing is laid out',
  )
})

t.test('init leaves nothing where it cannot write all of its manifest, and an old one as it was', async (t) => {
  const directory = await repositoryWith(t, { 'a.txt': '1\n' })
  const path = join(directory, 'troupe.yaml')
  const fullDisk = 'trap "" XFSZ; ulimit -f 0; exec "$0" "$@"' // no file may grow
  const init = (...options: readonly string[]): ReturnType<typeof spawnSync> => {
    const command = ['-c', fullDisk, process.execPath, join(root, 'bin/troupe.mjs'), 'init', ...options]
    return spawnSync('sh', command, { cwd: directory, encoding: 'utf8' })
  }
  const refused = {
    status: 3,
    stderr: /^troupe: cannot write .*troupe\.yaml: .*\n {2}STORE_FAILED: Check that the file/,
  }
  t.match(init(), refused)
  t.notOk(existsSync(path))
  writeFileSync(path, 'mine\n')
  t.match(init('--force'), refused)
  t.equal(readFileSync(path, 'utf8'), 'mine\n')
})

t.test('init --force writes where a link leads, and says of one that leads nowhere that it does', async (t) => {
  const directory = await repositoryWith(t, { 'a.txt': '1\n' })
  const [path, target] = [join(directory, 'troupe.yaml'), join(emptyFolder(t), 'shared.yaml')]
  symlinkSync(target, path)
  const refused = { status: 2, stderr: /troupe\.yaml is a link that leads nowhere.*\n {2}USAGE/ }
  t.match(await troupeHere(directory, 'init', '--force'), refused)
  t.notOk(existsSync(target))
  writeFileSync(target, 'mine\n')
  t.match(await troupeHere(directory, 'init'), { status: 2, stderr: /is there already/ })
  t.match(await troupeHere(directory, 'init', '--force'), { status: 0 })
  t.match(readFileSync(target, 'utf8'), /^version: 1$/m)
  t.equal(readlinkSync(path), target)
})

t.test(
  'names of files and words of agents do nothing to a terminal, nor to who reads the proposal in one',
  async (t) => {
    const name = 'we\u001B]0;title\u0007 \u202Erd.py'
    const shown = String.raw`"we\u001b]0;title\u0007 \u202erd.py"`
    const directory = await repositoryWith(t, { [name]: weak })
    const setting = { directory, environment: { PATH: process.env['PATH'] } }
    const hostile = String.raw`printf "\033[2J\033]0;t\007red \342\200\256x\n"`
    const text = `version: 1
tasks:
  - { id: missing, verb: review, files: ["no\\u001b[31m.py"] }
  - { id: named, command: [sh, -c, 'for file in we*; do echo x >> "$file"; done'], files: [${JSON.stringify(name)}] }
  - { id: said, command: [sh, -c, '${hostile}; touch said'] }
check:
  - { name: shown, run: [sh, -c, '${hostile}; exit 1'] }
`
    const harmless = (what: string, said: string): void => {
      t.notMatch(said.replaceAll('\n', ''), /[\p{Cc}\u202E]/u, what)
    }
    const init = await invoke(initCommand, setting, {})
    writeFileSync(join(directory, 'troupe.yaml'), text)
    const plan = await invoke(planCommand, setting, { given: ['troupe.yaml'] })
    const run = await invoke(runCommand, setting, { given: ['troupe.yaml'] })
    const result = await invoke(showCommand, setting, { task: 'named' })
    for (const [what, { out, err }] of Object.entries({ init, plan, run, result })) harmless(what, out + err)
    for (const { out } of [init, plan, result]) t.match(out, shown)
    const { id, files } = await findRun(directory, undefined)
    const proposals = readdirSync(files.folder).filter((file) => file.endsWith('.md'))
    for (const file of proposals) harmless(file, readFileSync(join(files.folder, file), 'utf8'))
    const page = await invoke(showCommand, setting, { html: true, given: [id] })
    harmless('page', page.out)
    t.match(page.out, '<pre>red x', 'the check')
    t.same([run.status, proposals.length], [1, 1], run.err)
  },
)

t.test('the schema in the repository is the one that the code gives', async (t) => {
  const { out } = await invoke(schemaCommand, { directory: root }, {})
  t.equal(out, readFileSync(join(root, 'schema/manifest.schema.json'), 'utf8'), 'node scripts/write-schema.ts')
})

t.test('doctor tries what a run needs and says what to do', async (t) => {
  const directory = await repositoryWith(t, { 'a.txt': 'a' })
  const programs = join(directory, 'programs')
  mkdirSync(programs)
  const flags = '--json --ephemeral --skip-git-repo-check --sandbox --config --model'
  writeFileSync(join(programs, 'codex'), `#!/bin/sh\nprintf '\\033[1mcodex 1.2.3\\033[0m\\n%s\\n' '${flags}'\n`)
  writeFileSync(join(programs, 'claude'), '#!/bin/sh\necho 0.2.1 --print --model\n')
  writeFileSync(join(programs, 'gemini'), '#!/bin/sh\nexit 3\n')
  cpSync(join(root, 'test/fixtures/programs/waits-for-ever.sh'), join(programs, 'qwen'))
  for (const name of ['codex', 'gemini', 'claude', 'qwen']) chmodSync(join(programs, name), 0o755)
  const state = join(directory, 'state')
  const setting = { directory, environment: { PATH: `${programs}:/usr/bin:/bin`, XDG_STATE_HOME: state } }
  const { out, status } = await invoke(doctorCommand, setting, {})
  t.equal(status, 0, out)
  for (const line of [
    /^ok +node +\d/m,
    /^ok +git +\d.*merges/m,
    new RegExp(`^ok +repository +${directory} at [0-9a-f]{12}$`, 'm'),
    /^warning +checkout +\d uncommitted paths?\n +do: .*commit/m,
    /^ok +\.agents +not ignored yet/m,
    /^ok +mode async +works/m,
    /^ok +mode thread +works/m,
    /^ok +mode process +works/m,
    /^ok +codex +codex 1\.2\.3$/m,
    /^warning +codex app-server +codex 1\.2\.3 lacks app-server, --listen\n +do: install a newer codex/m,
    /^warning +gemini +gemini gives no help: status 3\n +do: /m,
    /^warning +claude +0\.2\.1 --print --model lacks --input-format, .*\n +do: install a newer claude$/m,
    /^warning +qwen +gave no version in 2 s$/m,
    /^- +opencode +not on the PATH$/m,
  ])
    t.match(out, line)
  rmSync(join(programs, 'qwen'))
  const outside = await invoke(doctorCommand, { ...setting, directory: tmpdir() }, { json: true })
  t.equal(outside.status, 1)
  const { ok, checks } = JSON.parse(outside.out)
  t.equal(ok, false)
  const found = checks.find(({ name }: { readonly name: string }) => name === 'repository')
  t.match(found, { state: 'wrong', found: /not inside a git repository/, todo: /^Run inside/ })
})

t.test('nothing is begun whose agents lack a key, or a program that has what it is asked for', async (t) => {
  const directory = await repositoryWith(t, { 'a.txt': 'a' })
  const programs = join(directory, 'programs')
  mkdirSync(programs)
  const agents = { coder: { kind: 'codex', credentials: ['NO_SUCH_KEY'] } }
  const tasks = [{ id: 'a', agent: 'coder', prompt: 'Do it.' }]
  writeFileSync(join(directory, 'troupe.json'), JSON.stringify({ version: 1, agents, tasks }))
  const state = join(directory, 'state')
  const planned = (environment: Readonly<Record<string, string>> = {}) => {
    const PATH = `${programs}:/usr/bin:/bin`
    const setting = { directory, environment: { PATH, XDG_STATE_HOME: state, ...environment } }
    return invoke(planCommand, setting, { given: ['troupe.json'] })
  }
  t.match(await planned(), { status: 2, err: /coder: the variable NO_SUCH_KEY is not set\n +KEY_MISSING/ })
  const key = { NO_SUCH_KEY: 'a key that is long' }
  t.match(await planned(key), { status: 2, err: /coder: codex: not found\n +AGENT_UNFIT: Install the program/ })
  const write = (said: string): void => writeFileSync(join(programs, 'codex'), `#!/bin/sh\necho '${said}'\n`)
  write('codex-cli 0.1.0 --json')
  chmodSync(join(programs, 'codex'), 0o755)
  t.match(await planned(key), {
    status: 2,
    err: /coder: codex-cli 0\.1\.0 --json lacks --ephemeral, .*\n +AGENT_UNFIT/,
  })
  write('codex-cli 1.0 --json --ephemeral --skip-git-repo-check --sandbox --config --model')
  t.match(await planned(key), { status: 0, out: /coder/ })
})

t.test('the commands answer from a shell, and a failure has no stack trace', async (t) => {
  const directory = await repositoryWith(t, {})
  const child = spawn(process.execPath, [join(root, 'bin/troupe.mjs'), 'show', '-C', directory, '\u001B[31mred\u0007'])
  const chunks: string[] = []
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk))
  const [code] = await once(child, 'close')
  t.equal(code, 2)
  t.match(chunks.join(''), /^troupe: there is no run red\n {2}RUN_NOT_FOUND: .*\n$/)
})

t.test('a folder that is gone is named, also where the program was started in it', async (t) => {
  const directory = await repositoryWith(t, { 'a.txt': '1\n' })
  const gone = join(emptyFolder(t), 'gone')
  const told = await troupeHere(gone, 'doctor')
  t.match(told, { status: 1, stdout: /^WRONG +repository +.*gone does not exist\n/m })
  t.notMatch(told.stdout, /^\S+ +disk/m)
  mkdirSync(gone)
  const inGone = (...args: readonly string[]): object => {
    const words = [
      '-c',
      'cd "$0" && rmdir "$0" && exec "$@"',
      gone,
      process.execPath,
      join(root, 'bin/troupe.mjs'),
      ...args,
    ]
    const env = { ...process.env, NODE_OPTIONS: '' }
    return spawnSync('sh', words, { encoding: 'utf8', env })
  }
  const refused = /^troupe: the folder in which troupe was started is gone\n {2}NOT_A_REPOSITORY: /
  t.match(inGone('status'), { status: 2, stdout: '', stderr: refused })
  mkdirSync(gone)
  t.match(inGone('status', '--nonsense'), { status: 2, stderr: /^troupe: unknown option '--nonsense'\n {2}USAGE/ })
  mkdirSync(gone)
  t.match(inGone('-C', directory, 'status', '--all'), { status: 0, stderr: /^there is no run here yet/ })
})

t.test('the program has the version of its package', async (t) => {
  const [copy, link] = [
    join(emptyFolder(t), 'package'),
    (name: string) => symlinkSync(join(root, name), join(copy, name)),
  ]
  for (const folder of ['bin', 'src']) cpSync(join(root, folder), join(copy, folder), { recursive: true })
  for (const name of ['node_modules', 'prompts', 'schema']) link(name)
  const { version: _, ...rest } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  writeFileSync(join(copy, 'package.json'), JSON.stringify({ ...rest, version: '7.6.5' }))
  const child = spawn(process.execPath, [join(copy, 'bin/troupe.mjs'), '--version'])
  const said: string[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => said.push(text))
  t.same([...(await once(child, 'close')), ...said], [0, null, '7.6.5\n'])
})

t.test('an older Node hands over to the one that npm put beside the program, and is not outlived by it', async (t) => {
  const { directory } = await runUnderWay(t)
  // another file than the one that npm put there
  const node = join(emptyFolder(t), 'node')
  copyFileSync(process.execPath, node, constants.COPYFILE_FICLONE)
  const older = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } })`
  const start = (...args: string[]): ReturnType<typeof spawn> =>
    spawn(node, ['--import', `data:text/javascript,${older}`, join(root, 'bin/troupe.mjs'), ...args])
  const endOf = async (child: ReturnType<typeof spawn>): Promise<unknown> => {
    const said: string[] = []
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (chunk: string) => said.push(chunk))
    const [code, signal] = await once(child, 'close')
    return { code, signal, said: said.join('') }
  }
  t.match(await endOf(start('schema')), { code: 0, said: /^\{[^]*\}\n?$/ })
  t.match(await endOf(start('show', '-C', directory, 'red')), { code: 2, said: /^troupe: there is no run red; / })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
    const child = start('log', '--follow', '-C', directory)
    child.stdout?.once('data', () => child.kill(signal))
    t.match(await endOf(child), { said: /\S/ }, `after ${signal} nobody holds its output open`)
  }
})

t.test('log --follow of a journal that goes away says so as every failure is said', async (t) => {
  const { directory, files } = await runUnderWay(t)
  const child = spawn(process.execPath, [join(root, 'bin/troupe.mjs'), '--json', 'log', '--follow', '-C', directory])
  const said = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said.out += chunk
    rmSync(files.journal, { force: true })
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said.err += chunk))
  const [code] = await once(child, 'close')
  const last = JSON.parse(said.out.trim().split('\n').at(-1) ?? '') as unknown
  t.match({ code, ...said, last }, { code: 3, err: '', last: { schema: 'troupe/error/1', code: 'STORE_FAILED' } })
})

t.test('what nobody reads to its end ends without a complaint', async (t) => {
  const { directory } = await runUnderWay(t)
  for (const args of [['schema'], ['--help'], ['help', 'run'], ['log', '--follow', '-C', directory]]) {
    const child = spawn(process.execPath, [join(root, 'bin/troupe.mjs'), ...args])
    child.stdout.destroy()
    const said: string[] = []
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => said.push(chunk))
    t.same([...(await once(child, 'close')), ...said], [0, null], args.join(' '))
  }
  const watch = [join(root, 'bin/troupe.mjs'), 'status', '--watch', '-C', directory]
  const child = spawn('sh', ['-c', 'exec "$0" "$@" 2>&1', process.execPath, ...watch])
  child.stdout.destroy()
  t.same(await once(child, 'close'), [0, null], 'what is watched through the pipe of the answers')
  const ended = repositoryOf(t, { 'a.txt': 'a\n' })
  await runHere(ended, manifest(t, { tasks: [{ id: 'b', command: ['touch', 'b'] }] }))
  const other = spawn(process.execPath, [...watch.slice(0, -1), ended])
  other.stderr.destroy()
  const answer: string[] = []
  other.stdout.setEncoding('utf8').on('data', (chunk: string) => answer.push(chunk))
  await once(other, 'close')
  t.match(answer.join(''), /^run .*: ended/, 'whoever reads the answers waits for them')
})

t.test(
  'an answer that cannot be written ends no work, and is told',
  { skip: !existsSync('/dev/full') && 'no /dev/full' },
  async (t) => {
    const directory = repositoryOf(t, { 'a.txt': 'a\n' })
    const path = manifest(t, { tasks: [{ id: 'b', command: ['touch', 'b'] }] })
    const into = (where: string, ...args: readonly string[]): ReturnType<typeof spawnSync> => {
      const words = ['-c', `exec "$0" "$@" ${where}`, process.execPath, join(root, 'bin/troupe.mjs'), ...args]
      return spawnSync('sh', words, { cwd: directory, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } })
    }
    const told = /(?:^|\n)troupe: the answer cannot be written: ENOSPC: .*\n {2}NO_SPACE: [^\n]*\n$/
    t.match(into('>/dev/full', 'run', path), { status: 3, stderr: told })
    for (const words of ['--json status', '--help', 'run --help', 'help log', '--version'])
      t.match(into('>/dev/full', ...words.split(' ')), { status: 3, stderr: told }, words)
    t.match(into('>/dev/full 2>&1', 'status'), { status: 3 })
    t.match(into('2>/dev/full', 'run', path), { status: 0, stdout: /^every task is in/ }, 'only what is to be seen')
    const { runs } = JSON.parse((await troupeHere(directory, '--json', 'status', '--all')).stdout) as {
      readonly runs: readonly { readonly phase: string; readonly exitCode: number }[]
    }
    t.match(runs, [
      { phase: 'ended', exitCode: 0 },
      { phase: 'ended', exitCode: 0 },
    ])
  },
)

void t.test(
  'status tells how many messages reached nobody, from what every supervisor of the run has logged',
  async (t) => {
    const directory = await repositoryWith(t, { 'a.txt': 'a\n' })
    const play = new Play(manifestOf(['a']))
    const run = await leaveRun(directory, play, 'version: 1\ntasks: [{ id: a, command: [x] }]\n')
    const told = async (): Promise<unknown> =>
      JSON.parse((await invoke(statusCommand, { directory }, { json: true })).out).deadLetters
    t.same(await told(), {})
    const office = loggedDeadLetters(openLog({ file: run.files.supervisorLog, people: null }))
    const letter = { actor: 'a.1', kind: 'event', method: null, detail: null } as const
    for (let count = 0; count < 300; count += 1) office.add({ ...letter, reason: 'late-event' })
    office.add({ ...letter, kind: 'call', reason: 'actor-gone' })
    t.same(await told(), { 'late-event': 256, 'actor-gone': 1 }, 'past the hundredth each doubling is logged')
    appendFileSync(run.files.supervisorLog, '{"reason":"late-event","msg":"dead letter{"level":30}\n')
    t.same(await told(), { 'late-event': 256, 'actor-gone': 1 }, 'a line over which one was killed counts for nothing')
    t.match(
      (await invoke(statusCommand, { directory }, {})).out,
      /^dead letters: 256 late-event, 1 actor-gone; .*supervisor/m,
    )
  },
)

// from here on what is left of runs

interface Told {
  readonly runs: readonly {
    readonly run: string
    readonly standing: string
    readonly processes: readonly { readonly pid: number }[]
    readonly seal: readonly { readonly name: string }[]
    readonly remove: readonly { readonly name: string }[]
    readonly leave: readonly { readonly name: string; readonly holds: string }[]
    readonly whole: boolean
    readonly freed: number
  }[]
}

async function gc(directory: string, ...options: readonly string[]): Promise<Told['runs']> {
  const { stdout, stderr } = await troupeHere(directory, '--json', 'gc', ...options)
  if (!stdout.startsWith('{')) throw new Error(`no JSON but ${stdout}${stderr}`)
  return (JSON.parse(stdout) as Told).runs
}

const runsIn = (directory: string): readonly string[] => readdirSync(join(directory, '.agents/runs'))
const refsIn = (directory: string): string => git(directory, 'for-each-ref', 'refs/troupe')
const entriesIn = (directory: string): readonly string[] =>
  existsSync(join(directory, '.git/worktrees')) ? readdirSync(join(directory, '.git/worktrees')) : []

/** A run whose supervisor was killed while its only task, which had written a file, waits for a gate. */
async function killed(t: Tap): Promise<{ directory: string; id: string; gate: string; pid: number; path: string }> {
  const directory = repositoryOf(t, { 'a.txt': 'a\n' })
  const notes = emptyFolder(t)
  const [gate, pid] = [join(notes, 'gate'), join(notes, 'pid')]
  const wait = `echo mine > b.txt; echo $$ > '${pid}'; while [ ! -e '${gate}' ]; do sleep 0.05; done`
  const agents = { sh: { kind: 'command', shell: true } }
  const path = manifest(t, { agents, tasks: [{ id: 'one', agent: 'sh', command: wait }] })
  const run = begin(directory, 'run', path)
  await run.until(() => isWritten(pid))
  run.child.kill('SIGKILL')
  await run.ended
  const [id = ''] = runsIn(directory)
  return { directory, id, gate, pid: Number(readFileSync(pid, 'utf8')), path }
}

void t.test(
  'what nobody has sealed stays; with --unfinished it is sealed, and the run can still be resumed',
  async (t) => {
    const { directory, id, gate, pid } = await killed(t)
    const { worktrees: _, ...before } = fingerprint(directory)
    const [left] = await gc(directory)
    await gone(pid)
    t.match(left, { run: id, standing: 'unfinished', remove: [], leave: [{ name: 'one.1', holds: 'unsealed' }] })
    t.equal(readFileSync(join(directory, '.agents/runs', id, 'work/one.1/b.txt'), 'utf8'), 'mine\n')
    t.match((await troupe(directory, 'gc')).stdout, /left: .*one\.1 \(.*unsealed work; troupe resume/)
    const [would] = await gc(directory, '--unfinished', '--dry-run')
    t.match(would, { seal: [{ name: 'one.1' }], leave: [] })
    t.equal(refsIn(directory), '', 'a dry run changes nothing')
    t.match(await gc(directory, '--unfinished'), [{ seal: [{ name: 'one.1' }], leave: [], whole: false }])
    t.same(entriesIn(directory), [])
    t.same(readdirSync(join(directory, '.agents/runs', id, 'work')), [])
    t.equal(git(directory, 'show', `refs/troupe/${id}/one/1:b.txt`), 'mine\n')
    t.match(fingerprint(directory), before)
    writeFileSync(gate, '')
    const resumed = await troupeHere(directory, '--json', 'resume')
    t.match(resumed.stderr, /goes on: 0 of 1 task had ended; 1 was under way and is tried again\n/)
    t.match(JSON.parse(resumed.stdout), { run: id, exitCode: 0 })
    const log = (await troupeHere(directory, '--json', 'log', '--task', 'one')).stdout.trim().split('\n')
    const lost = log.map((line) => JSON.parse(line) as { event: object }).filter(({ event }) => 'end' in event)
    t.match(lost[0], { event: { end: { how: 'lost', changeSet: { files: ['b.txt'] } } } }, 'what was sealed is named')
  },
)

void t.test(
  'what is sealed only when its run goes is kept unless it may go unapplied, and leaves no ref',
  async (t) => {
    const { directory, id, pid } = await killed(t)
    await gone(pid)
    t.match(await gc(directory, '--unfinished', '--older-than', '0s', '--dry-run'), [{ seal: [{}], whole: false }])
    const { directory: other, pid: another } = await killed(t)
    await gone(another)
    t.match(await gc(directory, '--unfinished', '--older-than', '0s'), [{ run: id, seal: [{}], whole: false }])
    t.equal(git(directory, 'show', `refs/troupe/${id}/one/1:b.txt`), 'mine\n')
    t.match(await gc(directory, '--unfinished', '--older-than', '0s'), [{ run: id, whole: false }], 'nor the next time')
    t.match(await gc(other, '--unfinished', '--older-than', '0s', '--unapplied'), [
      { seal: [{}], whole: true, refs: { length: 1 } },
    ])
    t.same([...runsIn(other), refsIn(other)], [''])
  },
)

void t.test('the clock of a killed run stands at the last sign of life of its supervisor', async (t) => {
  const { directory, id, pid } = await killed(t)
  await gone(pid)
  const [folder, { startedAt }] = [
    join(directory, '.agents/runs', id),
    JSON.parse((await troupeHere(directory, '--json', 'status')).stdout) as { readonly startedAt: string },
  ]
  const beat = readdirSync(folder).find((name) => name.endsWith('.lock')) ?? ''
  const last = (Date.parse(startedAt) + 3_723_500) / 1_000
  utimesSync(join(folder, beat), last, last)
  const told = /is gone\) 1:02:03, 0 of 1 done, 1 running\nrunning +one +1\/1 +1:02:03/
  t.match(await troupeHere(directory, 'status'), { status: 0, stdout: told })
  t.match(await troupeHere(directory, 'status', '--watch'), { status: 1, stdout: told, stderr: '' })
  for (const which of ['first', 'next']) {
    mkdirSync(join(folder, 'work', which)) // something to take
    t.match(await gc(directory, '--unfinished'), [{ standing: 'unfinished', remove: [{ name: which }] }])
    t.match(await troupeHere(directory, 'status'), { status: 0, stdout: told }, `after the ${which} collection`)
  }
})

void t.test('a run that somebody carries out is left alone', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': 'a\n' })
  const gate = join(emptyFolder(t), 'gate')
  const agents = { sh: { kind: 'command', shell: true } }
  const command = `touch '${gate}.up'; while [ ! -e '${gate}' ]; do sleep 0.05; done; echo 1 > b.txt`
  const run = begin(directory, '--json', 'run', manifest(t, { agents, tasks: [{ id: 'x', agent: 'sh', command }] }))
  await run.until(() => existsSync(`${gate}.up`))
  t.match(await gc(directory, '--unfinished', '--unapplied', '--older-than', '0s'), [
    { standing: 'at-work', seal: [], remove: [], whole: false },
  ])
  writeFileSync(gate, '')
  t.match(await run.ended, { status: 0 })
})

void t.test(
  'an old run goes as a whole once a branch has its proposal, or when that is said not to matter',
  async (t) => {
    const directory = repositoryOf(t, { 'a.txt': 'a\n' })
    const task = (file: string) => ({ id: file, command: ['sh', '-c', `echo 1 > ${file}.txt`] })
    const first = await runHere(directory, manifest(t, { tasks: [task('b')] }))
    const second = await runHere(directory, manifest(t, { tasks: [task('c')] }))
    t.match(await gc(directory, '--older-than', '1h'), [{ whole: false }, { whole: false }], 'young ones stay')
    t.match(await troupeHere(directory, 'gc'), { status: 0, stdout: /^nothing to collect: 2 runs on \d+ kB\n$/ })
    await troupeHere(directory, 'apply', first.run)
    t.match(await gc(directory, '--older-than', '0s'), [
      { run: first.run, whole: true, freed: Number },
      { whole: false },
    ])
    t.same(runsIn(directory), [second.run])
    t.notMatch(refsIn(directory), first.run)
    t.match(refsIn(directory), second.run)
    t.equal(readFileSync(join(directory, 'b.txt'), 'utf8'), '1\n', 'what was applied is a branch’s')
    t.match(await gc(directory, second.run.slice(0, -2), '--older-than', '0s', '--unapplied'), [{ whole: true }])
    t.match(await troupeHere(directory, 'gc', '--unapplied'), {
      status: 2,
      stderr: /goes with --older-than.*\n +USAGE/,
    })
    t.same([...runsIn(directory), refsIn(directory)], [''])
    t.notOk(readdirSync(join(directory, '.agents/runtime')).includes('status'), 'no link leads nowhere')
  },
)

void t.test('the runs of another checkout of the repository are its own', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': 'a\n' })
  const { run } = await runHere(directory, manifest(t, { tasks: [{ id: 'b', command: ['touch', 'b'] }] }))
  const linked = join(emptyFolder(t), 'linked')
  git(directory, 'worktree', 'add', '--quiet', '--detach', linked)
  const rules = ['--unfinished', '--unapplied', '--older-than', '0s']
  t.same(await gc(linked, ...rules), [])
  const where = new RegExp(`^${realpathSync(directory)}, another worktree, has 1 run: name it with -C$`, 'm')
  t.match(await troupeHere(linked, 'gc', ...rules), { status: 0, stdout: /^nothing to collect: 0 runs/, stderr: where })
  t.match(JSON.parse((await troupeHere(linked, '--json', 'gc')).stdout), { elsewhere: [{ runs: [run] }] })
  t.match(await troupeHere(linked, 'gc', run), { status: 2, stderr: where })
  t.match(refsIn(directory), run)
  t.match(await gc(directory, ...rules), [{ run, whole: true }])
})

void t.test('a worktree that cannot be looked into keeps nobody from collecting what is here', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': 'a\n' })
  const linked = join(emptyFolder(t), 'linked')
  git(directory, 'worktree', 'add', '--quiet', '--detach', linked)
  const { run } = await runHere(directory, manifest(t, { tasks: [{ id: 'b', command: ['touch', 'b'] }] }))
  const elsewhere = '20200101-000000-00000000'
  git(directory, 'update-ref', `refs/troupe/${elsewhere}/proposal`, 'HEAD')
  mkdirSync(join(linked, '.agents'))
  writeFileSync(join(linked, '.agents/runs'), 'not a folder')
  const rules = ['--unapplied', '--older-than', '0s']
  t.match(await troupeHere(directory, 'gc', ...rules), {
    status: 0,
    stdout: new RegExp(`^${run} .*removed its folder`),
    stderr: /cannot be looked into \(.*linked\): 1 run not of this one may be there, and nothing of it is taken\n$/,
  })
  t.match(refsIn(directory), elsewhere, 'it may be the run of the other')
  t.match(await troupeHere(directory, 'gc', elsewhere), {
    status: 2,
    stderr: /is left of a run .* here\n.*be looked into/,
  })
  rmSync(join(linked, '.agents/runs'))
  t.match(await troupeHere(directory, 'gc', elsewhere, ...rules), { status: 0, stdout: /gone: removed/, stderr: '' })
})

void t.test('of a run that cannot be looked into it is not said that it never began', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': 'a\n' })
  const id = '20260101-000000-00000000'
  mkdirSync(join(directory, '.agents/runs'), { recursive: true })
  symlinkSync(id, join(directory, '.agents/runs', id)) // root may read every folder, but cannot follow this one either
  for (const args of [['status'], ['show', id], ['resume', id], ['log', id]])
    t.match(
      await troupeHere(directory, ...args),
      { status: 3, stderr: /cannot read .*journal.*\n +STORE_FAILED/ },
      args.join(' '),
    )
  git(directory, 'update-ref', `refs/troupe/${id}/proposal`, 'HEAD')
  const all = ['gc', id, '--unfinished', '--unapplied', '--older-than', '0s']
  t.match(await troupeHere(directory, ...all), { status: 0, stdout: /^\S+ {2}unreadable: cannot read .*ELOOP/ })
  t.match(refsIn(directory), id)
  t.match(await troupeHere(directory, 'doctor', '--run', id), {
    status: 1,
    stdout: /^WRONG +folder +cannot read .*ELOOP.*\n +do: .*\n$/,
  })
  const begun = await troupeHere(directory, 'run', manifest(t, { tasks: [{ id: 'b', command: ['true'] }] }))
  t.notMatch(begun.stderr, id, 'nor that its supervisor is gone')
})

void t.test(
  'a run that was moved to where a link leads takes room, goes with its link, and is kept where it leads nowhere',
  async (t) => {
    const directory = repositoryOf(t, { 'a.txt': 'a\n' })
    const { run } = await runHere(directory, manifest(t, { tasks: [{ id: 'b', command: ['touch', 'b'] }] }))
    const [folder, place] = [join(directory, '.agents/runs', run), join(emptyFolder(t), 'moved')]
    renameSync(folder, place)
    symlinkSync(place, folder)
    const rules = ['--unfinished', '--unapplied', '--older-than', '0s']
    const [would] = await gc(directory, ...rules, '--dry-run')
    t.ok((would?.freed ?? 0) > 4_000)
    renameSync(place, `${place}.unmounted`)
    for (const command of ['status', 'log', 'show', 'resume'])
      t.match(
        await troupeHere(directory, command, run),
        { status: 3, stderr: /is a link that leads nowhere\n/ },
        command,
      )
    t.match(await troupeHere(directory, 'gc', ...rules), {
      status: 0,
      stdout: new RegExp(`^${run} {2}unreadable: .* is a link that leads nowhere\n`),
    })
    t.match((await troupeHere(directory, 'doctor', '--run', run)).stdout, /^WRONG +folder .* leads nowhere\n/)
    t.match(refsIn(directory), run)
    renameSync(`${place}.unmounted`, place)
    t.match(await gc(directory, ...rules), [{ run, whole: true }])
    t.same([...runsIn(directory), refsIn(directory)], [''])
    t.notOk(existsSync(place))
  },
)

void t.test('a file where runs are to be kept is named by every command, and by doctor', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': 'a\n' })
  writeFileSync(join(directory, '.agents'), '')
  const told = /cannot read \S+.*\/\.agents\/runs: \S+.*\/\.agents is a file, not a folder \(ENOTDIR\)/
  for (const args of [['run', 'review a.txt'], ['status'], ['gc'], ['log'], ['resume']])
    t.match(await troupeHere(directory, ...args), { status: 3, stderr: told }, args.join(' '))
  const { status, stdout } = await troupeHere(directory, 'doctor')
  t.match({ status, stdout: stdout.match(/^WRONG .*\n.*$/m)?.[0] }, { status: 1, stdout: told })
})

void t.test(
  'what the proxies of a killed run have left is taken by gc, and by resume; never that of a living one',
  { skip: !canConfine() && 'no sandbox on this machine' },
  async (t) => {
    const directory = repositoryOf(t, { 'a.txt': 'a\n' })
    const agents = { sh: { kind: 'command', shell: true, sandbox: 'strict', hosts: ['example.com'] } }
    const command = '[ -e b.txt ] || { touch b.txt; exec sleep 600; }'
    const path = manifest(t, { agents, tasks: [{ id: 'x', agent: 'sh', command, onRetry: 'continue' }] })
    const under = begin(directory, 'run', path)
    const work = (): boolean =>
      runsIn(directory).some((id) => existsSync(join(directory, '.agents/runs', id, 'work/x.1/b.txt')))
    await under.until(() => existsSync(join(directory, '.agents/runs')) && work())
    under.child.kill('SIGKILL')
    await under.ended
    const [id = ''] = runsIn(directory)
    const proxies = (): readonly string[] =>
      readdirSync(privateFolder()).filter((name) => name.startsWith(proxyPrefix(asRunId(id))))
    const [dead] = proxies()
    t.ok(dead)
    const living = await openProxy(
      asRunId(id),
      () => false,
      () => {},
    )
    t.teardown(() => living.close())
    t.match(await troupeHere(directory, 'gc', '--dry-run'), { stdout: /would have .*removed what was left of 1 proxy/ })
    t.equal(proxies().length, 2)
    t.match(await troupeHere(directory, 'gc'), { status: 0, stdout: /removed what was left of 1 proxy/ })
    t.same(proxies(), [basename(living.folder)])
    mkdirSync(join(privateFolder(), `${dead}`), { mode: 0o700 })
    t.match(await troupeHere(directory, 'resume'), { status: 0 })
    t.same(proxies(), [basename(living.folder)])
  },
)

void t.test(
  'what has changed since the survey counts as it is: another collection, or a run that has ended',
  async (t) => {
    const directory = repositoryOf(t, { 'a.txt': 'a\n' })
    const task = { tasks: [{ id: 'b', command: ['touch', 'b'] }] }
    const repository = await openRepository(directory)
    const collectAll = async (survey: RunSurvey, unapplied: boolean): Promise<readonly Collected[]> => {
      const rules = { olderThanMs: 0, unfinished: true, unapplied }
      const parts = { repository, clock: systemClock, rules, remainsOf: survey.remainsOf }
      return await Promise.all(survey.runs.map((run) => collectRun(parts, run)))
    }
    await runHere(directory, manifest(t, task))
    const survey = await surveyRuns(repository)
    t.match(await gc(directory, '--unapplied', '--older-than', '0s'), [{ whole: true }])
    t.match(await collectAll(survey, true), [{ remains: { standing: 'gone', refs: [] }, collection: { whole: false } }])
    t.same(runsIn(directory), [])
    const gate = join(emptyFolder(t), 'gate')
    const wait = `touch '${gate}.up'; while [ ! -e '${gate}' ]; do sleep 0.05; done; echo 1 > b.txt`
    const agents = { sh: { kind: 'command', shell: true } }
    const run = begin(directory, 'run', manifest(t, { agents, tasks: [{ id: 'x', agent: 'sh', command: wait }] }))
    await run.until(() => existsSync(`${gate}.up`))
    const early = await surveyRuns(repository)
    writeFileSync(gate, '')
    t.match(await run.ended, { status: 0 })
    t.match(await collectAll(early, false), [{ remains: { standing: 'ended' }, collection: { whole: false } }])
    t.equal(runsIn(directory).length, 1, 'no branch has its proposal')
  },
)

void t.test('where a run cannot be collected, it is not said that there is nothing to collect', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': 'a\n' })
  const { run } = await runHere(directory, manifest(t, { tasks: [{ id: 'b', command: ['touch', 'b'] }] }))
  const lock = join(directory, '.git/refs/troupe', run, 'proposal.lock')
  writeFileSync(lock, '')
  const rules = ['--unapplied', '--older-than', '0s']
  t.match(await troupeHere(directory, 'gc', ...rules), { status: 1, stdout: /^$/, stderr: /could not be collected: / })
  rmSync(lock)
  t.match(await troupeHere(directory, 'gc', ...rules), { status: 0, stdout: /gone: removed its folder/, stderr: '' })
})

void t.test('what is left of runs without a folder, or without a beginning, is found', async (t) => {
  const { directory, id } = await killed(t)
  const [early, late] = ['20200101-000000-00000000', '20990101-000000-00000000']
  for (const name of [early, late]) mkdirSync(join(directory, '.agents/runs', name))
  mkdirSync(join(directory, '.agents/runs/notes')) // somebody's own
  rmSync(join(directory, '.agents/runs', id), { recursive: true })
  t.not(entriesIn(directory).length, 0)
  t.match(await gc(directory), [
    { run: early, standing: 'never-begun', whole: true },
    { run: id, standing: 'gone', remove: [{ name: 'one.1' }] },
    { run: late, standing: 'never-begun', whole: false },
  ])
  t.same(entriesIn(directory), [])
  t.same(runsIn(directory), [late, 'notes'], 'its supervisor may be about to write the manifest')
})

void t.test('work that could not be sealed is never taken', async (t) => {
  const { directory, id } = await killed(t)
  const worktree = join(directory, '.agents/runs', id, 'work/one.1')
  git(directory, 'update-ref', `refs/troupe/${id}/one/1`, 'HEAD') // another's: it cannot be sealed there
  const rules = ['--unfinished', '--unapplied', '--older-than', '0s']
  t.match(await gc(directory, ...rules), [{ seal: [], leave: [{ name: 'one.1' }], whole: false }])
  t.equal(readFileSync(join(worktree, 'b.txt'), 'utf8'), 'mine\n')
  t.match(await troupeHere(directory, 'gc', '--older-than', 'soon'), {
    status: 2,
    stderr: /--older-than soon is no age/,
  })
  t.match(await troupeHere(directory, 'gc', 'none'), { status: 2, stderr: /nothing is left of a run none/ })
})

/** What doctor says of what a run has left. */
async function remainsTold(directory: string): Promise<object> {
  const { stdout } = await troupeHere(directory, '--json', 'doctor', '--run')
  const { checks } = JSON.parse(stdout) as { checks: { name: string; found: string }[] }
  const told = checks.filter(({ name }) => name === 'left behind' || name === 'unsealed work')
  return Object.fromEntries(told.map(({ name, found }) => [name, found]))
}

void t.test('of a worktree that somebody has deleted is told what is saved, and its entry goes', async (t) => {
  for (const isSaved of [true, false]) {
    const { directory, id, gate, pid } = await killed(t)
    await gone(pid)
    const snapshot = `refs/troupe/${id}/one/snapshot`
    const commit = git(directory, 'commit-tree', 'HEAD^{tree}', '-p', 'HEAD', '-m', 'saved').trim()
    git(directory, 'update-ref', ...(isSaved ? [snapshot, commit] : ['-d', snapshot]))
    rmSync(join(directory, '.agents/runs', id, 'work/one.1'), { recursive: true })
    t.match(await gc(directory, '--dry-run'), [{ remove: [{ name: 'one.1' }], leave: [] }])
    t.same(await remainsTold(directory), { 'left behind': '1 worktree' })
    writeFileSync(gate, '')
    t.match(JSON.parse((await troupeHere(directory, '--json', 'resume')).stdout), { run: id, exitCode: 0 })
    const log = (await troupeHere(directory, 'log', '--task', 'one')).stdout
    t.match(
      log,
      isSaved ? `one.1 was gone; its last snapshot is at ${snapshot}` : 'one.1 was gone; nothing of its work is saved',
    )
    t.notMatch(log, 'is kept in')
    t.same(await remainsTold(directory), { 'left behind': 'nothing' })
    t.same(entriesIn(directory), [])
  }
})

void t.test('an agent that deletes its own worktree fails with these words, and leaves nothing behind', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': 'a\n' })
  const tasks = [{ id: 'one', command: ['sh', '-c', 'rm -rf "$PWD"'] }]
  const { proposal } = await runHere(directory, manifest(t, { tasks }))
  t.match(proposal.tasks, [
    { disposition: { state: 'failed', reason: /^its worktree .*one\.\d was gone; nothing of its work/ } },
  ])
  t.same(await remainsTold(directory), { 'left behind': 'nothing' })
  t.same(entriesIn(directory), [])
})

void t.test('what could not be sealed is no longer told of once somebody has deleted its folder', async (t) => {
  const { directory, id, gate } = await killed(t)
  git(directory, 'update-ref', `refs/troupe/${id}/one/1`, 'HEAD') // another's: it cannot be sealed there
  writeFileSync(gate, '')
  await troupeHere(directory, 'resume')
  const worktree = join(directory, '.agents/runs', id, 'work/one.1')
  t.same(await remainsTold(directory), { 'left behind': 'nothing', 'unsealed work': worktree })
  t.match((await troupeHere(directory, 'gc')).stdout, /could not be sealed; take what you need and delete the folder/)
  rmSync(worktree, { recursive: true })
  t.match(await gc(directory), [{ remove: [{ name: 'one.1' }], leave: [] }])
  t.same(await remainsTold(directory), { 'left behind': 'nothing' })
  t.same(entriesIn(directory), [])
})

void t.test('doctor --run says of each thing that is kept whether it is whole, and what to do', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': 'a\n' })
  const task = (id: string) => ({ id, command: ['sh', '-c', `echo ${id} > ${id}.txt`] })
  const { run, files } = await runHere(directory, manifest(t, { tasks: [task('b'), task('c')] }))
  const folder = join(directory, '.agents/runs', run)
  const checks = async (): Promise<Readonly<Record<string, string>>> => {
    const { stdout, stderr } = await troupeHere(directory, '--json', 'doctor', '--run', run.slice(0, 15))
    if (!stdout.startsWith('{')) throw new Error(`no JSON but ${stdout}${stderr}`)
    const told = JSON.parse(stdout) as { checks: { name: string; state: string; found: string }[] }
    return Object.fromEntries(told.checks.map(({ name, state, found }) => [name, `${state}: ${found}`]))
  }
  const whole = await checks()
  t.match(whole, {
    journal: /^ok: \d+ records, 1 supervisor$/,
    manifest: 'ok: 2 tasks',
    'change sets': 'ok: 2 at their refs',
    objects: /^ok/,
    results: 'ok: 2 written',
    proposal: /^ok: [0-9a-f]{12}, not-run$/,
    lease: 'ok: free',
    'left behind': 'ok: nothing',
  })
  t.match(await troupe(directory, 'doctor', '--run'), { status: 0, stdout: /^ok +journal/ })

  /** Damages one thing, sees the one check that tells, and mends it. */
  const damaged = async (check: string, told: RegExp, damage: () => () => void): Promise<void> => {
    const mend = damage()
    t.match(await checks(), { ...whole, [check]: told })
    mend()
  }
  const changed = (path: string, change: (text: string) => string) => () => {
    const text = readFileSync(path, 'utf8')
    writeFileSync(path, change(text))
    return () => {
      writeFileSync(path, text)
    }
  }
  const atRef =
    (ref: string, ...to: readonly string[]) =>
    () => {
      const before = git(directory, 'rev-parse', ref).trim()
      git(directory, 'update-ref', ...(to.length === 0 ? ['-d', ref] : [ref, ...to]))
      return () => void git(directory, 'update-ref', ref, before)
    }
  const journal = join(folder, 'journal.ndjson')
  await damaged('journal', /^warning: .*; 4 bytes at the end do not count/, () => {
    const mend = changed(journal, (text) => text)()
    appendFileSync(journal, 'torn')
    return mend
  })
  await damaged('change sets', /^wrong: b\.1 has no ref, not [0-9a-f]{40}$/, atRef(`refs/troupe/${run}/b/1`))
  await damaged('change sets', /^wrong: c\.1 is [0-9a-f]{40} at its ref, not /, atRef(`refs/troupe/${run}/c/1`, 'HEAD'))
  await damaged('proposal', /^wrong: its ref is gone/, atRef(`refs/troupe/${run}/proposal`))
  await damaged(
    'proposal',
    /^wrong: .*JSON/,
    changed(files.json, () => '{'),
  )
  await damaged(
    'results',
    /^warning: .*JSON/,
    changed(join(folder, 'command_b_result.json'), (text) => text.slice(0, 9)),
  )
  await damaged('left behind', /^warning: 1 worktree$/, () => {
    mkdirSync(join(folder, 'work/b.1'))
    return () => {
      rmSync(join(folder, 'work/b.1'), { recursive: true })
    }
  })
  const blob = git(directory, 'rev-parse', `refs/troupe/${run}/b/1:b.txt`).trim()
  rmSync(join(directory, '.git/objects', blob.slice(0, 2), blob.slice(2)))
  t.match(await checks(), { ...whole, objects: new RegExp(`^wrong: .*${blob}`) })
  writeFileSync(journal, readFileSync(journal, 'utf8').replace('attempt-started', 'attempt-Started'))
  t.match(await checks(), { journal: /^wrong: .*journal\.ndjson:\d+ is not a record/ })
  t.equal((await troupeHere(directory, 'doctor', '--run', run)).status, 1)
})

// from here on how a command fails

const page = readFileSync(join(root, 'docs/errors.md'), 'utf8')
const rows = new Map([...page.matchAll(/^\| `([A-Z_]+)` \| (\d+) \| (.+) \|$/gm)].map((row) => [row[1], row]))

void t.test('docs/errors.md and the catalogue list the same codes, exit statuses and fixes', async (t) => {
  t.same([...rows.keys()], Object.keys(catalogue), 'the same codes in the same order')
  for (const [code, { exit, fix }] of Object.entries(catalogue)) {
    t.equal(rows.get(code)?.[2], String(exit), `${code}: exit status`)
    t.equal(rows.get(code)?.[3], fix, `${code}: what to do`)
  }
})

void t.test('every code of the catalogue is raised somewhere', async (t) => {
  const text = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'errors.ts')
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n')
  for (const code of Object.keys(catalogue)) t.match(text, `'${code}'`, code)
})

void t.test('an error says what happened, what to do and how a command ends', async (t) => {
  const cause = new Error('deeper')
  const error = new TroupeError('NO_SPACE', 'the disk is full', { cause })
  t.match(error, { code: 'NO_SPACE', message: 'the disk is full', fix: catalogue.NO_SPACE.fix, exitCode: 3, cause })
  t.throws(() => must(new Map<string, ErrorCode>(), 'x'), { code: 'INTERNAL' })
})
