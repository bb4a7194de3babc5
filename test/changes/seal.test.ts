import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { writeCommit } from '../../src/changes/commit.ts'
import { watchFolder } from '../../src/changes/folder-watch.ts'
import { openGit } from '../../src/changes/git.ts'
import { openObjects, writeObject } from '../../src/changes/objects.ts'
import { openQuickTrees } from '../../src/changes/quick-tree.ts'
import { sealedAt } from '../../src/changes/seal.ts'
import { type Known, type Saved, savedAt, takeSnapshot } from '../../src/changes/snapshot.ts'
import { ignoredFolders } from '../../src/changes/workspace-content.ts'
import { workspaceGit } from '../../src/changes/workspace-git.ts'
import { openWorktrees, type Worktree } from '../../src/changes/worktree.ts'
import { asAgentName, asCommitId, asTaskId, asTreeId } from '../../src/ids.ts'
import { openRedactor } from '../../src/redaction.ts'
import { emptyFolder, git } from '../acceptance/troupe.ts'
import { until } from '../until.ts'
import { contentOf, everything, put, type Scene, sceneAt, sceneOf, sealedContent } from './scene.ts'

const base = { 'a.txt': 'one\n', 'b.txt': 'two\n', 'dir/c.txt': 'three\n', '.gitignore': '*.log\n' }

void t.test(
  'a seal holds every kind of change as one commit on the base, and touches nothing of the user',
  async (t) => {
    const odd = { 'new\nline "quoted"': 'n\n', '-dash': 'd\n', 'ünï/名.txt': 'u\n', ' space ': 's\n', ':(top)x': 'p\n' }
    const scene = await sceneOf(t, {
      ...base,
      'gone.txt': 'gone\n',
      'old-name.txt': 'a long enough text to be seen as a rename\n',
      'tool.sh': '#!/bin/sh\n',
      swap: { link: 'a.txt' },
      'folder/x': 'x\n',
      flat: 'flat\n',
    })
    const { root, worktrees } = scene
    git(root, 'commit', '--quiet', '--allow-empty', '--message', 'the user goes on')
    put(root, { 'a.txt': 'the user is at work\n', 'untracked.txt': 'mine\n' })
    git(root, 'add', 'a.txt')
    const before = everything(root)
    const worktree = await worktrees.create('t', scene.base)
    const at = worktree.directory
    for (const path of ['gone.txt', 'swap', 'folder/x', 'flat']) rmSync(join(at, path))
    rmSync(join(at, 'folder'), { recursive: true })
    renameSync(join(at, 'old-name.txt'), join(at, 'new-name.txt'))
    chmodSync(join(at, 'tool.sh'), 0o755)
    put(at, {
      'b.txt': 'no last newline',
      ...odd,
      swap: 'a file now\n',
      folder: 'a file now\n',
      'flat/y': 'a folder now\n',
      link: { link: 'nowhere' },
      'image.bin': Buffer.from([0, 1, 2, 13, 10, 13, 9]),
      'left.log': 'ignored\n',
    })
    mkdirSync(join(at, 'empty'))
    const sealed = await scene.seal(worktree)
    if (!sealed.changed) throw new Error('nothing was sealed')
    const { commit, files, tree } = sealed.changeSet
    t.same(contentOf(root, commit), {
      '.gitignore': '100644 *.log\n',
      'a.txt': '100644 one\n',
      'b.txt': '100644 no last newline',
      'dir/c.txt': '100644 three\n',
      ...Object.fromEntries(Object.entries(odd).map(([name, text]) => [name, `100644 ${text}`])),
      'flat/y': '100644 a folder now\n',
      folder: '100644 a file now\n',
      'image.bin': '100644 \0\u0001\u0002\r\n\r\t',
      link: '120000 nowhere',
      'new-name.txt': '100644 a long enough text to be seen as a rename\n',
      swap: '100644 a file now\n',
      'tool.sh': '100755 #!/bin/sh\n',
    })
    const changed = ['b.txt', 'flat', 'flat/y', 'folder', 'folder/x', 'gone.txt', 'image.bin', 'link', 'new-name.txt']
    t.same(files, [...changed, ...Object.keys(odd), 'old-name.txt', 'swap', 'tool.sh'].toSorted(byCode))
    t.equal(git(root, 'rev-parse', `${commit}^{tree}`).trim(), tree)
    t.equal(git(root, 'rev-parse', 'refs/troupe/run-1/t/1').trim(), commit)
    t.equal(
      git(root, 'cat-file', 'commit', commit),
      `tree ${tree}\nparent ${scene.base}\n` +
        'author Troupe <troupe@localhost> 1767225600 +0000\ncommitter Troupe <troupe@localhost> 1767225600 +0000\n\n' +
        't: edit\n\nTroupe-Run: run-1\nTroupe-Task: t\nTroupe-Agent: scripted\nTroupe-Attempt: 1\n',
    )
    t.notOk(existsSync(`${at}.index`), 'no index is left')
    await worktrees.remove(worktree)
    t.same(everything(root), before)
    git(root, 'fsck', '--strict')
  },
)

/** What an agent may do around its edits; each leaves the same files. */
const deeds: Readonly<Record<string, (at: string, worktree: Worktree) => void>> = {
  'does nothing else': () => {},
  commits: (at) => commitAll(at),
  'commits twice on a branch of its own': (at) => {
    git(at, 'switch', '--quiet', '--create', 'mine')
    commitAll(at)
    git(at, 'commit', '--quiet', '--allow-empty', '--message', 'more')
  },
  'commits on an orphan branch': (at) => {
    git(at, 'checkout', '--quiet', '--orphan', 'alone')
    commitAll(at)
  },
  'stages all': (at) => void git(at, 'add', '--all'),
  'stages and edits on': (at) => {
    writeFileSync(join(at, 'a.txt'), 'half\n')
    git(at, 'add', '--all')
    write(at)
  },
  'commits and resets softly': (at) => {
    commitAll(at)
    git(at, 'reset', '--quiet', '--soft', 'HEAD~1')
  },
  'commits and resets the index': (at) => {
    commitAll(at)
    git(at, 'reset', '--quiet', 'HEAD~1')
  },
  'untracks a file that stays': (at) => void git(at, 'rm', '--quiet', '--cached', 'b.txt'),
  'assumes its edits away': (at) => void git(at, 'update-index', '--assume-unchanged', 'a.txt', 'dir/c.txt'),
  'skips the worktree': (at) => void git(at, 'update-index', '--skip-worktree', 'a.txt', 'b.txt'),
  'leaves a merge in progress': (at) => {
    conflicting(at, 'merge', '--quiet', 'other')
    write(at)
  },
  'leaves a rebase in progress': (at) => {
    conflicting(at, 'rebase', '--quiet', 'other')
    write(at)
  },
  'leaves a cherry-pick in progress': (at) => {
    conflicting(at, 'cherry-pick', 'other')
    write(at)
  },
  'deletes its .git file': (at) => {
    rmSync(join(at, '.git'))
  },
  'makes the workspace a repository of its own': (at) => {
    rmSync(join(at, '.git'))
    git(at, 'init', '--quiet')
    commitAll(at)
  },
  'breaks the index': (_, { adminDirectory }) => {
    writeFileSync(join(adminDirectory, 'index'), 'broken')
  },
  'deletes the index': (_, { adminDirectory }) => {
    rmSync(join(adminDirectory, 'index'))
  },
  'is killed in the middle of a git command': (at, { adminDirectory }) => {
    writeFileSync(join(adminDirectory, 'index.lock'), '')
    writeFileSync(join(adminDirectory, 'HEAD.lock'), '')
    writeFileSync(`${at}.index.lock`, '')
  },
  'breaks HEAD': (_, { adminDirectory }) => {
    writeFileSync(join(adminDirectory, 'HEAD'), 'broken')
  },
  'deletes the administration of the worktree': (_, { adminDirectory }) => {
    rmSync(adminDirectory, { recursive: true })
  },
  'hides its files in a sparse checkout': (at) => {
    git(at, '-c', 'extensions.worktreeConfig=true', 'sparse-checkout', 'set', '--no-cone', '/a.txt')
    write(at)
  },
}

const written = { 'a.txt': 'ONE\n', 'dir/c.txt': 'THREE\n', 'dir/new.txt': 'new\n' }

function write(at: string): void {
  put(at, { ...base, ...written })
}

const commitAll = (at: string): void => {
  git(at, 'add', '--all')
  git(at, 'commit', '--quiet', '--message', 'by the agent')
}

/** Commits, and runs into a conflict with another branch. */
function conflicting(at: string, ...command: readonly string[]): void {
  git(at, 'switch', '--quiet', '--create', 'other')
  writeFileSync(join(at, 'a.txt'), 'theirs\n')
  git(at, 'commit', '--quiet', '--all', '--message', 'theirs')
  git(at, 'switch', '--quiet', '--create', 'ours', 'HEAD~1')
  writeFileSync(join(at, 'a.txt'), 'ours\n')
  git(at, 'commit', '--quiet', '--all', '--message', 'ours')
  try {
    git(at, ...command)
  } catch {
    return
  }
  throw new Error('there was no conflict')
}

void t.test('a seal holds the files as they are, and is the same, when the agent', async (t) => {
  const expected = Object.fromEntries(
    Object.entries({ ...base, ...written }).map(([at, text]) => [at, `100644 ${text}`]),
  )
  for (const [deed, doIt] of Object.entries(deeds)) {
    await t.test(deed, async (t) => {
      const scene = await sceneOf(t, base)
      const worktree = await scene.worktrees.create('t', scene.base)
      write(worktree.directory)
      doIt(worktree.directory, worktree)
      const sealed = await scene.seal(worktree)
      t.same(sealedContent(scene.root, sealed), expected)
      t.match(sealed, { changeSet: { base: scene.base, files: ['a.txt', 'dir/c.txt', 'dir/new.txt'] } })
      await scene.worktrees.remove(worktree)
      t.notOk(existsSync(worktree.directory))
      t.notOk(existsSync(worktree.adminDirectory))
    })
  }
})

void t.test('nothing is sealed where no file differs, whatever the agent did', async (t) => {
  const scene = await sceneOf(t, base)
  const idle: readonly ((at: string) => void)[] = [
    () => {},
    (at) => void git(at, 'status'),
    (at) => {
      utimesSync(join(at, 'a.txt'), 1, 1)
    },
    (at) => {
      writeFileSync(join(at, 'a.txt'), 'one\n')
    },
    (at) => void git(at, 'commit', '--quiet', '--allow-empty', '--message', 'nothing'),
    (at) => void git(at, 'switch', '--quiet', '--create', 'elsewhere'),
    (at) => {
      write(at)
      commitAll(at)
      git(at, 'reset', '--quiet', '--hard', scene.base)
    },
    (at) => {
      writeFileSync(join(at, 'only.log'), 'ignored\n')
    },
    (at) => {
      rmSync(join(at, '.git'))
    },
  ]
  for (const [index, work] of idle.entries()) {
    const worktree = await scene.worktrees.create(`t${index}`, scene.base)
    work(worktree.directory)
    t.same(await scene.seal(worktree), { changed: false }, String(work))
  }
  t.equal(git(scene.root, 'for-each-ref', 'refs/troupe'), '')
})

void t.test(
  'a change of the same size, in the second of the checkout, sealed in a later second, is not lost',
  async (t) => {
    const scene = await sceneOf(t, { 'a.txt': 'digits = 2\n' })
    await until(() => Date.now() % 1_000 < 100)
    const worktree = await scene.worktrees.create('t', scene.base)
    writeFileSync(join(worktree.directory, 'a.txt'), 'digits = 6\n')
    const second = Math.floor(Date.now() / 1_000)
    await until(() => Math.floor(Date.now() / 1_000) > second)
    t.match(await scene.seal(worktree), { changed: true, changeSet: { files: ['a.txt'] } })
  },
)

void t.test(
  'a change of the same size is not lost where its time is set back and the user has git look at little',
  async (t) => {
    const scene = await sceneOf(t, base, { 'core.checkStat': 'minimal', 'core.trustctime': 'false' })
    const worktree = await scene.worktrees.create('t', scene.base)
    const path = join(worktree.directory, 'a.txt')
    const { atime, mtime } = statSync(path)
    const nextSecond = Math.ceil(mtime.getTime() / 1_000) * 1_000
    await until(() => Date.now() > nextSecond + 50) // file systems take their time from a clock that is a little late
    const later = new Date(mtime.getTime() + 10_000) // as after a checkout that took long: the file is not looked into
    utimesSync(join(worktree.adminDirectory, 'troupe-index'), later, later)
    writeFileSync(path, 'ONE\n')
    utimesSync(path, atime, mtime)
    t.match(await scene.seal(worktree), { changed: true, changeSet: { files: ['a.txt'] } })
  },
)

void t.test('repositories inside the workspace become plain files, and none of their files is lost', async (t) => {
  const scene = await sceneOf(t, { ...base, 'was-a-file': 'f\n', 'was-a-folder/x': 'x\n', 'was-a-folder/y': 'y\n' })
  const { directory: at } = await scene.worktrees.create('t', scene.base)
  const nested = (folder: string, files: Readonly<Record<string, string>>): void => {
    put(join(at, folder), files)
    git(join(at, folder), 'init', '--quiet')
    commitAll(join(at, folder))
  }
  nested('lib', { 'l.txt': 'l\n', 'sub/deep.txt': 'd\n', '.gitignore': 'secret\n', secret: 's\n', 'noise.log': 'n\n' })
  nested('lib/inner', { 'i.txt': 'i\n' })
  put(join(at, 'lib'), { 'uncommitted "ü"\n': 'u\n', link: { link: 'l.txt' }, run: { run: '#!/bin/sh\n' } })
  git(join(at, 'lib'), 'worktree', 'add', '--quiet', '../linked')
  nested('ignored.log', { 'x.txt': 'x\n' })
  put(join(at, 'without-commit'), { 'w.txt': 'w\n' })
  git(join(at, 'without-commit'), 'init', '--quiet')
  rmSync(join(at, 'was-a-file'))
  nested('was-a-file', { 'now.txt': 'n\n' })
  rmSync(join(at, 'was-a-folder'), { recursive: true })
  nested('was-a-folder', { y: 'Y\n' })
  git(at, 'add', '--all', '--', ':!without-commit')
  execFileSync('sh', ['-c', "printf b > 'lib/byte\\377' 2>/dev/null || printf b > lib/byte"], { cwd: at })
  const worktree = (await scene.worktrees.list()).map((place) => ({ ...place, commit: scene.base }))[0]
  if (worktree === undefined) throw new Error('no worktree is listed')
  const sealed = await scene.seal(worktree)
  const {
    'a.txt': _,
    'b.txt': __,
    'dir/c.txt': ___,
    '.gitignore': ____,
    ...content
  } = sealedContent(scene.root, sealed)
  const bytes = Object.keys(content).filter((path) => path.startsWith('lib/byte'))
  t.equal(bytes.length, 1)
  t.same(Object.fromEntries(Object.entries(content).filter(([path]) => !bytes.includes(path))), {
    'lib/.gitignore': '100644 secret\n',
    'lib/inner/i.txt': '100644 i\n',
    'lib/l.txt': '100644 l\n',
    'lib/link': '120000 l.txt',
    'lib/run': '100755 #!/bin/sh\n',
    'lib/sub/deep.txt': '100644 d\n',
    'lib/uncommitted "ü"\n': '100644 u\n',
    'linked/.gitignore': '100644 secret\n',
    'linked/l.txt': '100644 l\n',
    'linked/sub/deep.txt': '100644 d\n',
    'was-a-file/now.txt': '100644 n\n',
    'was-a-folder/y': '100644 Y\n',
    'without-commit/w.txt': '100644 w\n',
  })
})

void t.test('what git cannot take in refuses the seal, and the files stay', async (t) => {
  const scene = await sceneOf(t, base)
  const obstacles: Readonly<Record<string, (at: string) => string>> = {
    'a pipe in the place of a file': (at) => {
      rmSync(join(at, 'a.txt'))
      execFileSync('sh', ['-c', 'mkfifo a.txt'], { cwd: at })
      return 'a.txt'
    },
    'a name that git keeps for itself': (at) => {
      put(at, { '.GIT/config': 'c\n' })
      return '.GIT/config'
    },
    'such a name in a repository inside': (at) => {
      put(at, { 'lib/git~1/x': 'x\n', 'lib/y': 'y\n' })
      git(join(at, 'lib'), 'init', '--quiet')
      return 'lib/git~1/x'
    },
  }
  for (const [name, obstruct] of Object.entries(obstacles)) {
    const worktree = await scene.worktrees.create('t', scene.base)
    const path = obstruct(worktree.directory)
    put(worktree.directory, { 'b.txt': 'TWO\n' })
    const message = new RegExp(`cannot be sealed: .*${path}`, 's')
    await t.rejects(scene.seal(worktree), { code: 'GIT_FAILED', message }, name)
    t.equal(readFileSync(join(worktree.directory, 'b.txt'), 'utf8'), 'TWO\n')
    t.ok(existsSync(join(worktree.directory, path)))
    await scene.worktrees.remove(worktree)
  }
  t.equal(git(scene.root, 'for-each-ref', 'refs/troupe'), '')
})

void t.test('the same content sealed twice is the same commit; where nothing changed, git is asked once', async (t) => {
  const scene = await sceneOf(t, base)
  const commits = []
  for (const attempt of ['first', 'second']) {
    const worktree = await scene.worktrees.create(attempt, scene.base)
    put(worktree.directory, written)
    const sealed = await scene.seal(worktree, { task: asTaskId('t'), message: 'same' })
    commits.push(sealed.changed ? sealed.changeSet.commit : null)
  }
  t.equal(commits[0], commits[1])
  const idle = await scene.worktrees.create('idle', scene.base)
  const trace = join(scene.root, '.agents/trace')
  process.env['GIT_TRACE'] = trace
  t.teardown(() => delete process.env['GIT_TRACE'])
  t.same(await scene.seal(idle), { changed: false })
  t.equal(readFileSync(trace, 'utf8').match(/built-in: git/g)?.length, 1)
})

void t.test('a submodule keeps its link, and work in it that would be lost refuses the seal', async (t) => {
  const library = emptyFolder(t)
  git(library, 'init', '--quiet', '--initial-branch', 'main')
  put(library, { 'l.txt': '1\n' })
  commitAll(library)
  const first = git(library, 'rev-parse', 'HEAD').trim()
  const plain = await sceneOf(t, base, { 'submodule.recurse': 'true', 'protocol.file.allow': 'always' })
  git(plain.root, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library, 'lib')
  git(plain.root, 'config', '--file', '.gitmodules', 'submodule.lib.ignore', 'all')
  commitAll(plain.root)
  const scene = await sceneAt(plain.root)
  put(library, { 'l.txt': '2\n' })
  commitAll(library)
  const second = git(library, 'rev-parse', 'HEAD').trim()
  const populated = async (name: string): Promise<Worktree> => {
    const worktree = await scene.worktrees.create(name, scene.base)
    git(worktree.directory, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'update', '--init')
    return worktree
  }
  const empty = await scene.worktrees.create('empty', scene.base)
  t.same(await scene.seal(empty), { changed: false })
  t.same(await scene.seal(await populated('populated')), { changed: false })

  const newer = await populated('newer')
  git(join(newer.directory, 'lib'), 'checkout', '--quiet', second)
  const sealed = await scene.seal(newer)
  t.equal(sealedContent(scene.root, sealed)['lib'], `160000 ${second}`)
  t.match(sealed, { changeSet: { files: ['lib'] } })
  const who = { task: asTaskId('newer'), agent: asAgentName('scripted'), attempt: 1 }
  const again = await sealedAt(scene.repository.git, 'refs/troupe/run-1/newer/1', who)
  t.same(again?.files, ['lib'], 'also when it is read back')

  const dirty = await populated('dirty')
  put(dirty.directory, { 'lib/new.txt': 'n\n' })
  await t.rejects(scene.seal(dirty), { code: 'GIT_FAILED', message: /submodule lib holds work that no remote has/ })
  const ahead = await populated('ahead')
  put(ahead.directory, { 'lib/l.txt': 'mine\n' })
  commitAll(join(ahead.directory, 'lib'))
  await t.rejects(scene.seal(ahead), { code: 'GIT_FAILED', message: /submodule lib/ })
  t.equal(contentOf(scene.root, scene.base)['lib'], `160000 ${first}`)

  const unfilled = await scene.worktrees.create('unfilled', scene.base)
  put(unfilled.directory, { 'lib/left.log': 'ignored\n' })
  t.same(await scene.seal(unfilled), { changed: false })
  put(unfilled.directory, { 'a.txt': 'A\n', 'lib/deep/new.txt': 'n\n' })
  const refused = {
    code: 'GIT_FAILED',
    message: /files were written into the folder of the submodule lib, which is not/,
  }
  await t.rejects(scene.seal(unfilled), refused)
  const save = quickly(t, scene, unfilled)
  t.ok(await save(['a.txt']))
  t.notOk(await save(['lib/deep/new.txt']))
  t.equal(contentOf(scene.root, ref)['lib'], `160000 ${first}`, 'no snapshot says that the submodule is gone')
  rmSync(join(unfilled.directory, '.gitmodules'))
  await t.rejects(scene.seal(unfilled), refused, 'a link is a link')
})

void t.test(
  "the user's attributes count for a snapshot where XDG_CONFIG_HOME is empty, which git takes for unset",
  async (t) => {
    const scene = await sceneOf(t, { 'a.txt': 'a\n' }, { 'filter.up.clean': 'tr A-Z a-z' })
    const worktree = await scene.worktrees.create('t', scene.base)
    const home = emptyFolder(t)
    put(home, { '.config/git/attributes': '*.up filter=up\n' })
    const before = { HOME: process.env['HOME'], XDG_CONFIG_HOME: process.env['XDG_CONFIG_HOME'] }
    t.teardown(() => {
      for (const [name, value] of Object.entries(before))
        if (value === undefined) delete process.env[name]
        else process.env[name] = value
    })
    Object.assign(process.env, { HOME: home, XDG_CONFIG_HOME: '' })
    const save = quickly(t, scene, worktree)
    put(worktree.directory, { 'first.up': 'ABC\n' })
    t.ok(await save(['first.up']))
    t.equal(contentOf(scene.root, ref)['first.up'], '100644 abc\n')
  },
)

void t.test(
  'work that a filter refuses is told with the filter, the file and what the filter says, and is kept',
  async (t) => {
    const attributes = '*.up filter=up\n*.mute filter=mute\n'
    const clean = 'echo "no such tool" >&2; exit 3'
    const settings = { 'filter.up.clean': clean, 'filter.mute.clean': 'exit 1' }
    const required = { 'filter.up.required': 'true', 'filter.mute.required': 'true' }
    const scene = await sceneOf(t, { '.gitattributes': attributes }, { ...settings, ...required })
    const refused = async (path: string, message: string): Promise<void> => {
      const worktree = await scene.worktrees.create(path.replace(/\W.*/, ''), scene.base)
      put(worktree.directory, { [path]: 'abc\n' })
      await t.rejects(scene.seal(worktree), { code: 'GIT_FAILED', message }, path)
      t.equal(readFileSync(join(worktree.directory, path), 'utf8'), 'abc\n')
    }
    const said = (filter: string, file: string): string =>
      `the filter ${filter}, which .gitattributes names for ${file}, failed (filter.${filter}.clean)`
    await refused('one: a.up', `${said('up', 'one: a.up')}: no such tool`)
    await refused('two.mute', said('mute', 'two.mute'))
  },
)

void t.test('of a filter that is a process it is told as well, at whatever point it fails', async (t) => {
  const script = join(import.meta.dirname, '../fixtures/programs/refuses-to-filter.mjs')
  const processes = {
    gone: '/nowhere/filter',
    early: "sh -c 'echo no such tool >&2; exit 3'",
    error: `${process.execPath} '${script}' error`,
    late: `${process.execPath} '${script}' end`,
  }
  const settings = Object.entries(processes).flatMap(([name, command]) => [
    [`filter.${name}.process`, command],
    [`filter.${name}.required`, 'true'],
  ])
  const attributes = Object.keys(processes).map((name) => `*.${name} filter=${name}\n`)
  const scene = await sceneOf(t, { '.gitattributes': attributes.join('') }, Object.fromEntries(settings))
  const reasons = {
    gone: /: cannot run \/nowhere/,
    early: /: no such tool$/,
    error: /: no key for it$/,
    late: /: no key/,
  }
  for (const [name, reason] of Object.entries(reasons)) {
    const worktree = await scene.worktrees.create(name, scene.base)
    put(worktree.directory, { 'plain.txt': 'abc\n', [`a.${name}`]: 'abc\n' })
    const said = `the filter ${name}, which .gitattributes names for a.${name}, failed (filter.${name}.process)`
    const failure = await scene.seal(worktree).then(
      () => null,
      (error: unknown) => error,
    )
    t.match(failure, { code: 'GIT_FAILED', message: said }, name)
    t.match(failure, { message: reason }, name)
  }
})

void t.test('line endings, filters and what a sparse checkout leaves out are kept as the user has them', async (t) => {
  const scene = await sceneOf(
    t,
    {
      'text.txt': 'a\nb\n',
      'filtered.up': 'abc\n',
      'other/kept.txt': 'k\n',
      'other/present.txt': 'p\n',
      '.gitattributes': '*.up filter=up\n* text=auto\n',
    },
    {
      'core.safecrlf': 'true',
      'filter.up.clean': 'tr A-Z a-z',
      'filter.up.smudge': 'tr a-z A-Z',
      'filter.up.required': 'true',
    },
  )
  for (const name of ['autocrlf', 'ignoreStat', 'splitIndex']) git(scene.root, 'config', `core.${name}`, 'true')
  git(scene.root, 'sparse-checkout', 'set', '--no-cone', '/*', '!/other')
  const before = everything(scene.root)
  const worktree = await scene.worktrees.create('t', scene.base)
  const at = worktree.directory
  t.equal(readFileSync(join(at, 'text.txt'), 'utf8'), 'a\r\nb\r\n')
  t.equal(readFileSync(join(at, 'filtered.up'), 'utf8'), 'ABC\r\n')
  t.notOk(existsSync(join(at, 'other')))
  t.same(await scene.seal(worktree), { changed: false })
  appendFileSync(join(at, 'text.txt'), 'mixed\n')
  appendFileSync(join(at, 'filtered.up'), 'DEF\n')
  put(at, { 'other/new.txt': 'n\n', 'other/present.txt': 'P\n' })
  t.same(sealedContent(scene.root, await scene.seal(worktree)), {
    '.gitattributes': '100644 *.up filter=up\n* text=auto\n',
    'filtered.up': '100644 abc\ndef\n',
    'other/kept.txt': '100644 k\n',
    'other/new.txt': '100644 n\n',
    'other/present.txt': '100644 P\n',
    'text.txt': '100644 a\nb\nmixed\n',
  })
  await scene.worktrees.remove(worktree)
  t.same(everything(scene.root), before)
})

void t.test('who goes on in a sparse checkout finds what was written, and taken away, outside of it', async (t) => {
  const scene = await sceneOf(t, { 'a/1': '1\n', 'b/2': '2\n', 'b/3': '3\n', 'b/4': '4\n', root: 'r\n' })
  git(scene.root, 'sparse-checkout', 'set', 'a')
  const left = asCommitId(git(scene.root, 'commit-tree', '-p', scene.base, '-m', 'left', leftTree(scene)).trim())
  const worktree = await scene.worktrees.create('t', scene.base, left)
  t.same(readdirSync(join(worktree.directory, 'b')).toSorted(), ['2', 'new'])
  t.equal(git(worktree.directory, 'status', '--short'), ' M b/2\n D b/3\n?? b/new\n')
  t.same(sealedContent(scene.root, await scene.seal(worktree)), {
    'a/1': '100644 1\n',
    'b/2': '100644 changed\n',
    'b/4': '100644 4\n',
    'b/new': '100644 new\n',
    root: '100644 r\n',
  })
  const { repository, root } = scene
  const where = { repository, folder: join(root, '.agents/runs/run-1/work'), parallel: 1 }
  const next = await openWorktrees({ ...where, since: scene.base }).create('next', left)
  t.same(readdirSync(join(next.directory, 'b')).toSorted(), ['2', 'new'])
  rmSync(join(next.directory, 'b/2'))
  t.match(await scene.seal(next), { changeSet: { files: ['b/2'] } }, 'what lay there and was taken away is gone')
})

/** The base with a file changed, one gone and one new in a folder that a sparse checkout leaves out. */
function leftTree({ root }: Scene): string {
  const env = { ...process.env, GIT_INDEX_FILE: join(root, '.agents-index') }
  const run = (args: readonly string[], input = ''): string =>
    execFileSync('git', args, { cwd: root, env, input, encoding: 'utf8' }).trim()
  const blob = (text: string): string => run(['hash-object', '-w', '--stdin'], text)
  run(['read-tree', 'HEAD'])
  run(['update-index', '--force-remove', 'b/3'])
  for (const [path, text] of [
    ['b/2', 'changed\n'],
    ['b/new', 'new\n'],
  ] as const)
    run(['update-index', '--add', '--cacheinfo', `100644,${blob(text)},${path}`])
  return run(['write-tree'])
}

/** What agents do to what is not in their work tree, and the files that are other than in the base then, with their texts. */
const leavingOut: Readonly<
  Record<string, readonly [(at: string, worktree: Worktree) => void, Readonly<Record<string, string | null>>]>
> = {
  'makes its checkout sparse': [(at) => git(at, 'sparse-checkout', 'set', 'a'), {}],
  'makes its checkout sparse after a change and a commit': [
    (at) => {
      put(at, { 'b/2': 'committed\n' })
      commitAll(at)
      git(at, 'sparse-checkout', 'set', 'a')
    },
    { 'b/2': 'committed\n' },
  ],
  'takes a file away before and one after its checkout is sparse': [
    (at) => {
      git(at, 'rm', '--quiet', 'b/2')
      git(at, 'sparse-checkout', 'set', 'a')
      rmSync(join(at, 'root'))
    },
    { 'b/2': null, root: null },
  ],
  'hides a file and takes it away': [
    (at) => {
      git(at, 'update-index', '--skip-worktree', 'b/2')
      rmSync(join(at, 'b/2'))
    },
    {},
  ],
  'looks at its files and takes one away': [
    (at) => {
      git(at, 'update-index', '--force-write-index')
      rmSync(join(at, 'b/2'))
    },
    { 'b/2': null },
  ],
}

/** The same where the checkout is sparse from the beginning. */
const beyond: typeof leavingOut = {
  'takes a file away that it has put there': [
    (at) => {
      git(at, 'sparse-checkout', 'add', 'b')
      rmSync(join(at, 'b/2'))
    },
    { 'b/2': null },
  ],
  'has git take a file away that is not there': [(at) => git(at, 'rm', '--quiet', '--sparse', 'b/2'), { 'b/2': null }],
  'makes an index in which nothing is left out': [(at) => git(at, 'read-tree', 'HEAD'), {}],
  'takes its index away': [(_, { adminDirectory }) => rmSync(join(adminDirectory, 'index')), {}],
  'merges what changes a file that is not there': [
    (at) => {
      const blob = git(at, 'rev-parse', 'HEAD:root').trim()
      git(at, 'update-index', '--cacheinfo', `100644,${blob},b/2`)
      const theirs = git(at, 'commit-tree', '-p', 'HEAD', '-m', 'theirs', git(at, 'write-tree').trim()).trim()
      git(at, 'reset', '--quiet', '--hard')
      git(at, 'merge', '--quiet', theirs)
    },
    { 'b/2': 'r\n' },
  ],
  'writes a file that is not there and takes it back': [
    (at) => {
      put(at, { 'b/2': 'x\n' })
      git(at, 'status')
      rmSync(join(at, 'b'), { recursive: true })
    },
    {},
  ],
}

void t.test('what a work tree leaves out is not taken away, and what is taken away is, when the agent', async (t) => {
  const files = { 'a/1': '1\n', 'b/2': '2\n', 'b/3': '3\n', root: 'r\n' }
  for (const [deed, [doIt, changes]] of Object.entries({ ...leavingOut, ...beyond })) {
    await t.test(deed, async (t) => {
      const scene = await sceneOf(t, files)
      if (deed in beyond) git(scene.root, 'sparse-checkout', 'set', 'a')
      const { worktree, directory, save } = await worktreeIn(scene)
      const quick = quickly(t, scene, worktree)
      put(directory, { 'a/1': '11\n' })
      t.ok(await quick(['a/1']))
      doIt(directory, worktree)
      put(directory, { 'a/1': '111\n' })
      const all = Object.entries({ ...files, 'a/1': '111\n', ...changes })
      const expected = Object.fromEntries(
        all.flatMap(([path, text]) => (text === null ? [] : [[path, `100644 ${text}`]])),
      )
      await quick(['a/1', 'b/2', 'b', 'root'])
      if (deed in leavingOut) t.same(contentOf(scene.root, ref), expected, 'where it is known what has changed')
      await save()
      t.same(contentOf(scene.root, ref), expected, 'in a snapshot')
      t.same(sealedContent(scene.root, await scene.seal(worktree)), expected, 'in the seal')
    })
  }
  const scene = await sceneOf(t, files)
  git(scene.root, 'sparse-checkout', 'set', 'a')
  const { worktree, directory, save } = await worktreeIn(scene)
  put(directory, { 'b/2': 'the value of a secret\n' })
  git(directory, 'add', '--sparse', 'b/2')
  git(directory, 'sparse-checkout', 'reapply')
  t.notOk(existsSync(join(directory, 'b')))
  const hide = openRedactor([{ name: 'KEY', value: 'value of a secret' }])
  await t.rejects(scene.seal(worktree, { hide }), { message: /the value of the secret KEY was written into a file/ })
  t.match(await scene.seal(worktree), { changeSet: { files: ['b/2'] } }, 'also where nothing else has changed')
  t.ok(await save())
})

void t.test('what cannot be sealed is said and not lost: a folder that is gone, a ref that is taken', async (t) => {
  const scene = await sceneOf(t, base)
  const gone = await scene.worktrees.create('gone', scene.base)
  rmSync(gone.directory, { recursive: true })
  await t.rejects(scene.seal(gone), { code: 'GIT_FAILED', message: /nothing can be sealed: .*gone is gone/ })
  const worktree = await scene.worktrees.create('t', scene.base)
  write(worktree.directory)
  git(scene.root, 'update-ref', 'refs/troupe/run-1/t/1', scene.base)
  await t.rejects(scene.seal(worktree), { code: 'GIT_FAILED', message: /cannot be kept at refs\/troupe\/run-1\/t\/1/ })
  t.equal(git(scene.root, 'rev-parse', 'refs/troupe/run-1/t/1').trim(), scene.base)
  t.match(await scene.seal(worktree, { ref: 'refs/troupe/run-1/t/2' }), { changed: true })
})

void t.test('any sequence of edits and git commands seals to just the files that lie there', async (t) => {
  const scene = await sceneOf(t, { ...base, '.gitignore': '' })
  let count = 0
  const path = fc.constantFrom('a.txt', 'b.txt', 'dir', 'dir/c.txt', 'dir/d/e.txt', 'new', 'new/f')
  const step = fc.oneof(
    fc.record({ put: path, text: fc.constantFrom('one\n', 'two\n', 'x', 'y', '') }),
    fc.record({ remove: path }),
    fc.record({ link: path }),
    fc.record({ run: fc.constantFrom('add', 'commit', 'reset', 'status', 'init') }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      count += 1
      const worktree = await scene.worktrees.create(`t${count}`, scene.base)
      for (const one of steps) act(worktree.directory, one)
      const sealed = await scene.seal(worktree)
      const tree = sealed.changed ? sealed.changeSet.commit : scene.base
      const expected = treeByHand(scene, worktree)
      await scene.worktrees.remove(worktree)
      return git(scene.root, 'rev-parse', `${tree}^{tree}`).trim() === expected
    }),
    { numRuns: 25 },
  )
})

type Step =
  | { readonly put: string; readonly text: string }
  | { readonly remove: string }
  | { readonly link: string }
  | { readonly run: string }

function act(at: string, step: Step): void {
  try {
    if ('put' in step) put(at, { [step.put]: step.text })
    else if ('remove' in step) rmSync(join(at, step.remove), { recursive: true, force: true })
    else if ('link' in step) put(at, { [step.link]: { link: 'a.txt' } })
    else if (step.run === 'commit') commitAll(at)
    else if (step.run === 'init') git(join(at, 'dir'), 'init', '--quiet')
    else git(at, step.run, ...(step.run === 'add' ? ['--all'] : []))
  } catch {
    // a file where a folder would have to be, or git that will not: nothing has changed then
  }
}

/** The tree of the files that lie there, made without looking at any index or history of the worktree. */
function treeByHand({ root }: Scene, { directory }: Worktree): string {
  const copy = `${directory}.copy`
  execFileSync('cp', ['-a', `${directory}/.`, copy])
  execFileSync('find', [copy, '-name', '.git', '-prune', '-exec', 'rm', '-rf', '{}', '+'])
  const env = { ...process.env, GIT_INDEX_FILE: `${copy}.index` }
  const options = { cwd: copy, env, encoding: 'utf8' } as const
  const named = ['--git-dir', join(root, '.git'), '--work-tree', copy]
  execFileSync('git', [...named, 'add', '--all'], { ...options, stdio: 'ignore' })
  return execFileSync('git', [...named, 'write-tree'], options).trim()
}

const byCode = (a: string, b: string): number => (a < b ? -1 : 1)

void t.test('a commit that is written without a process is the one that git writes', async (t) => {
  const { root } = await sceneOf(t, base)
  const opened = openGit(root)
  const head = asCommitId(await opened.text(['rev-parse', 'HEAD']))
  const tree = asTreeId(await opened.text(['rev-parse', 'HEAD^{tree}']))
  const next = await writeCommit(opened, { tree, parents: [head], message: 'next', seconds: 1_000_000_000 })
  const drafts = [
    { parents: [], message: '', seconds: 0 },
    { parents: [head], message: 'one line', seconds: 1_795_000_000 },
    { parents: [head, next], message: 'ü — 🙂\n\n# no comment\n\nTroupe-Task: a\n', seconds: 946_684_800 },
    { parents: [head, head], message: '\n\n spaces \n\n', seconds: 4_102_444_800 },
  ]
  for (const { parents, message, seconds } of drafts) {
    const date = `@${seconds} +0000`
    const expected = await opened.text(['commit-tree', tree, ...parents.flatMap((one) => ['-p', one]), '-F', '-'], {
      input: message,
      env: { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
    })
    t.equal(await writeCommit(opened, { tree, parents, message, seconds }), expected, JSON.stringify(message))
  }
  t.equal(await opened.text(['fsck', '--strict', '--no-dangling']), '')
})

void t.test('threads of one process that write objects at the same time do not spoil each other', async (t) => {
  const { root } = await sceneOf(t, base)
  const fixture = new URL('../fixtures/writes-objects.ts', import.meta.url)
  const written = await Promise.all(
    ['a', 'b', 'c'].map(async (name) => {
      const [oids] = await once(new Worker(fixture, { workerData: { directory: root, name } }), 'message')
      return oids as readonly string[]
    }),
  )
  t.equal(new Set(written.flat()).size, 300)
  t.equal(git(root, 'fsck', '--no-dangling', '--full'), '')
})

void t.test('objects are written where git keeps them, in every kind of repository, with its hash', async (t) => {
  const at = emptyFolder(t)
  const make = (...args: readonly string[]): string => git(at, ...args)
  make('init', '-q', 'plain')
  make('init', '-q', '--bare', 'bare')
  make('init', '-q', '--object-format=sha256', 'long')
  make('init', '-q', '--separate-git-dir', join(at, 'elsewhere'), 'apart')
  git(join(at, 'plain'), 'commit', '-q', '--allow-empty', '-m', 'x')
  git(join(at, 'plain'), 'worktree', 'add', '-q', join(at, 'linked'))
  mkdirSync(join(at, 'plain/below'))
  for (const name of ['plain', 'bare', 'long', 'apart', 'linked', 'plain/below']) {
    const opened = openGit(join(at, name))
    const oid = await writeObject(opened, 'blob', Buffer.from(`in ${name}\n`))
    t.equal(git(join(at, name), 'cat-file', 'blob', oid), `in ${name}\n`, name)
  }
})

void t.test(
  'objects that nobody has closed keep no process alive, and those being read are read when they are closed',
  async (t) => {
    const { root } = await sceneOf(t, base)
    const fixture = join(import.meta.dirname, '../fixtures/reads-an-object.ts')
    for (const how of ['leaves', 'closes'])
      t.equal(execFileSync(process.execPath, [fixture, root, how], { encoding: 'utf8' }), 'commit', how)
  },
)

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
