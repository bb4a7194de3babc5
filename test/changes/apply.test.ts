import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { applyProposal, type Applied, type ApplyOrder, type Standing } from '../../src/changes/apply.ts'
import { asCommitId, type CommitId } from '../../src/ids.ts'
import { emptyFolder, git } from '../acceptance/troupe.ts'
import { everything, put, type Scene, sceneOf } from './scene.ts'

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

const commit = (folder: string, ...options: readonly string[]): CommitId => {
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
    [
      'merging',
      (root) => {
        put(root, { '.git/MERGE_HEAD': `${head(root)}\n` })
      },
      /git says: .*MERGE_HEAD exists/s,
    ],
    [
      'locked',
      (root) => {
        put(root, { '.git/index.lock': '' })
      },
      /git says: .*index\.lock/s,
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

void t.test('a branch that has moved gets what is made for it, told how far it has moved', async (t) => {
  const { root, base, proposal, apply } = await proposed(t)
  put(root, { 'b.txt': 'meanwhile\n' })
  const now = commit(root, '--all')
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
    const now = commit(root, '--all')
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
  const later = commit(root)
  git(root, 'branch', 'behind', base)
  git(root, 'checkout', '--quiet', '--orphan', 'alone')
  const alone = commit(root)
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
  await t.rejects(apply({ branch: 'side' }), { code: 'CHECKOUT_DIRTY', message: /which is not there/ })
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
        run: async (args: readonly string[], options?: object) => {
          git(root, 'update-ref', `refs/heads/${branch}`, rival)
          return await repository.git.at(folder).run(args, options)
        },
      }),
    }
    await t.rejects(apply({ branch, repository: { ...repository, git: late } }), { code: 'BRANCH_MOVED' }, branch)
    t.equal(head(root, branch), rival)
  }
})
