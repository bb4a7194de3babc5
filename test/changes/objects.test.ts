import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, readdirSync, readlinkSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { type Git, openGit } from '../../src/changes/git.ts'
import { openObjectFiles } from '../../src/changes/object-files.ts'
import { openObjects } from '../../src/changes/objects.ts'
import { applyDelta } from '../../src/changes/pack-delta.ts'
import { emptyFolder, git } from '../acceptance/troupe.ts'

type Teardown = Parameters<typeof emptyFolder>[0]

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
