import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { basename, join, relative } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { excludeAgentsFolder, isAgentsFolderIgnored } from '../../src/changes/exclude.ts'
import { type Git, openGit } from '../../src/changes/git.ts'
import { openObjectFiles } from '../../src/changes/object-files.ts'
import { openObjects } from '../../src/changes/objects.ts'
import { applyDelta } from '../../src/changes/pack-delta.ts'
import { openRepository } from '../../src/changes/repository.ts'
import { openSharedCheckouts } from '../../src/changes/shared-checkout.ts'
import { type Administer, byGit, byHand } from '../../src/changes/worktree-administration.ts'
import { openWorktrees } from '../../src/changes/worktree.ts'
import { asCommitId } from '../../src/ids.ts'
import { emptyFolder, git } from '../acceptance/troupe.ts'
import { everything, put, sceneAt, sceneOf, sealedContent } from './scene.ts'

type Teardown = Parameters<typeof emptyFolder>[0]

const base = { 'a.txt': 'one\n', 'dir/b.txt': 'two\n' }

/** Sets environment variables until the test is over. */
function environment(t: Teardown, values: Readonly<Record<string, string>>): void {
  const before = { ...process.env }
  Object.assign(process.env, values)
  t.teardown(() => {
    for (const name of Object.keys(values)) delete process.env[name]
    Object.assign(process.env, before)
  })
}

/** Puts a program named git before the real one. */
function fakeGit(t: Teardown, script: string): void {
  const folder = emptyFolder(t)
  put(folder, { git: { run: `#!/bin/sh\n${script}\n` } })
  environment(t, { PATH: `${folder}:${process.env['PATH']}` })
}

void t.test('git is not led astray by the git that started Troupe, by hooks or by editors', async (t) => {
  const scene = await sceneOf(t, base)
  const other = await sceneOf(t, { 'other.txt': 'o\n' })
  put(scene.root, { '.git/hooks/pre-commit': { run: '#!/bin/sh\nexit 1\n' } })
  environment(t, {
    GIT_DIR: join(other.root, '.git'),
    GIT_WORK_TREE: other.root,
    GIT_INDEX_FILE: join(other.root, '.git/index'),
    GIT_OBJECT_DIRECTORY: join(other.root, '.git/objects'),
    GIT_COMMON_DIR: join(other.root, '.git'),
    GIT_LITERAL_PATHSPECS: '1',
    GIT_EDITOR: 'false',
    GIT_AUTHOR_NAME: 'Somebody',
    GIT_AUTHOR_DATE: '@1 +0000',
  })
  const here = openGit(scene.root)
  t.same(await here.text(['ls-files']), 'a.txt\ndir/b.txt')
  await here.run(['commit', '--allow-empty', '--message', 'm', '--edit'])
  t.match(await here.text(['log', '-1', '--format=%an %ae']), 'Troupe troupe@localhost')
  t.not(await here.text(['log', '-1', '--format=%at']), '1')
})

void t.test('git answers with bytes, text and exit codes, and fails with what git said', async (t) => {
  const { root } = await sceneOf(t, { 'a.bin': Buffer.from([0, 255, 10, 10]) })
  const here = openGit(root)
  t.same(Buffer.from(await here.bytes(['cat-file', 'blob', 'HEAD:a.bin'])), Buffer.from([0, 255, 10, 10]))
  t.equal(await here.text(['hash-object', '--stdin'], { input: 'x\n' }), '587be6b4c3f93f93c489c0111bba5596147a26cb')
  t.match(await here.run(['diff', '--quiet', 'HEAD', '--'], { accept: [0, 1] }), { exitCode: 0, stdout: '' })
  const missing = here.text(['rev-parse', '--verify', 'nosuch'])
  await t.rejects(missing, {
    code: 'GIT_FAILED',
    message: /^git rev-parse --verify nosuch ended with 128 .*single revision/s,
  })
  t.match(await here.run(['--version'], { input: 'x'.repeat(4_000_000) }), { exitCode: 0 }, 'input that nobody reads')
  await t.rejects(here.at(join(root, 'nosuch')).run(['status']), { code: 'GIT_FAILED', message: /the folder is gone/ })
})

void t.test('a git that is missing, too old or out of disk space is told apart', async (t) => {
  const scene = await sceneOf(t, base)
  await t.test('missing', async (t) => {
    environment(t, { PATH: emptyFolder(t) })
    await t.rejects(openRepository(scene.root), { code: 'GIT_MISSING' })
  })
  await t.test('too old', async (t) => {
    fakeGit(t, 'echo git version 2.37.9')
    await t.rejects(openRepository(scene.root), { code: 'GIT_TOO_OLD', message: 'this is git version 2.37.9' })
  })
  await t.test('no space', async (t) => {
    const before = everything(scene.root)
    fakeGit(
      t,
      `case "$*" in *read-tree*) echo "fatal: x: No space left on device" >&2; exit 128;; esac
      PATH=\${PATH#*:} exec git "$@"`,
    )
    await t.rejects(scene.worktrees.create('t', scene.base), { code: 'NO_SPACE' })
    t.same(everything(scene.root), before, 'and nothing of the worktree is left')
    t.same(readdirSync(join(scene.root, '.agents/runs/run-1/work')), [])
  })
})

void t.test('a repository is opened from any of its folders and refused with the reason', async (t) => {
  const scene = await sceneOf(t, base)
  const { root } = scene
  git(root, 'worktree', 'add', '--quiet', '-b', 'side', join(root, '../side'))
  const linked = realpathSync(join(root, '../side'))
  t.teardown(() => {
    rmSync(linked, { recursive: true })
  })
  t.match(await openRepository(join(root, 'dir')), { root, commonDirectory: join(root, '.git') })
  t.match(await openRepository(linked), {
    root: linked,
    commonDirectory: join(root, '.git'),
    gitDirectory: join(root, '.git/worktrees/side'),
  })
  const refusal = async (path: string, message: RegExp): Promise<void> => {
    await t.rejects(openRepository(path), { code: 'NOT_A_REPOSITORY', message })
  }
  const bare = emptyFolder(t)
  git(bare, 'init', '--quiet', '--bare')
  await refusal(bare, /is a bare repository/)
  await refusal(join(root, '.git'), /is inside the folder in which git keeps its own files/)
  await refusal(emptyFolder(t), /is not inside a git repository/)
  await refusal(join(root, 'nosuch'), /does not exist/)
  await refusal(join(root, 'a.txt'), /a\.txt is a file, not a folder/)
  const loop = join(emptyFolder(t), 'loop')
  symlinkSync('loop', loop)
  await refusal(loop, /loop cannot be entered: ELOOP/)
  const fresh = emptyFolder(t)
  git(fresh, 'init', '--quiet')
  await t.rejects((await openRepository(fresh)).resolveBase('HEAD'), { code: 'NO_COMMIT_YET' })
  const odd = join(emptyFolder(t), 'two\nlines')
  cpSync(root, odd, { recursive: true })
  t.match(await openRepository(join(odd, 'dir')), { root: odd, gitDirectory: join(odd, '.git') })
})

void t.test('a repository names commits, files and what is not committed', async (t) => {
  const { root, repository, base: first } = await sceneOf(t, { 'a.txt': '1\n', 'ü "q"\n': '2\n' })
  git(root, 'tag', '--annotate', 'v1', '--message', 'v1')
  t.equal(await repository.resolveBase('v1'), first)
  t.equal(await repository.resolveBase('main~0'), first)
  for (const unknown of ['nosuch', '--all', 'HEAD:a.txt', '']) {
    await t.rejects(repository.resolveBase(unknown), { code: 'BASE_UNKNOWN' })
  }
  t.same((await repository.filesAt(first)).toSorted(), ['a.txt', 'ü "q"\n'])
  t.same(await repository.dirtyFiles(), [])
  put(root, { 'a.txt': '3\n', 'new ü': 'n\n' })
  git(root, 'config', 'status.showUntrackedFiles', 'no')
  t.same(await repository.dirtyFiles(), ['a.txt', 'new ü'])
})

void t.test(
  'worktrees made at once are all there, checked out and locked; others can add theirs meanwhile',
  async (t) => {
    const { root, worktrees, base: commit } = await sceneOf(t, { ...base, 'run.sh': { run: 'true\n' } })
    put(root, { '.git/hooks/post-checkout': { run: '#!/bin/sh\ntouch hook-ran\n' } })
    const before = everything(root)
    const names = Array.from({ length: 24 }, (_, index) => `task.${index}`)
    const theirs = join(emptyFolder(t), 'theirs')
    const all = Promise.all(names.map((name) => worktrees.create(name, commit)))
    for (let round = 0; round < 4; round += 1)
      await openGit(root).run(['worktree', 'add', '--detach', `${theirs}${round}`])
    const made = await all
    const listed = git(root, 'worktree', 'list', '--porcelain')
    for (const { directory, name } of made) {
      t.match(listed, `worktree ${directory}\nHEAD ${commit}\ndetached\nlocked a Troupe run works here\n`)
      t.equal(git(directory, 'status', '--porcelain', '--branch'), '## HEAD (no branch)\n')
      t.equal(statSync(join(directory, 'run.sh')).mode & 0o111, 0o111)
      t.notOk(existsSync(join(directory, 'hook-ran')), name)
    }
    git(root, 'worktree', 'prune', '--expire', 'now')
    git(root, 'fsck', '--strict')
    t.equal((await worktrees.list()).length, 24, 'prune has left them alone, and theirs are not listed')
    await Promise.all(made.map((worktree) => worktrees.remove(worktree)))
    for (let round = 0; round < 4; round += 1) git(root, 'worktree', 'remove', '--force', `${theirs}${round}`)
    t.same(everything(root), before)
  },
)

void t.test('an entry made by hand is what git itself makes', async (t) => {
  for (const sparse of [false, true]) {
    const { root, repository, base: commit } = await sceneOf(t, base)
    if (sparse) git(root, 'sparse-checkout', 'set', '--no-cone', '/a.txt')
    if (sparse) git(root, 'config', '--worktree', 'core.worktree', root)
    const folder = join(root, '.agents/runs/run-1/work')
    const madeBy = async (name: string, administer: Administer): Promise<Readonly<Record<string, string>>> => {
      const directory = join(folder, name)
      mkdirSync(directory, { recursive: true })
      const entry = await administer({ name, directory, commit })
      const files = readdirSync(entry, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
      const paths = files.map((file) => join(file.parentPath, file.name)).filter((path) => !path.includes('/logs/'))
      const text = (path: string): string =>
        readFileSync(path, 'utf8').replaceAll(directory, '<directory>').replaceAll(basename(entry), '<entry>').trim()
      const texts = [
        ...paths.map((path) => [path.slice(entry.length), text(path)]),
        ['.git', text(join(directory, '.git'))],
      ]
      git(directory, 'reset', '--quiet', '--hard')
      texts.push(['checked out', readdirSync(directory).toSorted().join(' ')])
      texts.push(['root', git(directory, 'rev-parse', '--show-toplevel').trim().replace(directory, '<directory>')])
      return Object.fromEntries(texts)
    }
    const hand = await madeBy('hand', byHand(repository, folder))
    t.same(hand, await madeBy('added', byGit(repository)))
    t.match(hand, { '/locked': 'a Troupe run works here', 'checked out': sparse ? '.git a.txt' : '.git a.txt dir' })
    for (const [by, administer] of Object.entries({ hand: byHand(repository, folder), git: byGit(repository) })) {
      const whole = await madeBy(`whole by ${by}`, (one) => administer({ ...one, whole: true }))
      t.equal(whole['checked out'], '.git a.txt dir')
    }
  }
})

void t.test('where git keeps refs otherwise, worktrees are made by git', async (t) => {
  const scene = await sceneOf(t, base)
  const { repository, root } = scene
  let adding = 0
  let together = 0
  const run: Git['run'] = async (args, options) => {
    if (args.includes('extensions.refStorage')) return { exitCode: 0, stdout: 'reftable\n', stderr: '' }
    adding += 1
    together = Math.max(together, adding)
    return await repository.git.run(args, options).finally(() => {
      adding -= 1
    })
  }
  const elsewhere = { ...repository, git: { ...repository.git, run } }
  const worktrees = openWorktrees({ repository: elsewhere, folder: join(root, '.agents/runs/run-1/work'), parallel: 4 })
  const before = everything(root)
  const made = await Promise.all(['x', 'y', 'z', 'u', 'v', 'w'].map((name) => worktrees.create(name, scene.base)))
  t.ok(made.every(({ adminDirectory }) => !basename(adminDirectory).includes('troupe')))
  t.equal(together, 1, 'one at a time')
  for (const worktree of made) t.same(await scene.seal(worktree), { changed: false })
  await worktrees.removeAll()
  t.same(everything(root), before)
})

void t.test('a worktree is refused where something is in the way, and takes nothing of others with it', async (t) => {
  const { root, worktrees, base: commit } = await sceneOf(t, base)
  put(root, { '.agents/runs/run-1/work/taken/file': 'unsealed work\n' })
  await t.rejects(worktrees.create('taken', commit), {
    code: 'GIT_FAILED',
    message: /no worktree can be made at .*taken/,
  })
  t.equal(readFileSync(join(root, '.agents/runs/run-1/work/taken/file'), 'utf8'), 'unsealed work\n')
  const before = everything(root)
  const unknown = asCommitId('1'.repeat(40))
  await t.rejects(worktrees.create('t', unknown), { code: 'GIT_FAILED', message: /1{40} cannot be checked out/ })
  t.same(everything(root), before)

  const theirs = join(root, '.git/worktrees/troupe-run-1-theirs')
  put(theirs, { HEAD: `${commit}\n`, commondir: '../..\n', gitdir: '/elsewhere/.git\n' })
  await t.rejects(worktrees.create('theirs', commit), { code: 'GIT_FAILED' })
  await worktrees.remove({ name: 'theirs', directory: join(root, '.agents/theirs'), adminDirectory: theirs })
  t.ok(existsSync(theirs))

  const lost = await worktrees.create('lost', commit)
  rmSync(lost.directory, { recursive: true })
  const again = await worktrees.create('lost', commit)
  t.equal(git(again.directory, 'status', '--porcelain'), '', 'an entry whose folder is gone is made anew')
})

void t.test('a worktree is removed whole, whatever became of its entry and of the rights to its folders', async (t) => {
  const { root, worktrees, base: commit } = await sceneOf(t, base)
  const before = everything(root)
  for (const pointer of [null, '', 'broken']) {
    const worktree = await worktrees.create('t', commit)
    const path = join(worktree.adminDirectory, 'gitdir')
    if (pointer === null) rmSync(path)
    else writeFileSync(path, pointer)
    await worktrees.remove(worktree)
    t.same(everything(root), before, `pointer: ${pointer}`)
    t.notOk(existsSync(worktree.directory))
  }
  const worktree = await worktrees.create('read-only', commit)
  const outside = emptyFolder(t)
  put(outside, { 'theirs.txt': 'stays\n' })
  put(worktree.directory, { 'cache/module/go.mod': 'm\n', 'cache/outside': { link: outside } })
  for (const folder of ['cache/module', 'cache']) chmodSync(join(worktree.directory, folder), 0o555)
  chmodSync(outside, 0o555)
  await asPlainUser(root, () => worktrees.remove(worktree))
  t.notOk(existsSync(worktree.directory))
  t.notOk(existsSync(worktree.adminDirectory))
  t.equal(statSync(outside).mode & 0o777, 0o555, 'a link is not followed')
  chmodSync(outside, 0o755)
})

/** The superuser may do anything; as such, the work is done by the owner of the folder. */
async function asPlainUser(folder: string, work: () => Promise<void>): Promise<void> {
  if (process.getuid?.() !== 0) return await work()
  const nobody = 65_534
  execFileSync('chown', ['-R', String(nobody), folder])
  process.seteuid?.(nobody)
  try {
    await work()
  } finally {
    process.seteuid?.(0)
  }
}

void t.test('what git cleans up leaves a worktree and its commit alone', async (t) => {
  const scene = await sceneOf(t, base)
  const { root } = scene
  const commit = asCommitId(
    git(root, 'commit-tree', `${scene.base}^{tree}`, '-p', scene.base, '-m', 'held by none').trim(),
  )
  const worktree = await scene.worktrees.create('t', commit)
  put(worktree.directory, { 'a.txt': 'edited\n' })
  git(root, 'gc', '--quiet', '--prune=now')
  git(root, 'maintenance', 'run', '--quiet')
  git(root, 'worktree', 'prune', '--expire', 'now')
  t.match(await scene.seal(worktree), { changed: true, changeSet: { base: commit, files: ['a.txt'] } })
  git(root, 'fsck', '--strict')
})

void t.test('what a supervisor that died has left is listed, can be sealed, and is removed', async (t) => {
  const scene = await sceneOf(t, base)
  const before = everything(scene.root)
  const { directory } = await scene.worktrees.create('t', scene.base)
  put(directory, { 'a.txt': 'done\n' })
  mkdirSync(join(scene.root, '.git/troupe-new-run-1-u'))
  const next = await sceneAt(scene.root)
  const [place] = await next.worktrees.list()
  if (place === undefined) throw new Error('nothing is listed')
  const { commit } = place
  if (commit === null) throw new Error('it is not known to be whole')
  const sealed = await next.seal({ ...place, commit })
  t.equal(sealedContent(next.root, sealed)['a.txt'], '100644 done\n')
  await next.worktrees.create('u', next.base)
  await next.worktrees.removeAll()
  await next.worktrees.remove(place)
  t.same(everything(scene.root), before)
  t.same(readdirSync(join(scene.root, '.agents/runs/run-1/work')), [])
})

void t.test(
  'a worktree can be made, sealed and removed from a linked worktree of a bare repository and in a submodule',
  async (t) => {
    const { root } = await sceneOf(t, base)
    const bare = join(emptyFolder(t), 'bare.git')
    git(root, 'clone', '--quiet', '--bare', '.', bare)
    const linked = join(emptyFolder(t), 'main')
    git(bare, 'worktree', 'add', '--quiet', linked, 'main')
    git(linked, 'sparse-checkout', 'set', '--no-cone', '/a.txt')
    const around = emptyFolder(t)
    git(around, 'init', '--quiet')
    git(around, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', root, 'sub')
    for (const folder of [linked, join(around, 'sub')]) {
      const scene = await sceneAt(folder)
      const before = git(folder, 'status', '--porcelain', '--branch')
      const worktree = await scene.worktrees.create('t', scene.base)
      t.equal(
        existsSync(join(worktree.directory, 'dir')),
        folder !== linked,
        'as much of it as the user has checked out',
      )
      put(worktree.directory, { 'new.txt': 'n\n' })
      t.equal(git(worktree.directory, 'status', '--porcelain'), '?? new.txt\n')
      t.equal(sealedContent(scene.root, await scene.seal(worktree))['new.txt'], '100644 n\n')
      await scene.worktrees.remove(worktree)
      t.equal(git(folder, 'status', '--porcelain', '--branch'), before)
      t.same(await scene.worktrees.list(), [])
    }
  },
)

void t.test('tasks that look share one checkout of a commit, whose files are read-only', async (t) => {
  const {
    root,
    worktrees,
    base: commit,
  } = await sceneOf(t, { ...base, 'run.sh': { run: 'true\n' }, link: { link: 'a.txt' } })
  const before = everything(root)
  const shared = openSharedCheckouts(worktrees)
  const [one, two] = await Promise.all([shared.at(commit), shared.at(commit)])
  t.equal(one, two)
  t.equal(statSync(join(one.directory, 'dir/b.txt')).mode & 0o777, 0o444)
  t.equal(statSync(join(one.directory, 'run.sh')).mode & 0o777, 0o555)
  t.equal(git(one.directory, 'status', '--porcelain'), '')
  await shared.close()
  t.same(everything(root), before)
  put(root, { [relative(root, one.directory)]: 'in the way\n' })
  await t.rejects(shared.at(commit), { code: 'GIT_FAILED' })
  rmSync(one.directory)
  t.ok(existsSync((await shared.at(commit)).directory), 'and can be made again')
  await shared.close()
})

void t.test('a shared checkout holds names that are not UTF-8', { skip: process.platform !== 'linux' }, async (t) => {
  const { root, worktrees } = await sceneOf(t, { 'folder/a.txt': 'a\n' })
  const names = ['caf\xe9.txt', 'folder/caf\xe9.txt'].map((name) => Buffer.from(`/${name}`, 'latin1'))
  for (const name of names) writeFileSync(Buffer.concat([Buffer.from(root), name]), 'x\n')
  git(root, 'add', 'folder', '*.txt')
  git(root, 'commit', '--quiet', '--message', 'names of bytes')
  const shared = openSharedCheckouts(worktrees)
  const { directory } = await shared.at(asCommitId(git(root, 'rev-parse', 'HEAD').trim()))
  for (const name of names) t.equal(statSync(Buffer.concat([Buffer.from(directory), name])).mode & 0o777, 0o444)
  await shared.close()
  t.notOk(existsSync(directory))
})

void t.test(
  'the folder of runs is excluded once, unless it is ignored already, and the rest of the file stays',
  async (t) => {
    const { root, repository } = await sceneOf(t, base)
    const path = join(root, '.git/info/exclude')
    const excluded = async (before: Buffer | null): Promise<string> => {
      rmSync(join(root, '.git/info'), { recursive: true, force: true })
      if (before !== null) put(root, { '.git/info/exclude': before })
      await excludeAgentsFolder(repository)
      await excludeAgentsFolder(repository)
      return existsSync(path) ? readFileSync(path, 'latin1') : ''
    }
    t.equal(await excluded(null), '/.agents/\n')
    t.equal(await excluded(Buffer.from('\xFF*.o', 'latin1')), '\xFF*.o\n/.agents/\n')
    t.equal(await excluded(Buffer.from('# mine\n')), '# mine\n/.agents/\n')
    put(root, { '.agents/troupe.json': '{}\n' })
    git(root, 'add', '--force', '.agents/troupe.json')
    t.equal(
      await excluded(null),
      '/.agents/runs/\n/.agents/runtime/\n',
      'what is committed of it can still be added to',
    )
    put(root, { '.gitignore': '.agents\n' })
    t.equal(await excluded(null), '')
    rmSync(join(root, '.gitignore'))
    git(root, 'rm', '--quiet', '--force', '--cached', '.agents/troupe.json')
    rmSync(join(root, '.agents'), { recursive: true })
    symlinkSync(emptyFolder(t), join(root, '.agents'))
    t.equal(await excluded(null), '/.agents\n', 'a link is no folder')
    t.ok(await isAgentsFolderIgnored(repository))
    rmSync(join(root, '.agents'))
    mkdirSync(join(root, '.agents'))
    symlinkSync(emptyFolder(t), join(root, '.agents/runs'))
    t.equal(await excluded(null), '/.agents/\n', 'what is asked about lies behind no link')
    put(root, { '.agents/troupe.json': '{}\n' })
    git(root, 'add', '--force', '.agents/troupe.json')
    t.equal(await excluded(null), '/.agents/runs\n/.agents/runtime/\n')
    t.notMatch(git(root, 'status', '--porcelain', '--', '.agents/runs'), /runs/)
    rmSync(join(root, '.git/info'), { recursive: true, force: true })
    put(root, { '.git/info': 'not a folder' })
    await t.rejects(excludeAgentsFolder(repository), {
      code: 'STORE_FAILED',
      message: /info\/exclude cannot be written/,
    })
  },
)

/** A repository whose objects differ little from each other, so that they are packed as differences; and some that are unlike. */
function repository(t: Teardown, format = 'sha1'): string {
  const root = emptyFolder(t)
  execFileSync('git', ['init', '--quiet', '--initial-branch', 'main', '--object-format', format, root])
  const lines = Array.from({ length: 3_000 }, (_, at) => `line ${at}, of which there are many\n`)
  mkdirSync(join(root, 'folder/inner'), { recursive: true })
  writeFileSync(join(root, 'empty'), '')
  writeFileSync(join(root, 'bytes'), incompressible())
  for (let revision = 0; revision < 12; revision += 1) {
    lines.splice(revision * 200, revision % 3, `changed in ${revision}\n`)
    writeFileSync(join(root, 'folder/inner/many.txt'), lines.join(''))
    writeFileSync(join(root, `folder/${revision}.txt`), `${revision}\n`)
    git(root, 'add', '--all')
    git(root, 'commit', '--quiet', '--message', `revision ${revision}`)
  }
  git(root, 'tag', '--annotate', '--message', 'a tag', 'tagged')
  return root
}

const incompressible = (): Buffer =>
  Buffer.concat(Array.from({ length: 3_000 }, (_, at) => createHash('sha256').update(`${at}`).digest()))

const idsIn = (root: string): readonly string[] =>
  git(root, 'cat-file', '--batch-all-objects', '--batch-check=%(objectname)').trim().split('\n')

/** Ids of objects that are not read, or not as what they are: an id is made of the type, the size and the content. */
function wronglyRead(root: string, hash = 'sha1', idBytes = 20): readonly string[] {
  using files = openObjectFiles(join(root, '.git/objects'), idBytes)
  const idOf = (oid: string): string | null => {
    const { type, content } = files?.read(oid) ?? {}
    return content === undefined
      ? null
      : createHash(hash).update(`${type} ${content.length}\0`).update(content).digest('hex')
  }
  const ids = idsIn(root)
  if (ids.length < 60) throw new RangeError('too few objects')
  return ids.filter((oid) => idOf(oid) !== oid)
}

const packsIn = (root: string): readonly string[] => {
  const folder = join(root, '.git/objects/pack')
  return readdirSync(folder).flatMap((name) => (name.endsWith('.pack') ? join(folder, name) : []))
}

const repack = (root: string, ...settings: readonly string[]): string =>
  git(root, ...settings.flatMap((one) => ['-c', one]), 'repack', '-adfq', '--depth=50', '--window=50')

void t.test('every object is read from the files as git reads it, in whatever way it is stored', (t) => {
  const root = repository(t)
  t.same(wronglyRead(root), [], 'each in a file of its own')
  repack(root)
  t.match(git(root, 'verify-pack', '--verbose', ...packsIn(root)), /chain length = [2-9]/, 'differences of differences')
  t.same(wronglyRead(root), [], 'packed, differences by distance')
  repack(root, 'repack.useDeltaBaseOffset=false')
  t.same(wronglyRead(root), [], 'packed, differences by id')
  const [pack = ''] = packsIn(root)
  git(root, 'index-pack', '--index-version=2,0x40', pack)
  t.same(wronglyRead(root), [], 'places of more than 31 bits')
  writeFileSync(join(root, 'empty'), 'no more\n')
  git(root, 'commit', '--quiet', '--all', '--message', 'more')
  git(root, 'repack', '-dq')
  t.equal(packsIn(root).length, 2)
  t.same(wronglyRead(root), [], 'in two packs')
  t.end()
})

void t.test('ids may be of SHA-256', (t) => {
  const root = repository(t, 'sha256')
  repack(root)
  t.same(wronglyRead(root, 'sha256', 32), [])
  t.end()
})

void t.test('git is asked where it has objects elsewhere, or gives others in their place', async (t) => {
  const root = repository(t)
  const [first = '', second = ''] = git(root, 'rev-list', '--max-count=2', 'HEAD').split('\n')
  const shared = emptyFolder(t)
  execFileSync('git', ['clone', '--quiet', '--shared', '--bare', root, shared], { stdio: 'pipe' })
  t.match(await subjectIn(shared, first), /revision 11/)
  git(root, 'replace', first, second)
  t.match(await subjectIn(root, first), /revision 10/)
  git(root, 'pack-refs', '--all')
  rmSync(join(root, '.git/refs/replace'), { recursive: true, force: true })
  t.match(await subjectIn(root, first), /revision 10/, 'also where that is packed')
  const other = repository(t)
  using files = openObjectFiles(join(other, '.git/objects'), 20)
  t.not(files, null)
  mkdirSync(join(other, '.git/reftable'))
  t.equal(openObjectFiles(join(other, '.git/objects'), 20), null, 'or where only git can look')
})

async function subjectIn(root: string, commit: string): Promise<string> {
  await using objects = openObjects(openGit(root), 'files')
  return (await objects.read(commit)).content.toString()
}

void t.test('what is not found in the files, or cannot be read from them, git is asked for', async (t) => {
  const root = repository(t)
  repack(root)
  await using objects = openObjects(openGit(root), 'files')
  const [commit = ''] = git(root, 'rev-list', '--max-count=1', 'HEAD').split('\n')
  t.match(await objects.read(commit), { type: 'commit' })
  await t.rejects(objects.read('0'.repeat(40)), { code: 'GIT_FAILED', message: /has no object 0000/ })
  const large = git(root, 'hash-object', '-w', largeFile(root)).trim()
  t.equal((await objects.read(large)).content.length, 5 * 2 ** 20, 'a large one')
  using files = openObjectFiles(join(root, '.git/objects'), 20)
  t.equal(files?.read(large), null, 'which would take too long at once')
  writeFileSync(join(root, 'zeros'), Buffer.alloc(5 * 2 ** 20))
  const zeros = git(root, 'hash-object', '-w', 'zeros').trim()
  t.equal(files?.read(zeros), null, 'also where it is small as it is stored')
  t.equal((await objects.read(zeros)).content.length, 5 * 2 ** 20)
  const [pack = ''] = packsIn(root)
  truncateSync(pack, 12)
  await using others = openObjects(openGit(root), 'files')
  await t.rejects(others.read(commit), { code: 'GIT_FAILED' }, 'git says what is wrong with a pack')
})

function largeFile(root: string): string {
  const path = join(root, 'large')
  writeFileSync(path, Buffer.concat(Array.from({ length: 60 }, incompressible)).subarray(0, 5 * 2 ** 20))
  return path
}

void t.test('objects are found that were packed, or packed anew, after the first was read', async (t) => {
  const root = repository(t)
  const real = openGit(root)
  let started = 0
  const start: Git['start'] = (args) => {
    started += 1
    return real.start(args)
  }
  const objects = openObjects({ ...real, start }, 'files')
  const all = idsIn(root)
  await objects.read(all[0] ?? '')
  repack(root)
  for (const oid of all) t.equal((await objects.read(oid)).content.length, Number(git(root, 'cat-file', '-s', oid)))
  appendFileSync(join(root, 'empty'), 'more\n')
  git(root, 'commit', '--quiet', '--all', '--message', 'more')
  repack(root)
  for (const oid of idsIn(root)) await objects.read(oid)
  t.equal(started, 0, 'without a process of git')
  const isTold = process.platform === 'linux'
  if (isTold) t.equal(openPacks(root).length, 2, 'a pack that is gone is closed')
  await objects[Symbol.asyncDispose]()
  if (isTold) t.same(openPacks(root), [])
  await t.rejects(objects.read(all[0] ?? ''), { code: 'GIT_FAILED', message: /are closed/ })
})

/** Packs of a repository that this process holds open, with their indices. */
const openPacks = (root: string): readonly string[] =>
  readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`)
      return path.includes(join(root, '.git/objects/pack')) ? [path] : []
    } catch {
      return []
    }
  })

void t.test('property: a difference is applied byte by byte as it says, and refused where it is not whole', (t) => {
  const copy = fc.record({ from: fc.nat(299), length: fc.integer({ min: 1, max: 300 }) })
  const steps = fc.array(fc.oneof(copy, fc.uint8Array({ minLength: 1, maxLength: 127 })), {
    minLength: 1,
    maxLength: 8,
  })
  const property = fc.property(
    fc.uint8Array({ minLength: 300, maxLength: 300 }),
    steps,
    fc.nat(),
    (bytes, all, cut) => {
      const base = Buffer.from(bytes)
      const wanted = Buffer.concat(
        all.map((step) => (step instanceof Uint8Array ? step : base.subarray(step.from, step.from + step.length))),
      )
      const orders = all.map((step) =>
        step instanceof Uint8Array
          ? [step.length, ...step]
          : copyOrder(step.from, Math.min(step.length, 300 - step.from)),
      )
      const delta = Buffer.from([...sizeBytes(300), ...sizeBytes(wanted.length), ...orders.flat()])
      const short = delta.subarray(0, cut % delta.length)
      return (
        applyDelta(base, delta, wanted.length).equals(wanted) &&
        isRefused(base, short) &&
        isRefused(base, delta, wanted.length - 1) &&
        isRefused(base.subarray(1), delta)
      )
    },
  )
  fc.assert(property)
  t.end()
})

const isRefused = (base: Buffer, delta: Buffer, most = Infinity): boolean => {
  try {
    applyDelta(base, delta, most)
    return false
  } catch (error) {
    return error instanceof RangeError
  }
}

const sizeBytes = (size: number): readonly number[] =>
  size < 128 ? [size] : [128 | (size & 127), ...sizeBytes(size >> 7)]

/** An order to copy: which bytes of the place and of the length follow, then these. */
function copyOrder(from: number, length: number): readonly number[] {
  const bytes = [from & 255, from >> 8, 0, 0, length & 255, length >> 8, 0]
  const order = bytes.reduce((sum, byte, at) => (byte === 0 ? sum : sum | (1 << at)), 128)
  return [order, ...bytes.filter((byte) => byte !== 0)]
}
