import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openObjects } from '../../src/changes/objects.ts'
import { openQuickTrees } from '../../src/changes/quick-tree.ts'
import type { Worktree } from '../../src/changes/worktree.ts'
import { watchFolder } from '../../src/changes/folder-watch.ts'
import { type Known, type Saved, savedAt, takeSnapshot } from '../../src/changes/snapshot.ts'
import { ignoredFolders } from '../../src/changes/workspace-content.ts'
import { workspaceGit } from '../../src/changes/workspace-git.ts'
import { git } from '../acceptance/troupe.ts'
import { put, type Scene, sceneOf } from './scene.ts'

const ref = 'refs/troupe/run-1/t/snapshot'

async function worktreeIn(scene: Scene) {
  const worktree = await scene.worktrees.create('t', scene.base)
  const save = (among: readonly string[] | null = null): Promise<Saved | null> =>
    takeSnapshot(scene.repository.git, { worktree, ref, message: 'under way', at: 1, among })
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
    const order = { worktree: next, ref, message: 'under way', at: 2, among: null }
    t.match(
      await takeSnapshot(scene.repository.git, order),
      { commit: left },
      'the same again is news of another worktree',
    )
    t.equal(await takeSnapshot(scene.repository.git, order), null)
    t.equal(git(next.directory, 'rev-parse', 'HEAD').trim(), scene.base)
    t.equal(git(next.directory, 'status', '--porcelain'), ' M a.txt\n D b.txt\n?? new.txt\n')
    const sealed = await scene.seal(next)
    t.match(sealed, { changed: true, changeSet: { base: scene.base, files: ['a.txt', 'b.txt', 'new.txt'] } })
  },
)

void t.test(
  'where it is known what has changed, only that is looked at, and every kind of change is seen',
  async (t) => {
    for (const isQuick of [false, true]) await seesEveryChange(t, isQuick)
  },
)

async function seesEveryChange(t: Test, isQuick: boolean): Promise<void> {
  const scene = await sceneOf(t, { 'a.txt': 'a\n', 'b.txt': 'b\n', 'c/d.txt': 'd\n', '.gitignore': '*.log\n' })
  const { worktree, directory, save: saveByIndex } = await worktreeIn(scene)
  const save = isQuick ? quickly(t, scene, worktree) : saveByIndex
  const names = (): string => git(scene.root, 'ls-tree', '-r', '--name-only', ref)
  put(directory, { 'a.txt': 'A\n' })
  t.notOk(await save(['b.txt']), 'also the first time')
  t.ok(await save(['a.txt']))
  t.notOk(await save([]), 'nothing is nothing new')
  put(directory, { 'a.txt': 'AA\n', 'b.txt': 'B\n' })
  const saved = await save(['b.txt', 'nowhere'])
  t.equal(git(scene.root, 'show', `${ref}:a.txt`), 'A\n')
  t.equal(git(scene.root, 'show', `${ref}:b.txt`), 'B\n')
  t.equal(git(scene.root, 'rev-parse', `${ref}^{tree}`).trim(), saved?.tree)
  rmSync(join(directory, 'b.txt'))
  rmSync(join(directory, 'c'), { recursive: true })
  put(directory, { 'e.txt': 'e\n', 'f.log': 'f\n', '.hidden/g': 'g\n' })
  chmodSync(join(directory, 'e.txt'), 0o755)
  t.ok(await save(['b.txt', 'c/d.txt', 'c', 'e.txt', 'f.log', '.hidden/g']))
  t.match(git(scene.root, 'ls-tree', '-r', ref), /100755 blob \w+\te\.txt\n/)
  t.equal(names(), '.gitignore\n.hidden/g\na.txt\ne.txt\n')
  t.equal(git(scene.root, 'show', `${ref}:a.txt`), 'A\n', 'nothing else is looked at')
  put(directory, { 'b.txt/inside': 'i\n', c: 'a file now\n', 'new [1]/*.txt': 'n\n', 'x.log': 'x\n' })
  t.ok(await save(['a.txt', 'b.txt', 'c', 'c/d.txt', 'new [1]', 'x.log']))
  t.equal(names(), '.gitignore\n.hidden/g\na.txt\nb.txt/inside\nc\ne.txt\nnew [1]/*.txt\n')
  t.equal(git(scene.root, 'show', `${ref}:a.txt`), 'AA\n')
  git(directory, 'checkout', '--quiet', '--', 'b.txt') // in the way of nothing any more
  t.ok(await save(['b.txt', 'b.txt/inside']))
  t.notOk(await save(), 'a look at everything finds nothing that was missed')
}

/** Snapshots that need no index but for the first. */
function quickly(t: Test, scene: Scene, worktree: Worktree): (among?: readonly string[]) => Promise<Saved | null> {
  const { git: own } = scene.repository
  const objects = openObjects(own)
  t.teardown(() => objects[Symbol.asyncDispose]())
  const quick = openQuickTrees(own, objects)
  let known: Known | null = null
  return async (among) => {
    known ??= { tree: await quick.of(scene.base), last: null, isOwn: false }
    const order = { worktree, ref, message: 'under way', at: 1, among: among ?? null, quick, known }
    const saved = await takeSnapshot(own, order)
    if (saved !== null) known = { tree: saved.tree, last: saved, isOwn: true }
    return saved
  }
}

void t.test(
  'a watch notices what is written anywhere, also in folders that are new, and nothing that is ignored',
  async (t) => {
    const scene = await sceneOf(t, { 'a.txt': 'a\n', 'deep/er/b.txt': 'b\n', '.gitignore': 'built/\n' })
    const { worktree, directory } = await worktreeIn(scene)
    let heard = Promise.withResolvers<void>()
    const watch = await watchFolder({
      directory,
      changed: () => {
        heard.resolve()
      },
      exhausted: (why) => t.fail(why),
      ignoredAmong: (folders) => ignoredFolders({ git: workspaceGit(scene.repository.git, worktree) }, folders),
    })
    const { port1: alive } = new MessageChannel()
    alive.ref() // a watch keeps no process alive
    t.teardown(() => {
      watch.close()
      alive.close()
    })
    put(directory, { 'built/early/x': 'x\n' })
    /** What is noticed of `act`, until `path` is among it. */
    const noticed = async (path: string, act: () => void): Promise<ReadonlySet<string>> => {
      const paths = new Set<string>()
      heard = Promise.withResolvers<void>()
      act()
      while (!paths.has(path)) {
        await heard.promise
        heard = Promise.withResolvers<void>()
        for (const one of (await watch.taken()) ?? []) paths.add(one)
      }
      return paths
    }
    await noticed('deep/er/b.txt', () => {
      put(directory, { 'deep/er/b.txt': 'B\n' })
    })
    await noticed('new', () => {
      put(directory, { 'new/folder/c.txt': 'c\n' })
    })
    const seen = await noticed('new/folder/c.txt', () => {
      put(directory, { 'built/early/x': 'xx\n', 'built/late/y': 'y\n', 'new/folder/c.txt': 'C\n' })
    })
    t.notOk(
      [...seen].some((path) => path.startsWith('built')),
      'what is ignored is not watched',
    )
    await noticed('deep', () => {
      rmSync(join(directory, 'deep'), { recursive: true })
      put(directory, { 'deep/again.txt': '1\n' })
    })
    await noticed('deep/again.txt', () => {
      put(directory, { 'deep/again.txt': '2\n' })
    })
    heard = Promise.withResolvers<void>()
    put(directory, { '.gitignore': '\n' })
    await heard.promise
    t.equal(await watch.taken(), null, 'other rules, so it may be anywhere')
    await noticed('built/early/x', () => {
      put(directory, { 'built/early/x': 'xxx\n' })
    })
  },
)
