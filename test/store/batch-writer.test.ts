import { deepEqual } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as endOfTurn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import t from 'tap'
import { type BatchWriter, openBatchWriter } from '../../src/store/batch-writer.ts'
import { newestEpoch, takeEpoch } from '../../src/store/epoch.ts'
import { type Change, updateLocked } from '../../src/store/locked-file.ts'
import { ManualClock } from '../manual-clock.ts'

const folder = mkdtempSync(join(tmpdir(), 'troupe-batch-writer-'))
t.teardown(() => {
  rmSync(folder, { recursive: true, force: true })
})
let files = 0
const newPath = (): string => join(folder, `${(files += 1)}`)
const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '')
const linesOf = (path: string): readonly string[] => textOf(path).split('\n').slice(0, -1)

/** Adds a line; the answer is how many there are. */
const line =
  (text: string): Change<number> =>
  (before) => {
    const content = `${before ?? ''}${text}\n`
    return { content, result: content.split('\n').length - 1 }
  }

/** So many callers with so many updates each, one after the other. */
function writeMany(batch: BatchWriter, { callers, writes }: { readonly callers: number; readonly writes: number }) {
  return Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let write = 0; write < writes; write += 1) await batch.update(line(`${caller} ${write}`))
    }),
  )
}

void t.test('those who write together share each replacement and one lock, and are written in order', async (t) => {
  const path = newPath()
  const states = new Set<string>()
  const batch = openBatchWriter(path)
  await Promise.all(
    Array.from({ length: 50 }, async (_, caller) => {
      for (let write = 0; write < 10; write += 1) {
        await batch.update((before) => {
          states.add(textOf(path))
          return line(`${write} ${caller}`)(before)
        })
      }
    }),
  )
  const inOrder = Array.from({ length: 10 }, (_, write) =>
    Array.from({ length: 50 }, (_, caller) => `${write} ${caller}`),
  )
  t.same(linesOf(path), inOrder.flat())
  t.equal(states.size, 10, 'the changes of a round saw the same file')
  t.equal(newestEpoch(path).epoch, 1, 'the file was taken once')
})

void t.test('who was answered is waited for, but no longer than the last replacement took', async (t) => {
  const path = newPath()
  const clock = new ManualClock()
  const batch = openBatchWriter(path, clock)
  const slow: Change<null> = (before) => {
    clock.advance(7)
    return { content: before ?? '', result: null }
  }
  await Promise.all([batch.update(slow), batch.update(line('first'))])
  while (clock.waiting === 0) await endOfTurn()
  let isWritten = false
  const second = batch.update(line('second')).then(() => {
    isWritten = true
  })
  clock.advance(6)
  await updateLocked(newPath(), line('meanwhile')) // longer than it takes to write
  t.notOk(isWritten)
  t.same(linesOf(path), ['first'])
  clock.advance(1)
  await second
  t.same(linesOf(path), ['first', 'second'])
  clock.advance(7)
})

void t.test('whoever else wants the file has it after a second, though there is more to write', async (t) => {
  const path = newPath()
  const clock = new ManualClock()
  const batch = openBatchWriter(path, clock)
  const begun = Promise.withResolvers<void>()
  const first = batch.update((before) => {
    clock.advance(1_000)
    begun.resolve()
    return line('first')(before)
  })
  await begun.promise
  const second = batch.update(line('second'))
  await first
  await updateLocked(path, line('another'))
  t.same(linesOf(path), ['first', 'another'])
  while (clock.waiting === 0) await endOfTurn()
  clock.advance(1_000)
  t.equal(await second, 3)
})

void t.test('two writers of one file leave nothing out', async (t) => {
  const path = newPath()
  await Promise.all([1, 2].map(() => writeMany(openBatchWriter(path), { callers: 5, writes: 5 })))
  t.equal(linesOf(path).length, 50)
  t.equal(new Set(linesOf(path)).size, 25)
  t.ok(newestEpoch(path).epoch >= 2)
})

void t.test('a writer that is deposed while its text goes to disk puts it nowhere', async (t) => {
  const path = newPath()
  const batch = openBatchWriter(path)
  await batch.update(line('old'))
  const begun = Promise.withResolvers<void>()
  const late = batch.update((before) => {
    begun.resolve()
    return line('late')(before)
  })
  await begun.promise
  takeEpoch(path, { nowMs: 0 })
  await t.rejects(late, { code: 'LEASE_LOST' })
  t.same(linesOf(path), ['old'])
  t.equal(await batch.update(line('new')), 2)
})

type Kind = 'good' | 'throws' | 'cannot be replaced' | 'is deposed'

/** A change that fails, or has the whole batch fail, by what happens to the file while it is at work. */
function changeOf(kind: Kind, path: string, text: string): Change<unknown> {
  return (before) => {
    if (kind === 'throws') throw new RangeError(text)
    if (kind === 'is deposed') takeEpoch(path, { nowMs: 0 })
    if (kind === 'cannot be replaced' && !isFolder(path)) {
      if (existsSync(path)) renameSync(path, `${path}.aside`)
      mkdirSync(path)
    }
    return line(text)(before)
  }
}

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory()

function putBack(path: string): void {
  if (!isFolder(path)) return
  rmdirSync(path)
  if (existsSync(`${path}.aside`)) renameSync(`${path}.aside`, path)
}

function failureOf(kind: Kind, batch: readonly Kind[]): string | null {
  if (batch.includes('is deposed')) return 'LEASE_LOST'
  if (batch.includes('cannot be replaced')) return 'STORE_FAILED'
  return kind === 'throws' ? 'RangeError' : null
}

const nameOf = (error: Error): string => ('code' in error ? String(error.code) : error.name)

void t.test('what was promised is there, in order, and nothing else, whatever fails', async (t) => {
  const kind = fc.oneof(
    { weight: 8, arbitrary: fc.constant<Kind>('good') },
    { weight: 2, arbitrary: fc.constant<Kind>('throws') },
    { weight: 1, arbitrary: fc.constantFrom<Kind>('cannot be replaced', 'is deposed') },
  )
  const batches = fc.array(fc.array(kind, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(batches, async (kinds) => {
      const path = newPath()
      const writer = openBatchWriter(path)
      const promised: string[] = []
      for (const [round, batch] of kinds.entries()) {
        const failures = await Promise.all(
          batch.map((one, number) => writer.update(changeOf(one, path, `${round} ${number}`)).then(() => null, nameOf)),
        )
        putBack(path)
        deepEqual(
          failures,
          batch.map((one) => failureOf(one, batch)),
        )
        promised.push(...batch.flatMap((_, number) => (failures[number] === null ? [`${round} ${number}`] : [])))
        deepEqual(linesOf(path), promised)
      }
    }),
    { numRuns: 25 },
  )
  t.same(
    readdirSync(folder).filter((name) => name.endsWith('.tmp')),
    [],
  )
})

void t.test('a killed writer leaves whole lines, and all it had promised', async (t) => {
  const program = fileURLToPath(new URL('../fixtures/store/writes-batched.ts', import.meta.url))
  await Promise.all(
    [1, 200].map(async (bytes) => {
      const path = newPath()
      const child = spawn(process.execPath, [program, path], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { PATH: process.env['PATH'] ?? '' },
      })
      const gone = once(child, 'exit')
      let told = ''
      for await (const some of child.stdout.setEncoding('utf8')) {
        told += some
        if (told.length >= bytes) child.kill('SIGKILL')
      }
      await gone
      const written = linesOf(path)
      t.equal(written.map((one) => `${one}\n`).join(''), textOf(path))
      t.same(
        told
          .split('\n')
          .slice(0, -1)
          .filter((one) => !written.includes(one)),
        [],
      )
      for (let caller = 0; caller < 8; caller += 1) {
        const own = written.filter((one) => one.startsWith(`${caller} `))
        t.same(
          own,
          own.map((_, number) => `${caller} ${number}`),
        )
      }
    }),
  )
})
