import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { gone } from '../process-life.ts'
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
import { isWritten } from '../until.ts'

interface Teardown {
  teardown(work: () => void): void
}

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
async function killed(
  t: Teardown,
): Promise<{ directory: string; id: string; gate: string; pid: number; path: string }> {
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
    t.match(JSON.parse((await troupeHere(directory, '--json', 'resume')).stdout), { run: id, exitCode: 0 })
    const log = (await troupeHere(directory, '--json', 'log', '--task', 'one')).stdout.trim().split('\n')
    const lost = log.map((line) => JSON.parse(line) as { event: object }).filter(({ event }) => 'end' in event)
    t.match(lost[0], { event: { end: { how: 'lost', changeSet: { files: ['b.txt'] } } } }, 'what was sealed is named')
  },
)

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
  t.match(refsIn(directory), run)
  t.match(await gc(directory, ...rules), [{ run, whole: true }])
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
  await damaged('left behind', /^warning: 1 worktrees$/, () => {
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
