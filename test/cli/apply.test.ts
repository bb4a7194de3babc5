import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { fingerprint, git, manifest, repositoryOf, runJson, troupe } from '../acceptance/troupe.ts'

/** A task that writes its id to a file of its own. */
const writes = (id: string): object => ({ id, command: ['sh', '-c', `echo ${id} > ${id}.txt`] })

const head = (directory: string, revision = 'HEAD'): string => git(directory, 'rev-parse', revision).trim()

/** Carries out the command that `apply` offers. */
function undo(directory: string, printed: string): void {
  const [, words = ''] = /^undo: git (.+)$/m.exec(printed) ?? []
  git(directory, ...words.split(' '))
}

void t.test('apply moves the branch that is checked out, keeps uncommitted changes, and can be undone', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': '1\n' })
  const base = head(directory)
  const { proposal, run } = await runJson(directory, manifest(t, { tasks: [writes('one'), writes('two')] }))
  writeFileSync(join(directory, 'a.txt'), 'mine\n')
  const { status, stdout, stderr } = await troupe(directory, 'apply', run.slice(0, 15))
  t.equal(status, 0, stderr)
  t.match(
    stdout,
    `moved main from ${base.slice(0, 12)} to ${proposal.commit.slice(0, 12)}: 2 files changed, not checked\n`,
  )
  t.equal(head(directory), proposal.commit)
  t.equal(readFileSync(join(directory, 'two.txt'), 'utf8'), 'two\n')
  t.equal(git(directory, 'status', '--porcelain'), ' M a.txt\n')
  t.match(await troupe(directory, 'apply'), {
    status: 0,
    stdout: 'nothing to apply: main holds the proposal already\n',
  })
  undo(directory, stdout)
  t.equal(head(directory, 'main'), base)
  t.equal(git(directory, 'symbolic-ref', 'HEAD'), 'refs/heads/main\n')
  t.equal(git(directory, 'status', '--porcelain'), ' M a.txt\n')
})

void t.test('apply --task takes the work of one task, and of what it needs, whatever became of the run', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': '1\n' })
  const base = head(directory)
  const tasks = [
    writes('one'),
    { ...writes('two'), needs: ['one'] },
    { id: 'bad', command: ['sh', '-c', 'echo half > half.txt; exit 1'] },
    { id: 'idle', command: ['true'] },
  ]
  const { run } = await runJson(directory, manifest(t, { tasks }))
  const applied = JSON.parse((await troupe(directory, '--json', 'apply', '--task', 'two', '--branch', 'new')).stdout)
  t.match(applied, { task: 'two', snapshot: false, how: 'created', to: head(directory, `refs/troupe/${run}/two/1`) })
  t.equal(git(directory, 'ls-tree', '--name-only', 'new'), 'a.txt\none.txt\ntwo.txt\n', 'without the others')
  t.match(await troupe(directory, 'apply', '--task', 'idle'), {
    status: 2,
    stderr: /idle changed nothing\n {2}CHANGE_SET_NOT_FOUND/,
  })
  t.match(await troupe(directory, 'apply', '--snapshot'), { status: 2, stderr: /--snapshot needs --task/ })
  t.match(await troupe(directory, 'apply', '--task', 'no'), { status: 2, stderr: /TASK_NOT_FOUND/ })
  writeFileSync(join(directory, 'half.txt'), 'mine\n')
  t.match(await troupe(directory, 'apply', '--task', 'bad'), { status: 2, stderr: /CHECKOUT_DIRTY|BRANCH_MOVED/ })
  t.equal(head(directory), base)
  git(directory, 'clean', '--quiet', '--force')
  t.match(await troupe(directory, 'apply', '--task', 'bad'), { stdout: /1 file changed, not checked\nundo: / })
  t.equal(readFileSync(join(directory, 'half.txt'), 'utf8'), 'half\n', 'what a failed attempt wrote is not lost')
})

void t.test('apply --branch makes or moves another branch and leaves the checkout alone', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': '1\n' })
  const base = head(directory)
  const { proposal } = await runJson(directory, manifest(t, { tasks: [writes('one')] }))
  git(directory, 'branch', 'old')
  const { refs: _, ...before } = fingerprint(directory)
  const { stdout } = await troupe(directory, 'apply', '--branch', 'new', '--json')
  const applied = JSON.parse(stdout)
  const { commit: to } = proposal
  t.match(applied, {
    schema: 'troupe/apply/1',
    how: 'created',
    branch: 'new',
    from: null,
    to,
    undo: 'git branch -D new',
  })
  const moved = await troupe(directory, 'apply', '--branch', 'old')
  t.match(moved, { status: 0, stdout: /^moved old from / })
  t.same([head(directory, 'new'), head(directory, 'old'), head(directory)], [to, to, base])
  undo(directory, moved.stdout)
  t.equal(head(directory, 'old'), base)
  const { refs: __, ...after } = fingerprint(directory)
  t.same(after, before)
})

void t.test('apply refuses what did not pass its checks, unless it is forced', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': '1\n' })
  const check = [{ name: 'present', run: 'test -f other.txt' }]
  const { proposal, exitCode } = await runJson(directory, manifest(t, { tasks: [writes('one')], check }))
  t.equal(exitCode, 1)
  const before = fingerprint(directory)
  const refused = await troupe(directory, 'apply')
  t.match(refused, {
    status: 1,
    stdout: '',
    stderr: /did not pass its checks \(present: .+\)\n {2}CHECK_FAILED: .*--force/,
  })
  const told = JSON.parse((await troupe(directory, 'apply', '--json')).stdout)
  t.match(told, { schema: 'troupe/error/1', code: 'CHECK_FAILED', details: [{ name: 'present', verdict: 'fail' }] })
  t.same(fingerprint(directory), before)
  const forced = await troupe(directory, 'apply', '--force')
  t.match(forced, { status: 0, stdout: /a check failed\n/ })
  t.equal(head(directory), proposal.commit)
})

void t.test('apply merges with a branch that has moved only when it is forced', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': '1\n' })
  await runJson(directory, manifest(t, { tasks: [writes('one')] }))
  git(directory, 'commit', '--quiet', '--allow-empty', '--message', 'meanwhile')
  const now = head(directory)
  t.match(await troupe(directory, 'apply'), { status: 1, stderr: /BRANCH_MOVED/ })
  t.equal(head(directory), now)
  const { stdout } = await troupe(directory, 'apply', '--force')
  t.match(stdout, 'a merge with what the branch had gained: 1 file changed')
  t.equal(git(directory, 'rev-list', '--count', `${now}..HEAD`), '2\n', 'the merge and the proposal')
  undo(directory, stdout)
  t.equal(head(directory), now)
})

void t.test('apply has nothing to do where nothing changed, and refuses to lose uncommitted changes', async (t) => {
  const directory = repositoryOf(t, { 'one.txt': '1\n' })
  const { run } = await runJson(directory, manifest(t, { tasks: [{ id: 'looks', command: ['true'] }] }))
  t.match(await troupe(directory, 'apply'), {
    status: 0,
    stdout: /^nothing to apply: the proposal changes no file\n/,
  })
  t.match(JSON.parse((await troupe(directory, 'apply', '--json')).stdout), { how: 'nothing', undo: null })
  await runJson(directory, manifest(t, { tasks: [writes('one')] }))
  writeFileSync(join(directory, 'one.txt'), 'mine\n')
  const { '.git/ORIG_HEAD': _, ...before } = fingerprint(directory)
  t.match(await troupe(directory, 'apply'), { status: 2, stderr: /in one\.txt would be lost\n {2}CHECKOUT_DIRTY/ })
  const { '.git/ORIG_HEAD': __, ...after } = fingerprint(directory)
  t.same(after, before)
  t.match(await troupe(directory, 'apply', run), { status: 0, stdout: /no file/ }, 'the older run, by its id')
})

void t.test(
  'apply --only takes a part of the proposal; replay makes the whole again; show --conflict one of its conflicts',
  async (t) => {
    const directory = repositoryOf(t, { 'a.txt': '1\n' })
    const tasks = [
      writes('one'),
      { ...writes('two'), needs: ['one'] },
      writes('three'),
      { id: 'x', command: ['sh', '-c', 'echo first of all > a.txt'] },
      { id: 'y', command: ['sh', '-c', 'echo never mind > a.txt'] },
      { id: 'z', command: ['sh', '-c', 'echo 12345 > three.txt'] },
    ]
    const check = [{ name: 'both', run: 'test ! -e three.txt || test ! -e two.txt' }]
    const { proposal, run } = await runJson(directory, manifest(t, { tasks, check }))
    t.match(proposal.blame, [{ tasks: ['two', 'three'], dropped: 'three' }])
    t.match(await troupe(directory, 'replay'), { status: 0, stdout: `the same again: ${proposal.commit}\n` })
    t.match(JSON.parse((await troupe(directory, '--json', 'replay', run)).stdout), {
      schema: 'troupe/replay/1',
      same: true,
    })
    t.match(await troupe(directory, 'apply', '--only', 'two', '--branch', 'part'), {
      status: 0,
      stdout: /2 files changed, not checked/,
    })
    t.equal(git(directory, 'ls-tree', '--name-only', 'part'), 'a.txt\none.txt\ntwo.txt\n')
    t.equal(git(directory, 'show', 'part:a.txt'), '1\n')
    t.match(await troupe(directory, 'apply', '--only', 'two,three'), {
      status: 2,
      stderr: /three is left-out, it is no part of the proposal: breaks the check both together with two/,
    })
    t.match(await troupe(directory, 'apply', '--only', 'none'), { status: 2, stderr: /TASK_NOT_FOUND/ })
    const { stdout } = await troupe(directory, 'show', '--conflict', '1')
    t.match(stdout, /<<<<<<< x a\.txt:1[\s\S]*\|\|\|\|\|\|\|[\s\S]*=======[\s\S]*>>>>>>> y a\.txt:1/)
    t.match(await troupe(directory, 'show', '--conflict', '9'), {
      status: 2,
      stderr: /there is no conflict 9: the proposal has/,
    })
  },
)
