import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MessageChannel, Worker } from 'node:worker_threads'
import t from 'tap'
import { openBatchWriter } from '../../src/store/batch-writer.ts'
import { newestEpoch, takeEpoch } from '../../src/store/epoch.ts'
import { acquireLease } from '../../src/store/lease.ts'
import { type Change, updateLocked } from '../../src/store/locked-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'troupe-locking-'))
t.teardown(() => {
  rmSync(folder, { recursive: true, force: true })
})
const program = fileURLToPath(new URL('../fixtures/store/writes-locked.ts', import.meta.url))
const environment = { PATH: process.env['PATH'] ?? '' }

/** Adds a line; the answer is how many there are. */
const line =
  (text: string): Change<number> =>
  (before) => {
    const content = `${before ?? ''}${text}\n`
    return { content, result: content.split('\n').length - 1 }
  }

const linesOf = (path: string): readonly string[] => readFileSync(path, 'utf8').trim().split('\n')

/** Fifty writers with ten writes each, none lost and none doubled. */
function isWhole(path: string): boolean {
  const lines = linesOf(path)
  return lines.length === 500 && new Set(lines).size === 500
}

const writers = Array.from({ length: 50 }, (_, writer) => writer)
const writes = Array.from({ length: 10 }, (_, write) => write)

void t.test('500 writes by 50 writers in one event loop: none is lost', async (t) => {
  const path = join(folder, 'async')
  const answers = await Promise.all(
    writers.map(async (writer) => {
      const own: number[] = []
      for (const write of writes) own.push(await updateLocked(path, line(`${writer} ${write}`)))
      return own
    }),
  )
  t.ok(isWhole(path))
  t.equal(new Set(answers.flat()).size, 500, 'each saw a state of its own')
})

void t.test('500 writes through the batch writer: none is lost, and they share their locks', async (t) => {
  const path = join(folder, 'batch')
  const batch = openBatchWriter(path)
  await Promise.all(
    writers.map(async (writer) => {
      for (const write of writes) await batch.update(line(`${writer} ${write}`))
    }),
  )
  t.ok(isWhole(path))
  t.ok(newestEpoch(path).epoch <= 50, `${newestEpoch(path).epoch} locks`)
})

void t.test('a change that throws is refused alone', async (t) => {
  const batch = openBatchWriter(join(folder, 'refused'))
  const bad = batch.update(() => {
    throw new RangeError('not this one')
  })
  const good = batch.update(line('good'))
  await t.rejects(bad, RangeError)
  t.equal(await good, 1)
  await t.rejects(updateLocked(join(folder, 'batch/below-a-file'), line('x')), { code: 'STORE_FAILED' })
})

void t.test('500 writes by 10 processes: none is lost', async (t) => {
  const path = join(folder, 'processes')
  const children = Array.from({ length: 10 }, (_, writer) =>
    spawn(process.execPath, [program, 'locked', path, String(writer), '50'], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: environment,
    }),
  )
  const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0] as number))
  t.same(
    codes,
    children.map(() => 0),
  )
  t.ok(isWhole(path))
})

void t.test('500 writes by 10 threads: none is lost', async (t) => {
  const path = join(folder, 'threads')
  const threads = Array.from(
    { length: 10 },
    (_, writer) => new Worker(program, { argv: ['locked', path, String(writer), '50'], execArgv: [] }),
  )
  await Promise.all(threads.map((thread) => once(thread, 'exit')))
  t.ok(isWhole(path))
})

void t.test('without the lock updates are lost: the check above can fail', async (t) => {
  const path = join(folder, 'unguarded')
  const children = Array.from({ length: 8 }, (_, writer) =>
    spawn(process.execPath, [program, 'unguarded', path, String(writer), '200'], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: environment,
    }),
  )
  await Promise.all(children.map((child) => once(child, 'exit')))
  t.ok(linesOf(path).length < 1_600)
})

void t.test('a change that changes nothing leaves the file as it is', async (t) => {
  const path = join(folder, 'unchanged')
  await updateLocked(path, line('one'))
  const { ino } = statSync(path)
  t.equal(await updateLocked(path, (content) => ({ content: content ?? '', result: 'seen' })), 'seen')
  t.equal(statSync(path).ino, ino, 'it was not replaced')
  await updateLocked(path, line('two'))
  t.not(statSync(path).ino, ino)
})

void t.test('a holder that was deposed writes nothing', async (t) => {
  const path = join(folder, 'deposed')
  writeFileSync(path, 'old\n')
  const late = updateLocked(path, (before) => {
    takeEpoch(path, { nowMs: 0 }) // another takes over while this one works
    return { content: `${before ?? ''}late\n`, result: null }
  })
  await t.rejects(late, { code: 'LEASE_LOST' })
  t.same(linesOf(path), ['old'])
})

void t.test('a lease has one holder, and the second is told who it is', async (t) => {
  const path = join(folder, 'lease')
  const lease = await acquireLease(path)
  t.equal(lease.epoch, 1)
  await t.rejects(acquireLease(path), { code: 'LEASE_HELD', message: new RegExp(`process ${process.pid} `) })
  await lease.release()
  await lease.release()
  const next = await acquireLease(path)
  t.equal(next.epoch, 2)
  await next.release()
  t.same(
    readdirSync(folder).filter((name) => name.startsWith('lease.epoch-')),
    ['lease.epoch-2'],
    'old epochs are cleared away',
  )
})

void t.test('the lease of a killed holder is taken over with a higher epoch', async (t) => {
  const path = join(folder, 'orphan')
  const holder = spawn(process.execPath, [program, 'lease', path], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: environment,
  })
  await once(holder.stdout, 'data')
  await t.rejects(acquireLease(path, { staleMs: 2_000 }), { code: 'LEASE_HELD' })
  const gone = once(holder, 'exit')
  holder.kill('SIGKILL')
  await gone
  for (;;) {
    const lease = await acquireLease(path, { staleMs: 2_000 }).catch(() => null)
    if (lease === null) continue
    t.equal(lease.epoch, 2)
    await lease.release()
    return
  }
})

void t.test('a lease whose lock is taken away tells its holder', async (t) => {
  const path = join(folder, 'stolen')
  const lease = await acquireLease(path, { staleMs: 2_000 })
  rmSync(`${path}.epoch-1.lock`, { recursive: true })
  const { port1 } = new MessageChannel()
  port1.on('message', () => {}) // keeps the event loop alive: the timers of the lock do not
  await once(lease.lost, 'abort')
  port1.close()
  t.match(lease.lost.reason, { code: 'LEASE_LOST' })
  await lease.release()
})
