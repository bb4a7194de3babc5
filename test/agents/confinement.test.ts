import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import t, { type Test } from 'tap'
import { confine, type Confinement } from '../../src/agents/confinement/confinement.ts'
import type { WriteAnswer } from '../../src/agents/agent.ts'

interface Scene {
  readonly workspace: string
  /** A folder beside the workspace with a secret; nothing may come of it or get into it. */
  readonly outside: string
}

type Try = readonly [
  name: string,
  /** Prepares the scene; returns the path that the tool is given. */
  prepare: (scene: Scene) => string,
  /** What is changed after a write was allowed and before it is done. */
  meanwhile?: (scene: Scene) => void,
]

const link = (target: string, path: string): void => {
  symlinkSync(target, path)
}
const swapForLink = (path: string, target: string): void => {
  renameSync(path, `${path}.was`)
  symlinkSync(target, path)
}

const tries: readonly Try[] = [
  ['..', () => '../outside/secret.txt'],
  ['.. after folders', () => 'src/deep/../../../outside/secret.txt'],
  ['.. and back in through the name of the workspace', ({ workspace }) => `../../${workspace}/../outside/secret.txt`],
  ['.. behind dots and double slashes', () => './/src/.//..//..//outside/secret.txt'],
  ['.. from a folder that is not there', () => 'nosuch/../../outside/secret.txt'],
  ['an absolute path', ({ outside }) => join(outside, 'secret.txt')],
  ['an absolute path that begins inside', ({ workspace }) => `${workspace}/../outside/secret.txt`],
  ['an absolute path with the workspace as the beginning of a name', ({ workspace }) => `${workspace}-twin/secret.txt`],
  ['an absolute path with two slashes', ({ outside }) => `/${outside}/secret.txt`],
  ['/proc/self/cwd', ({ outside }) => `/proc/self/cwd/${outside}/secret.txt`],
  ['/proc/self/root', ({ outside }) => `/proc/self/root${outside}/secret.txt`],
  [
    'a link to a file',
    ({ workspace, outside }) => {
      link(join(outside, 'secret.txt'), join(workspace, 'leak'))
      return 'leak'
    },
  ],
  [
    'a relative link to a file',
    ({ workspace }) => {
      link('../outside/secret.txt', join(workspace, 'leak'))
      return 'leak'
    },
  ],
  [
    'a link to a folder',
    ({ workspace, outside }) => {
      link(outside, join(workspace, 'out'))
      return 'out/secret.txt'
    },
  ],
  [
    'a link to the parent',
    ({ workspace }) => {
      link('..', join(workspace, 'up'))
      return 'up/outside/secret.txt'
    },
  ],
  [
    'a link deep inside that goes up one too many',
    ({ workspace }) => {
      link('../../..', join(workspace, 'src/deep/up'))
      return 'src/deep/up/outside/secret.txt'
    },
  ],
  [
    'a link to the root of the system',
    ({ workspace, outside }) => {
      link('/', join(workspace, 'root'))
      return `root${outside}/secret.txt`
    },
  ],
  [
    'a link to a link',
    ({ workspace, outside }) => {
      link(outside, join(workspace, 'one'))
      link('one', join(workspace, 'two'))
      return 'two/secret.txt'
    },
  ],
  [
    'a link to /proc/self/cwd',
    ({ workspace, outside }) => {
      link('/proc/self/cwd', join(workspace, 'cwd'))
      return `cwd/../../../../../../../../../../../../${outside}/secret.txt`
    },
  ],
  [
    'a link to /proc/self/fd',
    ({ workspace }) => {
      link('/proc/self/fd', join(workspace, 'fds'))
      return 'fds/0'
    },
  ],
  [
    'a link inside and .. behind it, which the text alone takes for harmless',
    ({ workspace }) => {
      link('src/deep', join(workspace, 'short'))
      return 'short/../../../outside/secret.txt'
    },
  ],
  [
    'a dangling link out, to write through',
    ({ workspace, outside }) => {
      link(join(outside, 'new.txt'), join(workspace, 'dangling'))
      return 'dangling'
    },
  ],
  [
    'a dangling link to a folder out, to make folders through',
    ({ workspace, outside }) => {
      link(join(outside, 'new'), join(workspace, 'dangling'))
      return 'dangling/a/b.txt'
    },
  ],
  [
    'a link to itself',
    ({ workspace }) => {
      link('loop', join(workspace, 'loop'))
      return 'loop/secret.txt'
    },
  ],
  ['a NUL', () => 'src/a.txt\0/../../outside/secret.txt'],
  ['git: its file', () => '.git'],
  ['git: its folder', () => '.git/config'],
  ['git: a hook', () => 'src/../.git/hooks/post-commit'],
  ['git: in capitals', () => '.GIT/config'],
  ['git: by its short name', () => 'GIT~1/config'],
  ['git: with a sign that nobody sees', () => '.g\u200cit/config'],
  ['git: full width', () => '．git/config'],
  ['git: with a dot at the end', () => '.git./config'],
  ['git: of a folder inside', () => 'src/.git/config'],
  [
    'git: over a link',
    ({ workspace }) => {
      link('.git', join(workspace, 'store'))
      return 'store/config'
    },
  ],
  ['troupe: the store', () => '.agents/runs/x/journal.ndjson'],
  [
    'a pipe',
    ({ workspace }) => {
      execFileSync('sh', ['-c', 'mkfifo pipe'], { cwd: workspace })
      return 'pipe'
    },
  ],
  [
    'a folder swapped for a link between the check and the write',
    () => 'src/secret.txt',
    ({ workspace, outside }) => {
      swapForLink(join(workspace, 'src'), outside)
    },
  ],
  [
    'a folder in the middle swapped for a link',
    () => 'src/deep/secret.txt',
    ({ workspace, outside }) => {
      swapForLink(join(workspace, 'src'), join(outside, 'tree'))
    },
  ],
  [
    'a folder that was not there made as a link',
    () => 'new/secret.txt',
    ({ workspace, outside }) => {
      link(outside, join(workspace, 'new'))
    },
  ],
]

void t.test('nothing outside is read or written', async (t) => {
  t.ok(tries.length >= 30, `${tries.length} tries`)
  for (const [name, prepare, meanwhile] of tries) {
    await t.test(name, async (t) => {
      const scene = sceneOf(t)
      const path = prepare(scene)
      const before = pictureOf(scene.outside)
      const gitBefore = pictureOf(join(scene.workspace, '.git'))
      const files = confine(scene.workspace, (): Promise<WriteAnswer> => {
        meanwhile?.(scene)
        return Promise.resolve({ allowed: true })
      })
      if (meanwhile === undefined) {
        t.match(await files.read(path, 1_000), { ok: false, reason: /\S/ }, 'not read')
        t.match(await files.list(path), { ok: false, reason: /\S/ }, 'not listed')
      }
      t.match(await files.write(path, 'broken'), { ok: false, reason: /\S/ }, 'not written')
      t.same(pictureOf(scene.outside), before, 'what is outside is as it was')
      t.same(pictureOf(join(scene.workspace, '.git')), gitBefore, 'and what is git’s')
    })
  }
})

void t.test('what is inside is reached, by whatever name', async (t) => {
  const { workspace } = sceneOf(t)
  link('src/deep', join(workspace, 'short'))
  link(join(workspace, 'src/a.txt'), join(workspace, 'absolute'))
  link('src/new.txt', join(workspace, 'dangling'))
  const asked: string[] = []
  const files = confine(workspace, ([path = '']) => {
    asked.push(path)
    return Promise.resolve({ allowed: true })
  })
  await t.resolveMatch(files.read('src/a.txt', 10), { ok: true, value: { path: 'src/a.txt', size: 2 } })
  await t.resolveMatch(files.read(join(workspace, 'src/a.txt'), 1), { value: { bytes: Buffer.from('a'), size: 2 } })
  await t.resolveMatch(files.read('short/../a.txt', 10), { ok: true, value: { path: 'src/a.txt' } })
  await t.resolveMatch(files.read('absolute', 10), { ok: true, value: { path: 'src/a.txt' } })
  await t.resolveMatch(files.list('.'), { ok: true, value: [{ name: '.git' }, { name: 'absolute', kind: 'link' }] })
  await t.resolveMatch(files.list('short'), { ok: true, value: [{ name: 'b.txt', kind: 'file' }] })
  for (const path of ['‥/x.txt', '．．/x.txt', '..hidden/x.txt', 'src/.github/x.txt', 'a\\..\\b.txt', 'ünï 🎭.txt']) {
    t.match(await files.write(path, 'x'), { ok: true, value: path }, path)
    t.equal(readFileSync(join(workspace, path), 'utf8'), 'x')
  }
  asked.length = 0
  await t.resolveMatch(files.write('dangling', 'through'), { ok: true, value: 'src/new.txt' })
  await t.resolveMatch(files.write('short/../a.txt', 'new'), { ok: true, value: 'src/a.txt' })
  t.same(asked, ['src/new.txt', 'src/a.txt'], 'asked about where they really lie')
  t.ok(lstatSync(join(workspace, 'dangling')).isSymbolicLink(), 'the link stays')
})

void t.test('a write keeps the mode of a file, and its content under other names', async (t) => {
  const { workspace, outside } = sceneOf(t)
  linkSync(join(outside, 'secret.txt'), join(workspace, 'twin.txt'))
  writeFileSync(join(workspace, 'run.sh'), 'x', { mode: 0o755 })
  const files = confine(workspace, () => Promise.resolve({ allowed: true }))
  await files.write('twin.txt', 'mine')
  await files.write('run.sh', 'y')
  t.equal(readFileSync(join(workspace, 'twin.txt'), 'utf8'), 'mine')
  t.equal(readFileSync(join(outside, 'secret.txt'), 'utf8'), 'secret')
  t.equal(statSync(join(workspace, 'run.sh')).mode & 0o777, 0o755)
  t.same(
    readdirSync(workspace).filter((name) => name.endsWith('.tmp')),
    [],
  )
})

void t.test('a write that is not allowed does not happen, and says why', async (t) => {
  const { workspace } = sceneOf(t)
  const files = confine(workspace, () =>
    Promise.resolve({ allowed: false, reason: 'a.txt is being written by task b' }),
  )
  t.same(await files.write('src/a.txt', 'x'), { ok: false, reason: 'a.txt is being written by task b' })
  await files.write('made/up.txt', 'x')
  t.notOk(existsSync(join(workspace, 'made')), 'no folder was made for it')
  t.equal(readFileSync(join(workspace, 'src/a.txt'), 'utf8'), 'a\n')
})

void t.test('a folder swapped for a link and back all the time lets nothing out', async (t) => {
  const scene = sceneOf(t)
  const { workspace, outside } = scene
  const before = pictureOf(outside)
  const files = confine(workspace, () => Promise.resolve({ allowed: true }))
  const swapper = new Worker(swapping, { eval: true, workerData: { workspace, outside } })
  const ended = new Promise((resolve) => swapper.once('exit', resolve))
  let isOver = false
  void ended.then(() => (isOver = true))
  const came = { written: 0, refused: 0, read: 0 }
  while (!isOver) await step(files, came)
  t.same(pictureOf(outside), before)
  t.ok(came.refused > 0, `${came.refused} were refused, ${came.written} written, ${came.read} read`)
})

const swapping = `
  const { renameSync, symlinkSync, unlinkSync, rmSync } = require('node:fs')
  const { workspace, outside } = require('node:worker_threads').workerData
  const src = workspace + '/src', kept = workspace + '/kept'
  // a write that finds nothing makes a folder, which is then in the way
  const attempt = (work) => { try { work() } catch {} }
  for (let round = 0; round < 1000; round += 1) {
    rmSync(kept, { recursive: true, force: true })
    attempt(() => renameSync(src, kept))
    attempt(() => symlinkSync(outside, src))
    attempt(() => unlinkSync(src))
    attempt(() => renameSync(kept, src))
  }`

async function step(files: Confinement, came: { written: number; refused: number; read: number }): Promise<void> {
  const written = await files.write('src/secret.txt', 'broken')
  came[written.ok ? 'written' : 'refused'] += 1
  const read = await files.read('src/secret.txt', 100)
  if (!read.ok) return
  came.read += 1
  if (read.value.bytes.toString() === 'secret') throw new Error('the secret was read')
  // the worker's messages are heard between two turns only
  await new Promise(setImmediate)
}

function sceneOf(t: Test): Scene {
  const around = realpathSync(
    t.testdir({
      workspace: { '.git': { config: '[core]' }, src: { 'a.txt': 'a\n', deep: { 'b.txt': 'b' } } },
      'workspace-twin': { 'secret.txt': 'secret' },
      outside: { 'secret.txt': 'secret', tree: { deep: { 'secret.txt': 'secret' } } },
    }),
  )
  mkdirSync(join(around, 'outside', 'empty'))
  return { workspace: join(around, 'workspace'), outside: join(around, 'outside') }
}

/** Names and contents of all that is below a folder. */
function pictureOf(folder: string): readonly (readonly [string, string])[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true }).map((entry) => {
    const path = join(entry.parentPath, entry.name)
    return [path, entry.isFile() ? readFileSync(path, 'utf8') : '']
  })
}
