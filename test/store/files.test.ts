import { deepEqual } from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setImmediate as endOfTurn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { MessageChannel, Worker } from 'node:worker_threads'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { jsonPieces, wholeLines } from '../../src/cli/json-pieces.ts'
import { systemClock } from '../../src/clock.ts'
import { asAgentName, asRunId, asTaskId, newRunId } from '../../src/ids.ts'
import { openLog } from '../../src/log.ts'
import { identityOf } from '../../src/process-identity.ts'
import { openAttemptLog } from '../../src/store/attempt-log.ts'
import { type BatchWriter, openBatchWriter } from '../../src/store/batch-writer.ts'
import { newestEpoch, takeEpoch } from '../../src/store/epoch.ts'
import { openJournal } from '../../src/store/journal.ts'
import { layoutOf, listRuns, makeRunFolders, pointStatusAt } from '../../src/store/layout.ts'
import { acquireLease, lastSignOf } from '../../src/store/lease.ts'
import { type Change, updateLocked } from '../../src/store/locked-file.ts'
import { readJournal } from '../../src/store/read-journal.ts'
import { replaceFile } from '../../src/store/replace-file.ts'
import { openStatusWriter } from '../../src/store/status-writer.ts'
import { bytesOf } from '../../src/text-bytes.ts'
import { ManualClock } from '../manual-clock.ts'

const folder = mkdtempSync(join(tmpdir(), 'troupe-files-'))
t.teardown(() => {
  rmSync(folder, { recursive: true, force: true })
})

const environment = { PATH: process.env['PATH'] ?? '' }
const program = (name: string): string => fileURLToPath(new URL(`../fixtures/store/${name}.ts`, import.meta.url))

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

void t.test('names are those that .agents/README.md promises', async (t) => {
  const layout = layoutOf('/repo')
  const run = layout.run(asRunId('20260101-000000-aa'))
  const [agent, task] = [asAgentName('local'), asTaskId('docs')]
  t.equal(run.status(agent, task), '/repo/.agents/runs/20260101-000000-aa/local_docs.status')
  t.equal(run.result(agent, task), '/repo/.agents/runs/20260101-000000-aa/local_docs_result.json')
  t.equal(run.log(task, 2), '/repo/.agents/runs/20260101-000000-aa/logs/docs.2.log')
  t.match(run.proposal('2026-01-01T00:00:00.123Z', 'md'), /proposal_2026-01-01T00-00-00-123Z\.md$/)
})

void t.test('run ids sort by time, also within a second', async (t) => {
  const start = Date.UTC(2026, 0, 2, 3, 4, 5)
  const ids = [0, 1, 9, 10, 999, 1_000, 61_000].map((later) => newRunId(start + later, () => 1 - later / 70_000 - 1e-9))
  t.same(ids.toSorted(), ids)
  t.match(ids[0], /^20260102-030405-000[0-9a-f]{5}$/)
})

void t.test('the status link follows the newest run', async (t) => {
  const layout = layoutOf(folder)
  for (const id of ['20260101-000000-aa', '20260102-000000-bb'].map(asRunId)) {
    makeRunFolders(layout, id)
    pointStatusAt(layout, id)
    t.equal(readlinkSync(layout.statusLink), join('..', 'runs', id))
  }
  writeFileSync(join(layout.runs, 'README'), '')
  writeFileSync(join(layout.runs, '20260103-000000-cc'), 'a file')
  mkdirSync(join(layout.runs, 'mine'))
  symlinkSync(join('..', 'runs', '20260103-000000-cc'), join(layout.runs, '20260104-000000-dd'))
  t.same(listRuns(layout), ['20260101-000000-aa', '20260102-000000-bb'], 'and nothing that is no run')
  symlinkSync(join(layout.runs, 'mine'), join(layout.runs, '20260105-000000-ee'))
  t.match(listRuns(layout), { 2: '20260105-000000-ee', length: 3 }, 'and one that was moved, with a link in its place')
  symlinkSync('20260106-000000-ff', join(layout.runs, '20260106-000000-ff'))
  t.match(listRuns(layout), { 3: '20260106-000000-ff', length: 4 }, 'and one that nobody can look into')
  t.same(listRuns(layoutOf('/nowhere')), [])
  const taken = layoutOf(join(layout.runs, 'README'))
  const failure = {
    name: 'TroupeError',
    code: 'STORE_FAILED',
    message: /README\/\.agents\/runs.*: .*README is a file, not a folder \(ENOTDIR\)$/,
  }
  t.throws(() => listRuns(taken), failure)
  t.throws(() => makeRunFolders(taken, asRunId('20260104-000000-dd')), failure)
  t.doesNotThrow(() => {
    pointStatusAt(taken, asRunId('20260104-000000-dd'))
  }, 'what nobody depends on')
  t.same(readdirSync(join(layout.folder, 'runtime')), ['status'], 'nothing else is left beside it')
})

void t.test('a replaced file is never seen in part', async (t) => {
  const path = join(folder, 'whole.json')
  replaceFile(path, contentOf(0))
  const reader = new Worker(
    `const { readFileSync } = require('node:fs'); const { parentPort, workerData } = require('node:worker_threads')
     let torn = 0, reads = 0, stop = false
     parentPort.once('message', () => { stop = true })
     const look = () => {
       for (let i = 0; i < 50; i++) { const { number, rest } = JSON.parse(readFileSync(workerData, 'utf8')); reads++; if (rest !== String(number).repeat(5000)) torn++ }
       if (stop) parentPort.postMessage({ torn, reads }); else setImmediate(look)
     }
     look(); parentPort.postMessage('looking')`,
    { eval: true, workerData: path, execArgv: [] },
  )
  await new Promise((resolve) => reader.once('message', resolve))
  for (let number = 1; number < 500; number++) replaceFile(path, contentOf(number), { durable: number % 50 === 0 })
  const answer = new Promise((resolve) => reader.once('message', resolve))
  reader.postMessage('stop')
  t.match(await answer, { torn: 0, reads: Number })
  t.same(
    readdirSync(folder).filter((name) => name.endsWith('.tmp')),
    [],
  )
})

const contentOf = (number: number): string => JSON.stringify({ number, rest: String(number).repeat(5_000) })

void t.test('a file that cannot be replaced says so and leaves nothing', async (t) => {
  t.throws(() => replaceFile(join(folder, 'no/such/folder'), 'x'), { code: 'STORE_FAILED' })
})

void t.test('an attempt that prints 100 MB costs bounded memory and disk, and the log says what was cut', async (t) => {
  const path = join(folder, 'flood.log')
  const log = openAttemptLog(path, { maxBytes: 1_000_000 })
  const line = `${'x'.repeat(9_990)} middle\n`
  const chunk = Buffer.from(line)
  log.write('the first line\n')
  const before = process.memoryUsage().rss
  for (let index = 0; index < 10_000; index++) log.write(chunk)
  log.write('the last line\n')
  t.equal(log.lastLine(), 'the last line')
  const { bytes, cut } = log.close()
  const text = readFileSync(path, 'utf8')
  t.equal(bytes, 15 + 10_000 * line.length + 14)
  t.ok(statSync(path).size < 1_000_100)
  t.ok(process.memoryUsage().rss - before < 20_000_000)
  t.ok(text.startsWith('the first line\n') && text.endsWith('the last line\n'))
  const [mark = '', number = ''] = /\n\[troupe: (\d+) bytes cut\]\n/.exec(text) ?? []
  t.equal(Number(number), cut)
  t.equal(text.length - mark.length + cut, bytes, 'every byte is there or counted')
})

void t.test('a short output is kept whole; silence makes no file', async (t) => {
  const path = join(folder, 'short.log')
  const log = openAttemptLog(path, { maxBytes: 100 })
  t.equal(log.lastLine(), '')
  log.write('\u001B[31mred\u001B[0m  \n\n')
  log.write(Buffer.from('half a li'))
  t.equal(log.lastLine(), 'half a li')
  log.write('ne\r\n')
  t.equal(log.lastLine(), 'half a line')
  t.same(log.close(), { bytes: 29, cut: 0 })
  t.equal(readFileSync(path, 'utf8'), '\u001B[31mred\u001B[0m  \n\nhalf a line\r\n')
  const silent = openAttemptLog(join(folder, 'silent.log'), { maxBytes: 100 })
  silent.write('')
  t.same(silent.close(), { bytes: 0, cut: 0 })
  t.notOk(existsSync(join(folder, 'silent.log')))
})

void t.test('status values are gathered: the latest is written, once, and no timer stays', async (t) => {
  const clock = new ManualClock()
  const written: string[] = []
  const writer = openStatusWriter({
    clock,
    everyMs: 200,
    write: (path, content) => void written.push(`${path}=${content}`),
    failed: () => t.fail('nothing fails'),
  })
  writer.set('a', () => '1')
  writer.set('b', () => '1')
  writer.set('a', () => '2')
  clock.advance(199)
  t.same(written, [])
  clock.advance(1)
  t.same(written, ['a=2', 'b=1'])
  t.equal(clock.waiting, 0)
  writer.set('a', () => '3')
  writer.flush()
  t.same(written.at(-1), 'a=3')
  t.equal(clock.waiting, 0)
})

void t.test('a file that cannot be written is told, holds up no other, and is tried again', async (t) => {
  const clock = new ManualClock()
  const written: string[] = []
  const told: unknown[] = []
  const full = new Error('no space left on device')
  let isFull = true
  const writer = openStatusWriter({
    clock,
    everyMs: 200,
    write(path, content) {
      if (isFull && path === 'a') throw full
      written.push(`${path}=${content}`)
    },
    failed: (error) => told.push(error),
  })
  writer.set('a', () => '1')
  writer.set('b', () => '1')
  clock.advance(200)
  t.same([written, told], [['b=1'], [full]])
  t.notOk(writer.flush())
  isFull = false
  t.ok(writer.flush())
  t.same(written, ['b=1', 'a=1'])
})

void t.test(
  'where more is marked than a slice writes, slices grow, and are short again once there is time',
  async (t) => {
    const clock = new ManualClock()
    const slices: number[] = []
    let written = 0
    const writer = openStatusWriter({
      clock: {
        now: () => clock.now(),
        monotonic: () => clock.monotonic() + 5 * written, // each takes its time
        after: (delayMs, due) => clock.after(delayMs, due),
      },
      everyMs: 20,
      write: () => void (written += 1),
      failed: () => t.fail('nothing fails'),
    })
    const slice = (marked: number): void => {
      const before = written
      for (let n = 0; n < marked; n += 1) writer.set(`${slices.length} ${n}`, () => '')
      clock.advance(20)
      slices.push(written - before)
    }
    for (const marked of [40, 40, 40, 40, 40, 1, 0]) slice(marked)
    t.same(slices, [5, 5, 9, 17, 33, 33, 5])
  },
)

void t.test('property: the bytes of a text are those of its parts, wherever they are cut', async (t) => {
  const filling = fc.constantFrom('a', 'é', '😀', '\uD83D', '\uDE00')
  fc.assert(
    fc.property(fc.nat(4), filling, filling, fc.integer({ min: 1, max: 140_000 }), (shift, ...[one, other, length]) => {
      const text = one.repeat(shift) + other.repeat(length)
      return Buffer.concat(Array.from(bytesOf(text), (part) => Buffer.from(part))).equals(Buffer.from(text))
    }),
    { numRuns: 60 },
  )
  t.pass('held')
})

void t.test(
  'a last sign of life is that of the process that is asked about, and none once another has the lease',
  async (t) => {
    const path = join(t.testdir(), 'lease')
    const own = identityOf(process.pid)
    t.equal(lastSignOf(join(path, 'not', 'there'), own), null)
    t.equal(lastSignOf(path, own), null, 'nobody has had it')
    const lease = await acquireLease(path)
    const beat = statSync(`${path}.epoch-1.lock`).mtimeMs
    t.equal(lastSignOf(path, own), beat)
    t.equal(lastSignOf(path, { ...own, startTime: (own.startTime ?? 0) + 1 }), null, 'a pid may be used again')
    t.equal(lastSignOf(path, { ...own, pid: own.pid + 1 }), null)
    await lease.release()
    t.equal(lastSignOf(path, own), statSync(`${path}.epoch-1`).mtimeMs, 'giving it back is one')
  },
)

void t.test('a record that is longer than a part of it is read as it was written', async (t) => {
  const path = join(t.testdir(), 'journal.ndjson')
  const journal = await openJournal<string>({ path, epoch: 1, clock: systemClock })
  const long = `x${'😀'.repeat(100_000)}`
  await journal.append(long).durable
  await journal.append('short').durable
  await journal.close()
  t.same(
    readJournal<string>(path).records.map(({ event }) => event),
    [long, 'short'],
  )
  const [, line = ''] = readFileSync(path, 'utf8').split('\n')
  t.equal(line.slice(0, 8), crc32(line.slice(9)).toString(16).padStart(8, '0'), 'the sum is that of the whole record')
})

void t.test('very many files are written in slices, between which others have their turn, newest first', async (t) => {
  const clock = new ManualClock()
  const written: string[] = []
  const writer = openStatusWriter({
    clock: {
      now: () => clock.now(),
      monotonic: () => clock.monotonic() + 5 * written.length, // each takes its time
      after: (delayMs, due) => clock.after(delayMs, due),
    },
    everyMs: 200,
    write: (path) => void written.push(path),
    failed: () => t.fail('nothing fails'),
  })
  for (let n = 0; n < 12; n += 1) writer.set(`old${n}`, () => '')
  clock.advance(200)
  t.same(written, ['old0', 'old1', 'old2', 'old3', 'old4'], 'as many as take no longer than a slice')
  t.equal(clock.waiting, 1)
  writer.set('new', () => '')
  writer.set('old7', () => '')
  clock.advance(20)
  t.same(written.slice(5), ['new', 'old7', 'old5', 'old6', 'old8'])
  t.ok(writer.flush())
  t.same(written.slice(10), ['old9', 'old10', 'old11'])
  t.equal(clock.waiting, 0)
})

void t.test('a log on a full disk ends nothing', { skip: !existsSync('/dev/full') && 'no /dev/full' }, async (t) => {
  const log = openLog({ file: '/dev/full', people: null })
  log.warn({}, 'one')
  log.warn({}, 'two')
  t.pass('nobody was stopped')
})

void t.test('a file is written from pieces, and JSON in pieces reads as JSON at once does', async (t) => {
  const path = join(t.testdir(), 'pieces')
  const long = Array.from({ length: 3_000 }, (_, number) => `${number} \u{1F600} ${'x'.repeat(number % 100)}\n`)
  replaceFile(path, long)
  t.equal(readFileSync(path, 'utf8'), long.join(''))
  const part = fc.oneof(fc.jsonValue(), fc.constant(undefined), fc.array(fc.option(fc.jsonValue(), { nil: undefined })))
  fc.assert(
    fc.property(fc.dictionary(fc.string(), part, { noNullPrototype: true }), (value) => {
      const text = JSON.stringify(value, null, 2)
      t.equal([...jsonPieces(value)].join(''), `${text}\n`)
      t.equal([...wholeLines(jsonPieces({ value, long }))].join('\n'), JSON.stringify({ value, long }, null, 2))
    }),
  )
})

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
  await Promise.all(
    [1, 200].map(async (bytes) => {
      const path = newPath()
      const child = spawn(process.execPath, [program('writes-batched'), path], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: environment,
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
    spawn(process.execPath, [program('writes-locked'), 'locked', path, String(writer), '50'], {
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
    (_, writer) => new Worker(program('writes-locked'), { argv: ['locked', path, String(writer), '50'], execArgv: [] }),
  )
  await Promise.all(threads.map((thread) => once(thread, 'exit')))
  t.ok(isWhole(path))
})

void t.test('without the lock updates are lost: the check above can fail', async (t) => {
  const path = join(folder, 'unguarded')
  const children = Array.from({ length: 8 }, (_, writer) =>
    spawn(process.execPath, [program('writes-locked'), 'unguarded', path, String(writer), '200'], {
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
  const holder = spawn(process.execPath, [program('writes-locked'), 'lease', path], {
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

interface Note {
  readonly text: string
}

const start = (name: string, ...args: readonly string[]) =>
  spawn(process.execPath, [program(name), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: environment,
  })

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

/** A holder's file as it was left behind; `process` is one that does not live although its number is taken. */
const leftBehind = (more: object = {}): string =>
  JSON.stringify({
    process: { pid: process.pid, group: process.pid, startTime: 1 },
    host: hostname(),
    since: '2026-01-01T00:00:00.000Z',
    released: false,
    ...more,
  })
const never = 60_000

/** A clock an hour off: every sign of life looks old, or as if it were yet to come. */
const clocksThatJumped = (): readonly ManualClock[] =>
  [3_600_000, -3_600_000].map((byMs) => new ManualClock(Date.now() + byMs))

void t.test('eight contenders, holders killed again and again: never two at once, and nobody waits', async (t) => {
  const [path, board] = [join(folder, 'contended'), join(folder, 'board')]
  const contenders = new Set<ChildProcess>()
  const held = new EventEmitter()
  const epochs: number[] = []
  let holder: { readonly child: ChildProcess; readonly epoch: number } | null = null
  const contend = (): void => {
    const child = start('contends-for-a-lease', path, board)
    contenders.add(child)
    createInterface({ input: child.stdout }).on('line', (line) => {
      const epoch = Number(line)
      epochs.push(epoch)
      if (epoch > (holder?.epoch ?? 0)) holder = { child, epoch }
      held.emit('held')
    })
  }
  const livingHolder = async (): Promise<ChildProcess> => {
    while (holder === null || !contenders.has(holder.child)) await once(held, 'held')
    return holder.child
  }
  t.teardown(() => Promise.all([...contenders].map(kill)))
  for (let index = 0; index < 8; index++) contend()
  for (let round = 0; round < 20; round++) {
    const child = await livingHolder()
    // now and then another dies as well, wherever it is in the protocol
    const [other] = round % 3 === 0 ? [...contenders].filter((contender) => contender !== child) : []
    for (const victim of other === undefined ? [child] : [child, other]) {
      contenders.delete(victim)
      await kill(victim)
      contend()
    }
  }
  await livingHolder()
  t.notOk(existsSync(`${board}.violations`) && readFileSync(`${board}.violations`, 'utf8'))
  t.equal(new Set(epochs).size, epochs.length, `each epoch once: ${epochs.join(' ')}`)
})

void t.test(
  'wherever its holder was killed, a lease is free at once, under a number that was never used',
  async (t) => {
    const cases: Readonly<
      Record<string, { readonly files: Readonly<Record<string, string>>; readonly epoch: number }>
    > = {
      'before the epoch was there': { files: { 'epoch-1.0.77.tmp': leftBehind() }, epoch: 1 },
      'before it had the lock': { files: { 'epoch-1': leftBehind() }, epoch: 2 },
      'before it had cleared away the old': { files: { 'epoch-1': leftBehind(), 'epoch-2': leftBehind() }, epoch: 3 },
      'with a file torn by the loss of power': { files: { 'epoch-4': '' }, epoch: 5 },
      'with half a file': { files: { 'epoch-4': '{"process":{"pi' }, epoch: 5 },
      'with another file': { files: { 'epoch-4': 'null' }, epoch: 5 },
      'after it was given back': {
        files: { 'epoch-7': leftBehind({ process: identityOf(process.pid), released: true }) },
        epoch: 8,
      },
    }
    for (const [name, { files, epoch }] of Object.entries(cases)) {
      const path = join(folder, name.replaceAll(' ', '-'), 'lease')
      mkdirSync(join(path, '..'))
      for (const [file, content] of Object.entries(files)) writeFileSync(`${path}.${file}`, content)
      if (epoch > 1) mkdirSync(`${path}.epoch-${epoch - 1}.lock`)
      const lease = await acquireLease(path, { staleMs: never })
      t.match(lease, { epoch, deposed: null }, name)
      t.ok(lease.isHeld(), name)
      await lease.release()
      t.notOk(lease.isHeld())
      t.same(
        readdirSync(join(path, '..')).filter((file) => !file.endsWith('.tmp')),
        [`lease.epoch-${epoch}`],
        name,
      )
    }
  },
)

void t.test('a living holder is left alone however far the clock has jumped', async (t) => {
  const path = join(folder, 'jumped')
  const lease = await acquireLease(path)
  for (const clock of clocksThatJumped()) {
    await t.rejects(acquireLease(path, { clock }), { code: 'LEASE_HELD', message: /has been silent/ })
    const taking = acquireLease(path, { clock, takeOver: true })
    utimesSync(`${path}.epoch-1.lock`, new Date(), new Date()) // its sign of life
    clock.advance(60_000)
    await t.rejects(taking, { code: 'LEASE_HELD', message: new RegExp(`by process ${process.pid} on .* since`) })
  }
  t.ok(lease.isHeld())
  await lease.release()
})

void t.test('a holder that is silent is deposed by whoever asks to; it is said who that was', async (t) => {
  const path = join(folder, 'silent')
  let lease = await acquireLease(path)
  for (const clock of clocksThatJumped()) {
    const taking = acquireLease(path, { clock, takeOver: true })
    clock.advance(60_000)
    const next = await taking
    t.match(next, { epoch: lease.epoch + 1, deposed: { process: { pid: process.pid }, released: false } })
    t.notOk(lease.isHeld())
    await lease.release()
    t.ok(next.isHeld(), 'the end of a deposed holder takes nothing from its successor')
    await t.rejects(acquireLease(path), { code: 'LEASE_HELD' })
    lease = next
  }
  await lease.release()
})

void t.test('a holder on another host is known by its sign of life alone', async (t) => {
  const path = join(folder, 'elsewhere')
  const file = `${path}.epoch-3`
  writeFileSync(file, leftBehind({ host: 'another' }))
  await t.rejects(acquireLease(path, { takeOver: true }), { code: 'LEASE_HELD', message: /on another since/ })
  utimesSync(file, new Date(0), new Date(0))
  await t.rejects(acquireLease(path), { code: 'LEASE_HELD', message: /troupe resume/ })
  const clock = new ManualClock(Date.now())
  const taking = acquireLease(path, { takeOver: true, clock })
  clock.advance(60_000)
  const lease = await taking
  t.match(lease, { epoch: 4, deposed: { host: 'another' } })
  await lease.release()
})

void t.test('of two that depose the same holder one wins', async (t) => {
  const path = join(folder, 'both')
  const lease = await acquireLease(path)
  const [clock = new ManualClock()] = clocksThatJumped()
  const takings = [1, 2, 3].map(() => acquireLease(path, { clock, takeOver: true }))
  clock.advance(60_000)
  const outcomes = await Promise.allSettled(takings)
  const [winner, ...others] = outcomes.filter(({ status }) => status === 'fulfilled')
  t.same(others, [])
  t.equal(outcomes.filter((outcome) => outcome.status === 'rejected' && outcome.reason.code === 'LEASE_HELD').length, 2)
  await lease.release()
  if (winner?.status === 'fulfilled') await winner.value.release()
})

void t.test('a supervisor that was stopped, deposed and woken up writes nothing and promises nothing', async (t) => {
  const place = join(folder, 'woken')
  const old = start('writes-under-a-lease', place)
  t.teardown(() => kill(old))
  const said: string[] = []
  const lines = createInterface({ input: old.stdout }).on('line', (line) => said.push(line))
  while (said.length < 3) await once(lines, 'line')
  old.kill('SIGSTOP')
  const [clock = new ManualClock()] = clocksThatJumped()
  const taking = acquireLease(join(place, 'lease'), { staleMs: 2_000, takeOver: true, clock })
  clock.advance(60_000)
  const lease = await taking
  t.match(lease, { epoch: 2, deposed: { process: { pid: old.pid } } })
  const path = join(place, 'journal')
  const journal = await openJournal<Note>({ path, epoch: 2, clock: systemClock, isHeld: lease.isHeld })
  const { length } = journal.found.records
  await journal.append({ text: 'new' }).durable
  const gone = once(old, 'close')
  old.kill('SIGCONT')
  await gone
  await journal.append({ text: 'newer' }).durable
  await journal.close()
  t.same(said.slice(-2), ['LEASE_LOST', 'LEASE_LOST'])
  const acknowledged = Number(said.at(-3))
  t.ok(acknowledged <= length, `${acknowledged} were promised, the successor found ${length}`)
  t.same(
    readJournal<Note>(path).records.map(({ epoch, event }) => [epoch, event.text]),
    [...Array.from({ length }, () => [1, 'old']), [2, 'new'], [2, 'newer']],
  )
  t.ok(lease.isHeld())
  await lease.release()
})
