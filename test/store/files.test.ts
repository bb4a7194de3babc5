import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import t from 'tap'
import { jsonPieces } from '../../src/cli/json-pieces.ts'
import { asAgentName, asRunId, asTaskId, newRunId } from '../../src/ids.ts'
import { openAttemptLog } from '../../src/store/attempt-log.ts'
import { layoutOf, listRuns, makeRunFolders, pointStatusAt } from '../../src/store/layout.ts'
import { replaceFile } from '../../src/store/replace-file.ts'
import { openLog } from '../../src/log.ts'
import { openStatusWriter } from '../../src/store/status-writer.ts'
import { ManualClock } from '../manual-clock.ts'

const folder = mkdtempSync(join(tmpdir(), 'troupe-files-'))
t.teardown(() => {
  rmSync(folder, { recursive: true, force: true })
})

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
  t.same(listRuns(layout), ['20260101-000000-aa', '20260102-000000-bb'])
  t.same(listRuns(layoutOf('/nowhere')), [])
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
      t.equal([...jsonPieces(value)].join(''), `${JSON.stringify(value, null, 2)}\n`)
    }),
  )
})
