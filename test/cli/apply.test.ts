import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type Applied, type ApplyOrder, applyProposal, type Standing } from '../../src/changes/apply.ts'
import type { Git } from '../../src/changes/git.ts'
import { asCommitId, type CommitId } from '../../src/ids.ts'
import {
  begin,
  emptyFolder,
  fingerprint,
  git,
  manifest,
  repositoryOf,
  runHere,
  runJson,
  troupe,
  troupeHere,
} from '../acceptance/troupe.ts'
import { everything, put, type Scene, sceneOf } from '../changes/scene.ts'

interface Proposed extends Scene {
  readonly proposal: CommitId
  apply(more?: Partial<ApplyOrder>): Promise<Applied>
}

/** A repository and a proposal that changes one file, removes one and adds one. */
async function proposed(t: { teardown(work: () => void): void }): Promise<Proposed> {
  const scene = await sceneOf(t, { 'a.txt': 'one\n', 'b.txt': 'two\n', 'gone.txt': 'g\n' })
  const worktree = await scene.worktrees.create('t', scene.base)
  put(worktree.directory, { 'a.txt': 'ONE\n', 'new/ü.txt': 'n\n' })
  rmSync(join(worktree.directory, 'gone.txt'))
  const sealed = await scene.seal(worktree)
  if (!sealed.changed) throw new Error('nothing was sealed')
  await scene.worktrees.remove(worktree)
  const { repository, base } = scene
  const proposal = sealed.changeSet.commit
  return {
    ...scene,
    proposal,
    apply: (more = {}) =>
      applyProposal({ repository, base, proposal, branch: null, target: () => Promise.resolve(proposal), ...more }),
  }
}

const head = (folder: string, revision = 'HEAD'): string => git(folder, 'rev-parse', revision).trim()

const commitOfUser = (folder: string, ...options: readonly string[]): CommitId => {
  git(folder, 'commit', '--quiet', '--message', 'by the user', ...options)
  return asCommitId(head(folder))
}

void t.test(
  'the branch that is checked out moves with index and files, and uncommitted work elsewhere stays',
  async (t) => {
    const { root, base, proposal, apply } = await proposed(t)
    put(root, {
      'b.txt': 'mine\n',
      'untracked.txt': 'u\n',
      '.git/hooks/post-merge': { run: '#!/bin/sh\ntouch hook-ran\n' },
    })
    t.same(await apply(), { how: 'fast-forward', branch: 'main', from: base, to: proposal })
    t.equal(head(root), proposal)
    t.equal(git(root, 'status', '--porcelain'), ' M b.txt\n?? untracked.txt\n')
    t.equal(readFileSync(join(root, 'new/ü.txt'), 'utf8'), 'n\n')
    t.notOk(existsSync(join(root, 'gone.txt')))
    t.same(await apply(), { how: 'already', branch: 'main' })
  },
)

void t.test('nothing moves where uncommitted work would be lost, whatever kind it is', async (t) => {
  const ways: readonly (readonly [string, (root: string) => void, RegExp])[] = [
    [
      'edited',
      (root) => {
        put(root, { 'a.txt': 'mine\n' })
      },
      /main cannot move: your uncommitted changes in a\.txt/,
    ],
    [
      'staged',
      (root) => {
        put(root, { 'a.txt': 'mine\n' })
        git(root, 'add', 'a.txt')
      },
      /in a\.txt would be lost/,
    ],
    [
      'untracked',
      (root) => {
        put(root, { 'new/ü.txt': 'mine\n' })
      },
      /in .*new\/.* would be lost/,
    ],
    [
      'ignored',
      (root) => {
        put(root, { '.git/info/exclude': '/.agents/\n/new/\n', 'new/ü.txt': 'mine\n' })
      },
      /in .*new\/.* would be lost/,
    ],
    [
      'edited what goes',
      (root) => {
        put(root, { 'gone.txt': 'mine\n' })
      },
      /in gone\.txt would be lost/,
    ],
  ]
  for (const [name, spoil, message] of ways) {
    const { root, apply } = await proposed(t)
    spoil(root)
    const { '.git/ORIG_HEAD': _, ...before } = everything(root)
    await t.rejects(apply(), { code: 'CHECKOUT_DIRTY', message }, name)
    const { '.git/ORIG_HEAD': __, ...after } = everything(root)
    t.same(after, before, name)
  }
})

void t.test('nothing moves while git is in the middle of something in the checkout', async (t) => {
  const { root, base, proposal, apply } = await proposed(t)
  const conflicting = (): void => {
    const entries = [1, 2, 3].map((stage) => `100644 ${head(root, `${base}:a.txt`)} ${stage}\ta.txt\n`)
    execFileSync('git', ['update-index', '--index-info'], { cwd: root, input: entries.join('') })
  }
  const ways: readonly (readonly [() => void, RegExp])[] = [
    [() => put(root, { '.git/MERGE_HEAD': `${proposal}\n` }), /main cannot move: a merge is under way in /],
    [() => put(root, { '.git/CHERRY_PICK_HEAD': `${proposal}\n` }), /: a cherry-pick is under way in /],
    [conflicting, /: a\.txt is in conflict in /],
  ]
  for (const [begin, message] of ways) {
    begin()
    const before = everything(root)
    await t.rejects(apply(), { code: 'CHECKOUT_BUSY', message })
    t.same(everything(root), before)
    git(root, 'reset', '--quiet', '--hard')
  }
})

void t.test('a lock, a wish for signatures and a name of many lines are each told as what they are', async (t) => {
  const { root, base, apply } = await proposed(t)
  for (const lock of ['index.lock', 'HEAD.lock', 'refs/heads/main.lock']) {
    put(root, { [`.git/${lock}`]: '' })
    const before = everything(root)
    const message = new RegExp(`^main cannot move: \\S.*/\\.git/${lock} is there: git is at work, or was killed$`)
    await t.rejects(apply(), { code: 'GIT_LOCKED', message })
    t.same(everything(root), before, lock)
    rmSync(join(root, '.git', lock))
  }
  put(root, { '.git/refs/heads/other.lock': '' })
  await t.rejects(
    apply({ branch: 'other' }),
    { code: 'GIT_LOCKED', message: /other\.lock is there/ },
    'nothing checked out',
  )
  const wishes = { 'merge.verifySignatures': 'yes', 'branch.main.mergeOptions': '--no-stat --verify-signatures' }
  for (const [key, value] of Object.entries(wishes)) {
    git(root, 'config', key, value)
    await t.rejects(apply(), { code: 'SIGNATURES_WANTED', message: `main cannot move: ${key} wants signed commits` })
    git(root, 'config', '--unset', key)
  }
  t.equal(head(root), base)
  const name = 'two\nlines.txt'
  put(root, { [name]: 'committed\n', 'a.txt': 'mine\n' })
  git(root, 'add', name)
  const now = commitOfUser(root)
  put(root, { [name]: 'mine\n' })
  const tree = git(root, 'rev-parse', `${base}^{tree}`).trim()
  const without = asCommitId(git(root, 'commit-tree', tree, '-p', now, '-m', 'without').trim())
  await t.rejects(apply({ target: () => Promise.resolve(without) }), {
    code: 'CHECKOUT_DIRTY',
    message: String.raw`your uncommitted changes in "two\nlines.txt" would be lost`,
  })
})

void t.test('a branch that has moved gets what is made for it, told how far it has moved', async (t) => {
  const { root, base, proposal, apply } = await proposed(t)
  put(root, { 'b.txt': 'meanwhile\n' })
  const now = commitOfUser(root, '--all')
  const seen: Standing[] = []
  const refuse = (standing: Standing): Promise<CommitId> => {
    seen.push(standing)
    return Promise.reject(new Error('it does not go'))
  }
  await t.rejects(apply({ target: refuse }), { message: 'it does not go' })
  t.same(seen, [{ branch: 'main', now, moved: '1 commit more' }])
  t.equal(head(root), now)
  const tree = git(root, 'merge-tree', '--write-tree', now, proposal).trim()
  const made = asCommitId(git(root, 'commit-tree', tree, '-p', now, '-m', 'folded').trim())
  const applied = await apply({ target: () => Promise.resolve(made) })
  t.same(applied, { how: 'folded', branch: 'main', from: now, to: made })
  t.equal(git(root, 'status', '--porcelain'), '')
  t.equal(git(root, 'show', 'HEAD:b.txt') + git(root, 'show', 'HEAD:a.txt'), 'meanwhile\nONE\n')
  t.equal(git(root, 'rev-list', '--count', `${base}..main`), '2\n')
})

void t.test(
  'what would take something from a branch is refused, and so is a target that is no step ahead',
  async (t) => {
    const { root, base, apply } = await proposed(t)
    put(root, { 'b.txt': 'meanwhile\n' })
    const now = commitOfUser(root, '--all')
    const before = everything(root)
    await t.rejects(apply(), { code: 'INTERNAL', message: /main would lose/ }, 'the proposal itself is on the base')
    await t.rejects(apply({ target: () => Promise.resolve(base) }), { code: 'INTERNAL' })
    t.same(await apply({ target: () => Promise.resolve(now) }), { how: 'already', branch: 'main' })
    t.same(everything(root), before)
  },
)

void t.test('a branch that went back, or has another history, is told as one that has moved', async (t) => {
  const { root, base, apply } = await proposed(t)
  put(root, { 'later.txt': 'l\n' })
  git(root, 'add', '--all')
  const later = commitOfUser(root)
  git(root, 'branch', 'behind', base)
  git(root, 'checkout', '--quiet', '--orphan', 'alone')
  const before = git(root, 'status', '--porcelain')
  await t.rejects(apply({ target: () => Promise.resolve(base) }), { code: 'USAGE', message: /alone .* no commit yet/ })
  t.equal(git(root, 'status', '--porcelain'), before)
  const alone = commitOfUser(root)
  const standings: Standing[] = []
  const look = (standing: Standing): Promise<CommitId> => {
    standings.push(standing)
    return Promise.reject(new Error('only looking'))
  }
  await t.rejects(apply({ branch: 'behind', base: later, target: look }), { message: 'only looking' })
  await t.rejects(apply({ target: look }), { message: 'only looking' })
  t.same(standings, [
    { branch: 'behind', now: base, moved: '1 commit fewer' },
    { branch: 'alone', now: alone, moved: '1 commit more, 1 commit fewer' },
  ])
})

void t.test(
  'a branch is known by its own name: no tag of that name and no short form of another leads astray',
  async (t) => {
    const { root, base, proposal, apply } = await proposed(t)
    git(root, 'tag', 'main', proposal)
    git(root, 'switch', '--quiet', '--create', 'side')
    await t.rejects(apply({ branch: '@{-1}' }), { code: 'USAGE', message: /not a name for a branch/ })
    git(root, 'switch', '--quiet', 'main')
    t.same(await apply(), { how: 'fast-forward', branch: 'main', from: base, to: proposal })
    t.equal(git(root, 'for-each-ref', '--format=%(refname)', 'refs/heads'), 'refs/heads/main\nrefs/heads/side\n')
  },
)

void t.test('another branch is made or moved and the checkout stays as it is', async (t) => {
  const { root, base, proposal, apply } = await proposed(t)
  git(root, 'branch', 'old')
  const state = (): object =>
    Object.fromEntries(Object.entries(everything(root)).filter(([path]) => !/^\.git\/(?:logs\/)?refs\//.test(path)))
  const before = state()
  t.same(await apply({ branch: 'new/one' }), { how: 'created', branch: 'new/one', from: null, to: proposal })
  t.same(await apply({ branch: 'old' }), { how: 'fast-forward', branch: 'old', from: base, to: proposal })
  t.same([head(root, 'new/one'), head(root, 'old'), head(root)], [proposal, proposal, base])
  t.same(state(), before)
  for (const branch of ['', 'a..b', '-x', '@{-1}', 'a b']) await t.rejects(apply({ branch }), { code: 'USAGE' }, branch)
  await t.rejects(apply({ branch: 'new' }), { code: 'BRANCH_MOVED', message: /refs\/heads\/new/ })
  git(root, 'checkout', '--quiet', '--detach')
  await t.rejects(apply(), { code: 'USAGE', message: /no branch is checked out/ })
})

void t.test('a branch that is checked out in another worktree moves there, with its files', async (t) => {
  const { root, base, proposal, apply } = await proposed(t)
  const side = join(emptyFolder(t), 'side')
  git(root, 'worktree', 'add', '--quiet', '-b', 'side', side)
  const here = git(root, 'status', '--porcelain', '--branch')
  t.match(await apply({ branch: 'side' }), { how: 'fast-forward', from: base, to: proposal })
  t.equal(git(side, 'status', '--porcelain', '--branch'), '## side\n')
  t.equal(readFileSync(join(side, 'a.txt'), 'utf8'), 'ONE\n')
  t.equal(git(root, 'status', '--porcelain', '--branch'), here)
  git(side, 'reset', '--quiet', '--hard', base)
  rmSync(side, { recursive: true })
  await t.rejects(apply({ branch: 'side' }), { code: 'CHECKOUT_GONE', message: /which is not there/ })
  t.equal(head(root, 'side'), base)
})

void t.test('a branch that moves while it is looked at is never overwritten', async (t) => {
  for (const branch of ['main', 'other', 'fresh']) {
    const { root, base, apply, repository } = await proposed(t)
    git(root, 'branch', 'other')
    const rival = asCommitId(git(root, 'commit-tree', `${base}^{tree}`, '-p', base, '-m', 'rival').trim())
    const { run } = repository.git
    const late = {
      ...repository.git,
      run: async (args: readonly string[], options?: object) => {
        if (args[0] === 'update-ref') git(root, 'update-ref', `refs/heads/${branch}`, rival)
        return await run(args, options)
      },
      at: (folder: string) => ({
        ...repository.git.at(folder),
        start: (args: readonly string[]) => {
          git(root, 'update-ref', `refs/heads/${branch}`, rival)
          return repository.git.at(folder).start(args)
        },
      }),
    }
    await t.rejects(apply({ branch, repository: { ...repository, git: late } }), { code: 'BRANCH_MOVED' }, branch)
    t.equal(head(root, branch), rival)
  }
})

void t.test('a branch that is checked out moves whatever its options for git merge are', async (t) => {
  const { root, base, proposal, apply } = await proposed(t)
  git(root, 'config', 'branch.main.mergeoptions', '--squash')
  t.same(await apply(), { how: 'fast-forward', branch: 'main', from: base, to: proposal })
  t.equal(head(root), proposal)
  t.equal(git(root, 'status', '--porcelain'), '')
  t.equal(git(root, 'log', '--walk-reflogs', '-1', '--format=%gs'), 'troupe apply\n', 'also in the reflog of HEAD')
})

void t.test('where the branch cannot be locked, or a file not be written, every file stays as it is', async (t) => {
  const { root, apply } = await proposed(t)
  put(root, { 'b.txt': 'mine\n', 'untracked.txt': 'u\n', '.git/refs/heads/main.lock': '' })
  const before = everything(root)
  await t.rejects(apply(), { message: /main cannot move: .*main\.lock/s })
  t.same(everything(root), before, 'locked')
  rmSync(join(root, '.git/refs/heads/main.lock'))
  const unlocked = everything(root)
  const blob = execFileSync('git', ['hash-object', '-w', '--stdin'], { cwd: root, input: 'new\n' }).toString().trim()
  const files = ['a.txt', 'added/x', 'b-new', `z/${'long'.repeat(80)}`].map((path) => `100644 ${blob}\t${path}\n`)
  const index = { ...process.env, GIT_INDEX_FILE: join(root, '.git/index-of-test') }
  execFileSync('git', ['read-tree', 'HEAD'], { cwd: root, env: index })
  const input = [...files, `0 ${'0'.repeat(40)}\tgone.txt\n`].join('')
  execFileSync('git', ['update-index', '--index-info'], { cwd: root, env: index, input })
  const tree = execFileSync('git', ['write-tree'], { cwd: root, env: index }).toString().trim()
  rmSync(join(root, '.git/index-of-test'))
  const unwritable = asCommitId(git(root, 'commit-tree', tree, '-p', 'HEAD', '-m', 'too long a name').trim())
  await t.rejects(apply({ target: () => Promise.resolve(unwritable) }), {
    code: 'GIT_FAILED',
    message: /could not write every file .*File name too long[\s\S]*every file is as it was before/,
  })
  t.same(userFiles(everything(root)), userFiles(unlocked), 'not written')
  t.equal(git(root, 'status', '--porcelain'), ' M b.txt\n?? untracked.txt\n')
})

void t.test(
  'files that went ahead come back when the branch does not follow, and stay when another is checked out',
  async (t) => {
    const ways: readonly (readonly [string, string, (root: string, child: Child) => void])[] = [
      ['killed', 'GIT_FAILED', (_root, child) => killAt(child, 'commit\n')],
      ['switched', 'BRANCH_MOVED', (root) => git(root, 'symbolic-ref', 'HEAD', 'refs/heads/other')],
    ]
    for (const [name, code, disturb] of ways) {
      const { root, base, apply, repository } = await proposed(t)
      git(root, 'branch', 'other')
      put(root, { 'b.txt': 'mine\n' })
      const before = userFiles(everything(root))
      const start = (folder: string, args: readonly string[]): Child => {
        const child = repository.git.at(folder).start(args)
        disturb(root, child)
        return child
      }
      const at = (folder: string): Git => ({ ...repository.git.at(folder), start: (args) => start(folder, args) })
      await t.rejects(apply({ repository: { ...repository, git: { ...repository.git, at } } }), { code }, name)
      t.same(userFiles(everything(root)), before, name)
      t.equal(git(root, 'status', '--porcelain'), ' M b.txt\n', name)
      t.equal(head(root, 'main'), base)
    }
  },
)

type Child = ReturnType<Git['start']>

/** Ends a program instead of telling it something. */
function killAt(child: Child, said: string): void {
  const { stdin } = child
  const write = stdin.write.bind(stdin)
  stdin.write = (text: string) => (text === said ? child.kill() : write(text))
}

void t.test('what somebody who died in between has left is taken to its end', async (t) => {
  const { root, base, proposal, apply } = await proposed(t)
  put(root, { 'b.txt': 'mine\n' })
  git(root, 'read-tree', '-m', '-u', base, proposal)
  t.match(await apply(), { how: 'fast-forward', from: base, to: proposal })
  t.equal(git(root, 'status', '--porcelain'), ' M b.txt\n')
})

const userFiles = (files: object): object =>
  Object.fromEntries(Object.entries(files).filter(([path]) => !path.startsWith('.git/')))

// from here on the command: `troupe apply`

/** A task that writes its id to a file of its own. */
const writes = (id: string): object => ({ id, command: ['sh', '-c', `echo ${id} > ${id}.txt`] })

/** Carries out the command that `apply` offers. */
function undo(directory: string, printed: string): void {
  const [, command = 'false'] = /^undo: (git .+)$/m.exec(printed) ?? []
  execFileSync('sh', ['-c', command], { cwd: directory, stdio: 'pipe' })
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
  t.match(await troupeHere(directory, 'apply'), {
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
  const { run } = await runHere(directory, manifest(t, { tasks }))
  const applied = JSON.parse(
    (await troupeHere(directory, '--json', 'apply', '--task', 'two', '--branch', 'new')).stdout,
  )
  t.match(applied, { task: 'two', snapshot: false, how: 'created', to: head(directory, `refs/troupe/${run}/two/1`) })
  t.equal(git(directory, 'ls-tree', '--name-only', 'new'), 'a.txt\none.txt\ntwo.txt\n', 'without the others')
  t.match(await troupeHere(directory, 'apply', '--task', 'idle'), {
    status: 2,
    stderr: /idle has changed nothing\n {2}CHANGE_SET_NOT_FOUND/,
  })
  t.match(await troupeHere(directory, 'apply', '--snapshot'), { status: 2, stderr: /--snapshot needs --task/ })
  t.match(await troupeHere(directory, 'apply', '--only', ' ,'), { status: 2, stderr: /--only names no task/ })
  t.match(await troupeHere(directory, 'apply', '--task', 'one', '--branch', 'refs/heads/main'), {
    status: 2,
    stderr: /^troupe: refs\/heads\/main is a ref: name the branch itself, as in --branch main\n/,
  })
  t.match(await troupeHere(directory, 'apply', '--task', 'no'), { status: 2, stderr: /TASK_NOT_FOUND/ })
  writeFileSync(join(directory, 'half.txt'), 'mine\n')
  t.match(await troupeHere(directory, 'apply', '--task', 'bad'), { status: 2, stderr: /CHECKOUT_DIRTY|BRANCH_MOVED/ })
  t.equal(head(directory), base)
  git(directory, 'clean', '--quiet', '--force')
  t.match(await troupeHere(directory, 'apply', '--task', 'bad'), { stdout: /1 file changed, not checked\nundo: / })
  t.equal(readFileSync(join(directory, 'half.txt'), 'utf8'), 'half\n', 'what a failed attempt wrote is not lost')
})

void t.test('apply --branch makes or moves another branch and leaves the checkout alone', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': '1\n' })
  const base = head(directory)
  const { proposal } = await runHere(directory, manifest(t, { tasks: [writes('one')] }))
  git(directory, 'branch', 'old')
  const { refs: _, ...before } = fingerprint(directory)
  const { stdout } = await troupeHere(directory, 'apply', '--branch', 'new', '--json')
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
  const moved = await troupeHere(directory, 'apply', '--branch', 'old')
  t.match(moved, { status: 0, stdout: /^moved old from / })
  t.same([head(directory, 'new'), head(directory, 'old'), head(directory)], [to, to, base])
  undo(directory, moved.stdout)
  t.equal(head(directory, 'old'), base)
  const { refs: __, ...after } = fingerprint(directory)
  t.same(after, before)
})

void t.test(
  'what apply says undoes it: beside a tag of that name, in another worktree, and with any name',
  async (t) => {
    const directory = repositoryOf(t, { 'a.txt': '1\n' })
    const base = head(directory)
    const weird = "we'ird;b&r$(x)"
    const side = join(emptyFolder(t), 'the other side')
    git(directory, 'tag', 'main')
    git(directory, 'worktree', 'add', '--quiet', '-b', 'side', side)
    await runHere(directory, manifest(t, { tasks: [writes('one')] }))
    for (const branch of ['main', 'side', weird, weird]) {
      const ref = `refs/heads/${branch}`
      const before = git(directory, 'for-each-ref', ref)
      const { status, stdout } = await troupeHere(directory, 'apply', '--branch', branch)
      t.equal(status, 0)
      t.not(git(directory, 'for-each-ref', ref), before)
      undo(directory, stdout)
      t.equal(git(directory, 'for-each-ref', ref), before, stdout)
      if (branch === weird) git(directory, 'update-ref', ref, base) // moved the second time
    }
    for (const checkout of [directory, side]) t.equal(git(checkout, 'status', '--porcelain'), '')
    t.equal(git(side, 'symbolic-ref', 'HEAD'), 'refs/heads/side\n')
  },
)

/** Checkouts whose `.git` lies elsewhere, in the ways that git has for it. */
function apartFromGit(t: Parameters<typeof emptyFolder>[0]): Readonly<Record<'submodule' | 'separate', string>> {
  const [lib, above] = [repositoryOf(t, { 'a.txt': '1\n' }), repositoryOf(t, { 'b.txt': '1\n' })]
  git(above, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', lib, 'lib')
  const separate = repositoryOf(t, { 'a.txt': '1\n' })
  git(separate, 'init', '--quiet', `--separate-git-dir=${join(emptyFolder(t), 'apart.git')}`)
  return { submodule: join(above, 'lib'), separate }
}

void t.test('apply moves a checkout whose git directory lies elsewhere, and says what undoes it', async (t) => {
  for (const [kind, directory] of Object.entries(apartFromGit(t))) {
    const base = head(directory)
    await runHere(directory, manifest(t, { tasks: [writes('one')] }))
    const { status, stdout, stderr } = await troupeHere(directory, 'apply')
    t.equal(status, 0, stderr)
    t.match(stdout, /undo: git switch -C main \w+$/m, kind)
    t.equal(git(directory, 'status', '--porcelain'), '', kind)
    undo(directory, stdout)
    t.equal(head(directory), base)
    t.notOk(existsSync(join(directory, 'one.txt')))
  }
})

void t.test(
  'from a linked worktree, a main checkout whose git directory lies elsewhere is let be or found',
  async (t) => {
    for (const [kind, directory] of Object.entries(apartFromGit(t))) {
      const tasks = [writes('one')]
      const { run } = await runHere(directory, manifest(t, { tasks }))
      const side = join(emptyFolder(t), 'side')
      git(directory, 'worktree', 'add', '--quiet', '-b', 'side', side)
      t.match((await troupeHere(side, 'gc', '--older-than', '0s', '--unapplied')).stdout, /^nothing to collect/, kind)
      t.equal((await troupeHere(directory, 'doctor', '--run', run)).status, 0)
      await runHere(side, manifest(t, { tasks }))
      const { status, stdout, stderr } = await troupeHere(side, 'apply', '--branch', 'main')
      if (kind === 'submodule') {
        t.equal(status, 0, stderr)
        t.equal(git(directory, 'status', '--porcelain'), '')
        undo(side, stdout)
      } else t.match(stderr, /^troupe: main is checked out where only itself knows[^]*CHECKOUT_GONE/)
      t.equal(git(directory, 'status', '--porcelain', '--branch').split('\n')[0]?.split('...')[0], '## main')
      t.notOk(existsSync(join(directory, 'one.txt')))
    }
  },
)

void t.test('apply refuses what did not pass its checks, unless it is forced', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': '1\n' })
  const check = [{ name: 'present', run: 'test -f other.txt' }]
  const { proposal, exitCode } = await runHere(directory, manifest(t, { tasks: [writes('one')], check }))
  t.equal(exitCode, 1)
  const before = fingerprint(directory)
  const refused = await troupeHere(directory, 'apply')
  t.match(refused, {
    status: 1,
    stdout: '',
    stderr: /did not pass its checks \(present: .+\)\n {2}CHECK_FAILED: .*--force/,
  })
  const told = JSON.parse((await troupeHere(directory, 'apply', '--json')).stdout)
  t.match(told, { schema: 'troupe/error/1', code: 'CHECK_FAILED', details: [{ name: 'present', verdict: 'fail' }] })
  t.same(fingerprint(directory), before)
  const forced = await troupeHere(directory, 'apply', '--force')
  t.match(forced, { status: 0, stdout: /a check failed\n/ })
  t.equal(head(directory), proposal.commit)
})

void t.test(
  'apply refuses what could not be checked, unless it is forced; it checks once the tool is there',
  async (t) => {
    const directory = repositoryOf(t, { 'a.txt': '1\n' })
    const tool = join(emptyFolder(t), 'tool')
    const check = [{ name: 'tool', run: `'${tool}' --all` }]
    const { proposal, exitCode } = await runHere(
      directory,
      manifest(t, { tasks: [writes('one'), writes('two')], check }),
    )
    t.match({ exitCode, proposal }, { exitCode: 1, proposal: { verdict: 'not-run' } })
    const base = head(directory)
    const unchecked = /could not be checked \(tool: command not found\)\n {2}CHECK_NOT_RUN: .*--force/
    for (const more of [[], ['--no-check'], ['--only', 'one']])
      t.match(
        await troupeHere(directory, 'apply', ...more),
        { status: 1, stdout: '', stderr: unchecked },
        more.join(' '),
      )
    t.equal(head(directory), base)
    const forced = await troupeHere(directory, 'apply', '--force', '--branch', 'forced')
    t.match(forced, { status: 0, stdout: /2 files changed, a check could not run\n/ })
    const now = commit(directory, { 'a.txt': 'meanwhile\n' })
    t.match(await troupeHere(directory, 'apply'), {
      status: 1,
      stderr: /as the branch would have it, could not be checked/,
    })
    t.equal(head(directory), now)
    git(directory, 'reset', '--quiet', '--hard', base)
    writeFileSync(tool, '#!/bin/sh\ntest -e two.txt\n', { mode: 0o755 })
    t.match(await troupeHere(directory, 'apply'), { status: 0, stdout: /2 files changed, checks pass\n/ })
    t.equal(head(directory), proposal.commit)
  },
)

/** Commits files of the user's. */
function commit(directory: string, files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  git(directory, 'add', '--all')
  git(directory, 'commit', '--quiet', '--message', 'meanwhile')
  return head(directory)
}

const subjects = (directory: string, range: string): string =>
  git(directory, 'log', '--reverse', '--format=%(trailers:key=Troupe-Task,valueonly,separator=%x20)', range)

void t.test(
  'apply folds onto a branch that has moved, one commit for each task, and checks what comes out',
  async (t) => {
    const directory = repositoryOf(t, { 'a.txt': '1\n', 'list.txt': 'a\nb\nc\nd\n' })
    const tasks = [
      writes('one'),
      { id: 'two', needs: ['one'], command: ['sh', '-c', 'cat one.txt list.txt > t && mv t list.txt'] },
      { id: 'three', command: ['sh', '-c', 'echo 3 >> list.txt'] },
    ]
    const check = [{ name: 'agree', run: 'test ! -e forbidden.txt' }]
    const { run } = await runHere(directory, manifest(t, { tasks, check }))
    const now = commit(directory, { 'a.txt': 'meanwhile\n', 'list.txt': 'a\nB\nc\nd\n' })
    writeFileSync(join(directory, 'mine.txt'), 'not committed\n')
    const { status, stdout, stderr } = await troupeHere(directory, 'apply')
    t.equal(status, 0, stderr)
    t.match(
      stdout,
      /^moved main from \w+ to \w+, folded onto what the branch had gained: 2 files changed, checks pass\n/,
    )
    t.match(stderr, /checking \w{12}: agree/)
    t.equal(subjects(directory, `${now}..HEAD`), 'one\ntwo\nthree\n')
    t.match(
      git(directory, 'log', '-1', '--format=%B'),
      new RegExp(`Troupe-Run: ${run}\nTroupe-Task: three\nTroupe-Agent: `),
    )
    t.equal(git(directory, 'show', 'HEAD:list.txt'), 'one\na\nB\nc\nd\n3\n')
    t.equal(git(directory, 'status', '--porcelain'), '?? mine.txt\n')
    t.match(git(directory, 'worktree', 'list').trim().split('\n'), { length: 1 }, 'the checkout of the check is gone')
    const again = await troupeHere(directory, 'apply')
    t.match(again, { status: 0, stdout: 'nothing to apply: main holds the proposal already\n' })
    undo(directory, stdout)
    t.equal(head(directory), now)
    const forbidden = commit(directory, { 'forbidden.txt': '' })
    const red = await troupeHere(directory, 'apply')
    t.match(red, {
      status: 1,
      stderr: /as the branch would have it, did not pass its checks \(agree: .*\)\n {2}CHECK_FAILED/,
    })
    t.equal(head(directory), forbidden)
    t.match(await troupeHere(directory, 'apply', '--no-check', '--branch', 'main'), {
      status: 0,
      stdout: /2 files changed, not checked\n/,
    })
    git(directory, 'reset', '--quiet', '--keep', forbidden)
    const forced = JSON.parse((await troupeHere(directory, 'apply', '--force', '--json')).stdout)
    t.match(forced, {
      how: 'folded',
      from: forbidden,
      verdict: 'fail',
      left: [],
      held: [],
      checks: [{ name: 'agree' }],
    })
  },
)

void t.test(
  'what does not go with what the branch has gained keeps it where it is, unless a part is asked for',
  async (t) => {
    const directory = repositoryOf(t, { 'a.txt': '1\n2\n3\n', 'b.txt': '1\n' })
    const tasks = [
      { id: 'edits', command: ['sh', '-c', 'echo something else > a.txt'] },
      { ...writes('heir'), needs: ['edits'] },
      writes('free'),
      { id: 'alike', command: ['sh', '-c', 'echo alike > b.txt'] },
    ]
    const { run } = await runHere(directory, manifest(t, { tasks }))
    const now = commit(directory, { 'a.txt': 'never the same\n2\n', 'b.txt': 'alike\n' })
    const before = fingerprint(directory)
    for (const more of [[], ['--force']]) {
      const refused = await troupeHere(directory, 'apply', ...more)
      t.match(refused, {
        status: 1,
        stdout: '',
        stderr:
          /main has moved \(1 commit more\), and edits, heir do not go with it:\n *edits in a\.txt: branch main \(lines? .*\) and edits \(lines? .*\) changed the same part of a\.txt\.\n *heir: needs edits, which did not land\n *BRANCH_CONFLICTS: .*--partial/,
      })
      t.same(fingerprint(directory), before)
    }
    const told = JSON.parse((await troupeHere(directory, 'apply', '--json')).stdout)
    t.match(told, {
      code: 'BRANCH_CONFLICTS',
      details: {
        left: [{ task: 'edits', reason: 'conflicts with branch main in a.txt' }, { task: 'heir' }],
        conflicts: [{ kind: 'content', file: 'a.txt', ours: null, theirs: 'edits' }],
      },
    })
    t.match(await troupeHere(directory, 'apply', '--only', 'edits', '--partial'), {
      status: 1,
      stderr: /BRANCH_CONFLICTS/,
    })
    t.equal(head(directory), now)
    const part = await troupeHere(directory, 'apply', '--only', 'free')
    t.match(part, { status: 0, stdout: /folded onto what the branch had gained: 1 file changed, not checked\nundo/ })
    t.equal(subjects(directory, `${now}..HEAD`), 'free\n')
    undo(directory, part.stdout)
    const partial = await troupeHere(directory, 'apply', '--partial')
    t.match(partial, {
      status: 1,
      stdout:
        /1 file changed, not checked\nthere already: alike\nleft out: edits: conflicts with branch main in a\.txt\nleft out: heir: needs edits.*\nundo/,
    })
    t.equal(git(directory, 'show', 'HEAD:a.txt'), 'never the same\n2\n')
    t.equal(
      git(directory, 'for-each-ref', '--format=%(refname)', `refs/troupe/${run}/edits/[0-9]*`),
      `refs/troupe/${run}/edits/1\n`,
    )
  },
)

void t.test('the rest of a proposal follows a part of it though it goes on where that stopped', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': '1\n' })
  const tasks = [
    { id: 'add', command: ['sh', '-c', 'for file in n gone kept; do echo one > $file.txt; done'] },
    { id: 'more', needs: ['add'], command: ['sh', '-c', 'echo two > n.txt; rm gone.txt'] },
  ]
  const { proposal } = await runHere(directory, manifest(t, { tasks }))
  const byHand = (): void => void commit(directory, { 'n.txt': 'one\n', 'gone.txt': 'one\n', 'kept.txt': 'one\n' })
  const firsts = {
    '--only add': async () => await troupeHere(directory, 'apply', '--only', 'add'),
    '--task add': async () => await troupeHere(directory, 'apply', '--task', 'add'),
    'the same by hand': byHand,
    'changed since': async () => {
      await troupeHere(directory, 'apply', '--only', 'add')
      commit(directory, { 'kept.txt': 'changed\n' })
    },
  }
  const rests = [[], ['--partial'], ['--only', 'more'], ['--task', 'more']]
  for (const [first, take] of Object.entries(firsts))
    for (const rest of rests) {
      git(directory, 'reset', '--quiet', '--hard', proposal.base)
      await take()
      const before = head(directory)
      const name = `${first}, then apply ${rest.join(' ')}`
      t.match(await troupeHere(directory, 'apply', ...rest), { status: 0 }, name)
      t.equal(subjects(directory, `${before}..HEAD`), 'more\n', name)
      t.equal(git(directory, 'diff', '--name-only', proposal.commit, 'HEAD', '--', 'n.txt', 'gone.txt'), '', name)
    }
  // what has been changed further by hand is not what it began from
  git(directory, 'reset', '--quiet', '--hard', proposal.base)
  byHand()
  const now = commit(directory, { 'n.txt': 'another\n' })
  t.match(await troupeHere(directory, 'apply', '--task', 'more'), { status: 1, stderr: /BRANCH_CONFLICTS/ })
  t.equal(head(directory), now)
})

void t.test('apply --task onto a branch that has moved brings its work as one commit', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': '1\n' })
  const tasks = [writes('one'), { id: 'bad', needs: ['one'], command: ['sh', '-c', 'echo half > half.txt; exit 1'] }]
  await runHere(directory, manifest(t, { tasks, check: [{ name: 'no', run: 'false' }] }))
  const now = commit(directory, { 'a.txt': '2\n' })
  t.match(await troupeHere(directory, 'apply', '--task', 'bad'), {
    status: 0,
    stdout: /folded.*2 files changed, not checked/,
  })
  t.equal(subjects(directory, `${now}..HEAD`), 'bad\n')
  t.equal(git(directory, 'ls-tree', '--name-only', 'HEAD'), 'a.txt\nhalf.txt\none.txt\n')
})

void t.test('apply --task folds what is missing of what the task began from, and says what is there', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': '1\n', 'b.txt': '1\n' })
  const rewrites = (id: string, ...files: readonly string[]) => ({
    id,
    command: ['sh', '-c', `for file in ${files.join(' ')}; do echo by ${id} > $file.txt; done`],
  })
  const tasks = [
    rewrites('a', 'a'),
    { ...rewrites('on', 'on'), needs: ['a'] },
    rewrites('b', 'b'),
    { ...rewrites('last', 'a', 'last'), needs: ['on', 'b'] },
  ]
  const { proposal, run } = await runHere(directory, manifest(t, { tasks }))
  const taken = async (task: string) =>
    JSON.parse((await troupeHere(directory, '--json', 'apply', '--task', task)).stdout) as { held: readonly string[] }
  const cases = [
    { first: ['a'], edited: { 'new.txt': 'by hand\n' }, held: ['a'] },
    { first: ['b'], edited: { 'b.txt': 'by hand\n' }, held: ['b'] },
    { first: ['on'], edited: { 'on.txt': 'by hand\n' }, held: ['a', 'on'] },
    { first: ['on', 'b'], edited: { 'on.txt': 'by hand\n', 'b.txt': 'by hand\n' }, held: ['a', 'on', 'b'] },
  ]
  for (const { first, edited, held } of cases) {
    git(directory, 'reset', '--quiet', '--hard', proposal.base)
    for (const task of first) await taken(task)
    commit(directory, edited)
    t.strictSame((await taken('last')).held.toSorted(), held.toSorted(), first.join(' '))
    const names = Object.keys(edited)
    const differ = git(directory, 'diff', '--name-only', `refs/troupe/${run}/last/1`, 'HEAD').split('\n')
    t.strictSame(
      differ.filter((name) => name !== ''),
      names.toSorted(),
      `${first.join(' ')}: nothing else is other`,
    )
  }
  // what another has made alike by hand is there as well; what has been changed since is not what it began from
  git(directory, 'reset', '--quiet', '--hard', proposal.base)
  commit(directory, { 'a.txt': 'by a\n' })
  t.match(await troupeHere(directory, 'apply', '--task', 'last'), { status: 0, stdout: /there already: a\n/ })
  git(directory, 'reset', '--quiet', '--hard', proposal.base)
  commit(directory, { 'a.txt': 'by hand\n' })
  t.match(await troupeHere(directory, 'apply', '--task', 'last'), { status: 1, stderr: /BRANCH_CONFLICTS/ })
})

void t.test('a part of a checked proposal is checked before a branch moves to it', async (t) => {
  const directory = repositoryOf(t, { 'a.txt': '1\n' })
  const check = [{ name: 'both', run: 'test -e one.txt' }]
  await runHere(directory, manifest(t, { tasks: [writes('one'), writes('two')], check }))
  const base = head(directory)
  t.match(await troupeHere(directory, 'apply', '--only', 'two'), {
    status: 1,
    stderr: /the work of two .*CHECK_FAILED/s,
  })
  t.equal(head(directory), base)
  t.match(await troupeHere(directory, 'apply', '--only', 'one'), { status: 0, stdout: /1 file changed, checks pass/ })
  t.match(await troupeHere(directory, 'apply'), {
    status: 0,
    stdout: /1 file changed, checks pass\nthere already: one\n/,
  })
  t.equal(git(directory, 'rev-list', '--count', `${base}..HEAD`), '2\n', 'the rest follows, and nothing comes twice')
  const later = commit(directory, { 'one.txt': 'changed since\n', 'two.txt': 'as well\n' })
  t.match(await troupeHere(directory, 'apply'), {
    status: 0,
    stdout: 'nothing to apply: main holds the proposal already\n',
  })
  t.equal(head(directory), later, 'what has landed once is not brought again')
})

/** A run with a part that is not checked yet, and a gate at which its check waits; `up` has a file for every check begun. */
async function withGate(t: {
  teardown(work: () => void): void
}): Promise<{ directory: string; gate: string; up: string }> {
  const directory = repositoryOf(t, { 'a.txt': '1\n' })
  const up = emptyFolder(t)
  const gate = join(emptyFolder(t), 'gate')
  writeFileSync(gate, '')
  const check = [{ name: 'gate', run: `touch '${up}'/$$; while [ ! -e '${gate}' ]; do sleep 0.05; done` }]
  await runHere(directory, manifest(t, { tasks: [writes('one'), writes('two')], check }))
  rmSync(gate)
  for (const name of readdirSync(up)) rmSync(join(up, name))
  return { directory, gate, up }
}

void t.test('several parts are checked at once, each in a checkout that is not in the way of another', async (t) => {
  const { directory, gate, up } = await withGate(t)
  const first = begin(directory, 'apply', '--only', 'one', '--branch', 'first')
  await first.until(() => readdirSync(up).length === 1)
  const second = begin(directory, 'apply', '--only', 'one', '--branch', 'second')
  await second.until(() => readdirSync(up).length === 2)
  writeFileSync(gate, '')
  for (const { ended } of [first, second]) t.match(await ended, { status: 0, stdout: /1 file changed, checks pass/ })
  t.equal(existsSync(join(directory, '.git/worktrees')), false)
})

void t.test('gc leaves a run alone whose work an apply is checking', async (t) => {
  const { directory, gate, up } = await withGate(t)
  const applying = begin(directory, 'apply', '--only', 'one')
  await applying.until(() => readdirSync(up).length === 1)
  t.match(await troupeHere(directory, 'gc', '--older-than', '0s', '--unapplied'), {
    status: 0,
    stdout: /^nothing to collect: 1 run on \d+ kB\n$/,
  })
  writeFileSync(gate, '')
  t.match(await applying.ended, { status: 0, stdout: /1 file changed, checks pass/ })
  t.match((await troupeHere(directory, 'gc', '--older-than', '0s', '--unapplied')).stdout, /ended: removed its folder/)
})

void t.test('resume leaves a run alone whose work an apply is checking', async (t) => {
  const { directory, gate, up } = await withGate(t)
  const [run = ''] = readdirSync(join(directory, '.agents/runs'))
  const journal = join(directory, '.agents/runs', run, 'journal.ndjson')
  const lines = readFileSync(journal, 'utf8').split('\n')
  writeFileSync(
    journal,
    lines
      .slice(0, -2)
      .map((line) => `${line}\n`)
      .join(''),
  ) // died before it had said its end
  const applying = begin(directory, 'apply', '--only', 'one')
  await applying.until(() => readdirSync(up).length === 1)
  t.match(await troupeHere(directory, 'resume', run), { status: 2, stderr: /such as apply,.* in use\n {2}LEASE_HELD/ })
  writeFileSync(gate, '')
  t.match(await applying.ended, { status: 0, stdout: /1 file changed, checks pass/ })
  t.match(await troupeHere(directory, 'resume', run), { status: 0 })
})

void t.test('what an apply left that was killed is not in the way of the next one, and gc takes it', async (t) => {
  const { directory, gate, up } = await withGate(t)
  const killed = begin(directory, 'apply', '--only', 'one')
  await killed.until(() => readdirSync(up).length === 1)
  killed.child.kill('SIGKILL')
  await killed.ended
  writeFileSync(gate, '')
  const next = await troupeHere(directory, 'apply', '--only', 'one')
  t.match(next, { status: 0, stdout: /1 file changed, checks pass/ })
  t.equal(readdirSync(join(directory, '.git/worktrees')).length, 1)
  t.match((await troupeHere(directory, 'doctor', '--run')).stdout, /left behind.* 1 worktree/)
  t.match(await troupeHere(directory, 'gc'), { status: 0, stdout: /removed 1 worktree\n/ })
  t.equal(existsSync(join(directory, '.git/worktrees')), false)
  const [run = ''] = readdirSync(join(directory, '.agents/runs'))
  t.same(
    readdirSync(join(directory, '.agents/runs', run)).filter((name) => name.startsWith('in-use')),
    [],
  )
  t.match((await troupeHere(directory, 'doctor', '--run')).stdout, /left behind.* nothing/)
})

void t.test('apply has nothing to do where nothing changed, and refuses to lose uncommitted changes', async (t) => {
  const directory = repositoryOf(t, { 'one.txt': '1\n' })
  const { run } = await runHere(directory, manifest(t, { tasks: [{ id: 'looks', command: ['true'] }] }))
  t.match(await troupeHere(directory, 'apply'), {
    status: 0,
    stdout: /^nothing to apply: the proposal changes no file\n/,
  })
  t.match(JSON.parse((await troupeHere(directory, 'apply', '--json')).stdout), { how: 'nothing', undo: null })
  await runHere(directory, manifest(t, { tasks: [writes('one')] }))
  writeFileSync(join(directory, 'one.txt'), 'mine\n')
  const { '.git/ORIG_HEAD': _, ...before } = fingerprint(directory)
  t.match(await troupeHere(directory, 'apply'), { status: 2, stderr: /in one\.txt would be lost\n {2}CHECKOUT_DIRTY/ })
  const { '.git/ORIG_HEAD': __, ...after } = fingerprint(directory)
  t.same(after, before)
  t.match(await troupeHere(directory, 'apply', run), { status: 0, stdout: /no file/ }, 'the older run, by its id')
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
    const { proposal, run } = await runHere(directory, manifest(t, { tasks, check }))
    t.match(proposal.blame, [{ tasks: ['two', 'three'], dropped: 'three' }])
    t.match(await troupeHere(directory, 'replay'), { status: 0, stdout: `the same again: ${proposal.commit}\n` })
    t.match(JSON.parse((await troupeHere(directory, '--json', 'replay', run)).stdout), {
      schema: 'troupe/replay/1',
      same: true,
    })
    t.match(await troupeHere(directory, 'apply', '--only', 'two', '--branch', 'part'), {
      status: 0,
      stdout: /2 files changed, checks pass/,
    })
    t.equal(git(directory, 'ls-tree', '--name-only', 'part'), 'a.txt\none.txt\ntwo.txt\n')
    t.equal(git(directory, 'show', 'part:a.txt'), '1\n')
    t.match(await troupeHere(directory, 'apply', '--only', 'two,three'), {
      status: 2,
      stderr: /three is left-out, it is no part of the proposal: breaks the check both together with two/,
    })
    t.match(await troupeHere(directory, 'apply', '--only', 'none'), { status: 2, stderr: /TASK_NOT_FOUND/ })
    const { stdout } = await troupeHere(directory, 'show', '--conflict', '1')
    t.match(stdout, /<<<<<<< x a\.txt:1[\s\S]*\|\|\|\|\|\|\|[\s\S]*=======[\s\S]*>>>>>>> y a\.txt:1/)
    t.match(await troupeHere(directory, 'show', '--conflict', '9'), {
      status: 2,
      stderr: /there is no conflict 9: the proposal has/,
    })
  },
)
