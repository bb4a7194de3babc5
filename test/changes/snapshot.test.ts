import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { savedAt, takeSnapshot } from '../../src/changes/snapshot.ts'
import { git } from '../acceptance/troupe.ts'
import { put, type Scene, sceneOf } from './scene.ts'

const ref = 'refs/troupe/run-1/t/snapshot'

async function worktreeIn(scene: Scene) {
  const worktree = await scene.worktrees.create('t', scene.base)
  const save = (): Promise<boolean> =>
    takeSnapshot(scene.repository.git, { worktree, ref, message: 'under way', at: 1 })
  const saved = (path: string): string => git(scene.root, 'show', `${ref}:${path}`)
  return { worktree, directory: worktree.directory, save, saved }
}

void t.test('what changed since the last time is saved on the base, and nothing of the agent is touched', async (t) => {
  const scene = await sceneOf(t, { 'a.txt': 'a\n', 'gone.txt': 'g\n', '.gitignore': '*.log\n' })
  const { worktree, directory, save, saved } = await worktreeIn(scene)
  t.notOk(await save(), 'nothing is nothing new')
  put(directory, { 'a.txt': 'A\n', 'new/b.txt': 'b\n', 'x.log': 'x\n' })
  rmSync(join(directory, 'gone.txt'))
  writeFileSync(join(worktree.adminDirectory, 'index.lock'), '') // the agent runs git just now
  const status = git(scene.root, 'status', '--porcelain')
  t.ok(await save())
  t.notOk(await save(), 'the same again is nothing new')
  t.equal(saved('a.txt'), 'A\n')
  t.equal(git(scene.root, 'ls-tree', '-r', '--name-only', ref), '.gitignore\na.txt\nnew/b.txt\n')
  t.equal(git(scene.root, 'rev-parse', `${ref}^`).trim(), scene.base)
  t.equal(git(scene.root, 'status', '--porcelain'), status)
  put(directory, { 'a.txt': 'AA\n' })
  t.ok(await save())
  t.equal(saved('a.txt'), 'AA\n')
  t.equal(git(scene.root, 'rev-parse', `${ref}^`).trim(), scene.base, 'each stands on the base')
  put(directory, { 'a.txt': 'a\n', 'gone.txt': 'g\n' })
  rmSync(join(directory, 'new'), { recursive: true })
  t.ok(await save(), 'taking everything back is a change, too')
  const commit = git(scene.root, 'rev-parse', ref).trim()
  t.match(await savedAt(scene.repository.git, ref), { commit, base: scene.base })
  t.equal(await savedAt(scene.repository.git, 'refs/troupe/none'), null)
})

void t.test('a repository in the making and a lock that a killed git left do not hold it up', async (t) => {
  const scene = await sceneOf(t, { 'a.txt': 'a\n' })
  const { worktree, directory, save, saved } = await worktreeIn(scene)
  put(directory, { 'a.txt': '1\n', 'lib/c.txt': 'c\n' })
  git(join(directory, 'lib'), 'init', '--quiet')
  t.ok(await save())
  writeFileSync(join(worktree.adminDirectory, 'troupe-snapshot-index.lock'), '')
  put(directory, { 'a.txt': '2\n' })
  t.ok(await save())
  t.equal(saved('a.txt'), '2\n')
  writeFileSync(join(worktree.adminDirectory, 'troupe-snapshot-index'), 'torn')
  await t.rejects(save(), { code: 'GIT_FAILED' })
  put(directory, { 'a.txt': '3\n' })
  t.ok(await save(), 'and the next one begins anew')
  t.equal(saved('a.txt'), '3\n')
})

void t.test(
  'a worktree can begin with the files of another commit, as changes that nobody has committed',
  async (t) => {
    const scene = await sceneOf(t, { 'a.txt': 'a\n', 'b.txt': 'b\n' })
    const { directory, save } = await worktreeIn(scene)
    put(directory, { 'a.txt': 'A\n', 'new.txt': 'n\n' })
    rmSync(join(directory, 'b.txt'))
    await save()
    const left = (await savedAt(scene.repository.git, ref))?.commit
    if (left === undefined) throw new Error('there is no snapshot')
    const next = await scene.worktrees.create('u', scene.base, left)
    t.equal(git(next.directory, 'rev-parse', 'HEAD').trim(), scene.base)
    t.equal(git(next.directory, 'status', '--porcelain'), ' M a.txt\n D b.txt\n?? new.txt\n')
    const sealed = await scene.seal(next)
    t.match(sealed, { changed: true, changeSet: { base: scene.base, files: ['a.txt', 'b.txt', 'new.txt'] } })
  },
)
