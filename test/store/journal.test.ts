import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import t from 'tap'
import { withCompileCache } from '../../src/actors/hosts/compile-cache.ts'
import { followJournal } from '../../src/store/follow-journal.ts'
import type { JournalFile } from '../../src/store/journal-file.ts'
import { lineOf } from '../../src/store/journal-record.ts'
import { type Journal, openJournal } from '../../src/store/journal.ts'
import { journalIn, readJournal } from '../../src/store/read-journal.ts'
import { ManualClock } from '../manual-clock.ts'

interface Note {
  readonly text: string
}

const clock = new ManualClock(1_000)
const folder = mkdtempSync(join(tmpdir(), 'troupe-journal-'))
t.teardown(() => {
  rmSync(folder, { recursive: true, force: true })
})
const place = (name: string): string => join(folder, name)

async function written(name: string, texts: readonly string[], epoch = 1): Promise<string> {
  const path = place(name)
  const journal = await openJournal<Note>({ path, epoch, clock })
  for (const text of texts) journal.append({ text })
  await journal.close()
  return path
}

const textsOf = (path: string): readonly string[] => readJournal<Note>(path).records.map(({ event }) => event.text)

void t.test('what was appended is read again, numbered from 1 and dated, also after it was opened again', async (t) => {
  const path = await written('again', ['a', 'b\nü'])
  await written('again', ['c'])
  const { records, cut, stale } = readJournal<Note>(path)
  t.same(
    records.map(({ seq, at, epoch, event }) => [seq, at, epoch, event.text]),
    [
      [1, 1_000, 1, 'a'],
      [2, 1_000, 1, 'b\nü'],
      [3, 1_000, 1, 'c'],
    ],
  )
  t.equal(cut, null)
  t.equal(stale, 0)
})

void t.test(
  'whatever prefix of the bytes is left, what is read is a prefix of the records and never a wrong one',
  async (t) => {
    const texts = ['one', 'two', 'thrée', 'four']
    const bytes = readFileSync(await written('whole', texts))
    const path = place('prefix')
    for (let length = 0; length <= bytes.length; length++) {
      writeFileSync(path, bytes.subarray(0, length))
      const { records, cut, soundBytes } = readJournal<Note>(path)
      const read = records.map(({ event }) => event.text)
      if (read.some((text, index) => text !== texts[index])) t.fail(`wrong at ${length}: ${read.join()}`)
      if ((cut?.bytes ?? 0) !== length - soundBytes) t.fail(`cut at ${length}`)
    }
    t.equal(readJournal<Note>(path).records.length, 4)
  },
)

void t.test('a torn or garbage end is cut off, said, and kept beside the journal', async (t) => {
  for (const [index, rest] of ['{"half', '00000000 {"seq":2}\n', '00000000 \n', '\u0000\u0000\u0000\n'].entries()) {
    const path = await written(`torn${index}`, ['a'])
    writeFileSync(path, rest, { flag: 'a' })
    t.match(readJournal<Note>(path).cut, { bytes: rest.length, reason: /line/ })
    const journal = await openJournal<Note>({ path, epoch: 3, clock })
    t.match(journal.found, { records: [{ event: { text: 'a' } }], cut: { bytes: rest.length } })
    journal.append({ text: 'b' })
    await journal.close()
    t.same(textsOf(path), ['a', 'b'])
    t.equal(readJournal<Note>(path).cut, null)
    t.equal(readFileSync(`${path}.cut-3`, 'utf8'), rest)
  }
})

void t.test('a journal of the first format is read and gone on with', async (t) => {
  const path = place('first-format')
  const header = lineOf({ seq: 0, at: 0, epoch: 1, event: { journal: 'troupe/journal/1' } })
  writeFileSync(path, header + lineOf({ seq: 1, at: 0, epoch: 1, event: { text: 'a' } }))
  await written('first-format', ['b'], 2)
  t.same(textsOf(path), ['a', 'b'])
  writeFileSync(path, `garbage\n${lineOf({ seq: 4, at: 0, epoch: 2, event: { text: 'd' } })}`, { flag: 'a' })
  t.throws(() => readJournal(path), { code: 'JOURNAL_CORRUPT', message: /first-format:4 .* had been on disk/ })
  writeFileSync(path, lineOf({ seq: 0, at: 0, epoch: 1, event: { journal: 'troupe/journal/3' } }))
  t.throws(() => readJournal(path), { code: 'JOURNAL_CORRUPT', message: /header of troupe\/journal\/2/ })
})

void t.test('a clock that jumps changes no order and refuses nothing', async (t) => {
  const [path, times] = [place('jumps'), [5_000_000_000_000, 0, 1_700_000_000_000, -3_600_000]]
  for (const [index, at] of times.entries()) {
    const journal = await openJournal<Note>({ path, epoch: index + 1, clock: new ManualClock(at) })
    journal.append({ text: String(index) })
    await journal.close()
  }
  const { records } = readJournal<Note>(path)
  t.same(
    records.map(({ seq, at, event }) => [seq, at, event.text]),
    times.map((at, index) => [index + 1, at, String(index)]),
  )
})

void t.test('a deposed journal promises nothing, also when it is deposed during its write', async (t) => {
  const path = place('deposed')
  let newest = 1
  const old = await openJournal<Note>({ path, epoch: 1, clock, isHeld: () => newest === 1 })
  await old.append({ text: 'a' }).durable
  newest = 2
  const next = await openJournal<Note>({ path, epoch: 2, clock, isHeld: () => newest === 2 })
  await t.rejects(old.append({ text: 'late' }).durable, { code: 'LEASE_LOST', message: /another supervisor/ })
  newest = 1
  await t.rejects(old.append({ text: 'for good' }).durable, { code: 'LEASE_LOST' })
  newest = 2
  await next.append({ text: 'b' }).durable
  await next.close()
  t.same(textsOf(path), ['a', 'b'])
  await t.rejects(openJournal({ path, epoch: 1, clock }), { code: 'LEASE_LOST', message: /records of lease 2/ })
  let looks = 0
  const during = await openJournal<Note>({ path, epoch: 2, clock, isHeld: () => looks++ === 0 })
  await t.rejects(during.append({ text: 'x' }).durable, { code: 'LEASE_LOST' })
  t.equal(looks, 2)
})

void t.test('whoever follows a journal goes on over its replacement by a successor', async (t) => {
  const path = await written('followed', ['a', 'b'])
  const follower = followJournal<Note>(path)
  const next = (): readonly string[] => follower.next().map(({ event }) => event.text)
  t.same(next(), ['a', 'b'])
  writeFileSync(path, 'torn\nby the loss of power', { flag: 'a' })
  t.same(next(), [])
  await written('followed', ['c'], 2)
  t.same(next(), ['c'])
})

void t.test('damage before what was written last is told with its line, whichever bit it is', async (t) => {
  const path = place('flipped')
  for (const text of ['a', 'b', 'c']) await written('flipped', [text])
  const bytes = readFileSync(path)
  const end = bytes.lastIndexOf(10, bytes.length - 2)
  fc.assert(
    fc.property(fc.nat(end - 1), fc.nat(7), (at, bit) => {
      const damaged = Buffer.from(bytes)
      damaged[at] = (damaged[at] ?? 0) ^ (1 << bit)
      writeFileSync(path, damaged)
      try {
        readJournal<Note>(path)
        return false
      } catch (error) {
        return (error as { code?: string }).code === 'JOURNAL_CORRUPT' && /flipped:\d+ /.test((error as Error).message)
      }
    }),
  )
  t.pass('held')
  writeFileSync(path, bytes.toString().replace('"b"', '"x"'))
  t.throws(() => readJournal<Note>(path), { code: 'JOURNAL_CORRUPT', message: /flipped:3 / })
})

void t.test('records of a deposed supervisor do not count', async (t) => {
  const path = await written('fenced', ['a'], 1)
  await written('fenced', ['b'], 2)
  writeFileSync(path, lineOf({ seq: 3, at: 0, epoch: 1, event: { text: 'late' } }), { flag: 'a' })
  const { records, stale } = readJournal<Note>(path)
  t.same(
    records.map(({ event }) => event.text),
    ['a', 'b'],
  )
  t.equal(stale, 1)
})

/** A file whose writes and syncs wait for the test, or fail as it says. */
class Disk implements JournalFile {
  readonly synced: string[] = []
  writes = 0
  fault: { readonly in: 'write' | 'datasync'; readonly code: string } | null = null
  gate: Promise<void> = Promise.resolve()
  #unsynced = ''

  async write(bytes: Uint8Array): Promise<void> {
    this.writes += 1
    if (this.fault?.in === 'write') throw Object.assign(new Error('it failed'), { code: this.fault.code })
    this.#unsynced += Buffer.from(bytes).toString()
  }

  async datasync(): Promise<void> {
    await this.gate
    if (this.fault?.in === 'datasync') throw Object.assign(new Error('it failed'), { code: this.fault.code })
    this.synced.push(this.#unsynced)
    this.#unsynced = ''
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

async function onDisk(name: string): Promise<{ readonly disk: Disk; readonly journal: Journal<Note> }> {
  const disk = new Disk()
  const journal = await openJournal<Note>({ path: await emptyFile(name), epoch: 1, clock, openFile: () => disk })
  return { disk, journal }
}

async function emptyFile(name: string): Promise<string> {
  writeFileSync(place(name), '')
  return place(name)
}

void t.test('what is appended while a write is under way shares the next one', async (t) => {
  const { disk, journal } = await onDisk('grouped')
  const gate = Promise.withResolvers<void>()
  disk.gate = gate.promise
  const writesBefore = disk.writes
  const first = journal.append({ text: 'first' }).durable
  while (disk.writes === writesBefore) await new Promise(setImmediate)
  const others = Array.from({ length: 500 }, (_, index) => journal.append({ text: String(index) }).durable)
  let isDurable = false
  void first.then(() => {
    isDurable = true
  })
  await new Promise(setImmediate)
  t.notOk(isDurable, 'a write alone promises nothing')
  gate.resolve()
  await Promise.all([first, ...others])
  t.equal(disk.writes - writesBefore, 2)
})

for (const code of ['ENOSPC', 'EIO']) {
  for (const where of ['write', 'datasync'] as const) {
    void t.test(`${code} at a ${where}: nothing is promised that is not on disk, then or later`, async (t) => {
      const { disk, journal } = await onDisk(`${code}-${where}`)
      await journal.append({ text: 'good' }).durable
      disk.fault = { in: where, code }
      const expected = code === 'ENOSPC' ? { code: 'NO_SPACE' } : { code: 'STORE_FAILED' }
      const lost = [journal.append({ text: 'x' }).durable, journal.append({ text: 'y' }).durable]
      for (const durable of lost) await t.rejects(durable, expected)
      disk.fault = null
      await t.rejects(journal.append({ text: 'z' }).durable, expected, 'also when the disk is well again')
      t.equal(disk.synced.join('').includes('"z"'), false)
      await t.rejects(journal.flush(), expected)
      await t.rejects(journal.close(), expected)
    })
  }
}

void t.test('what was gathered behind a failed write is refused too, though the disk is well again', async (t) => {
  const { disk, journal } = await onDisk('behind')
  const gate = Promise.withResolvers<void>()
  disk.gate = gate.promise
  const writesBefore = disk.writes
  const failed = journal.append({ text: 'failed' }).durable
  while (disk.writes === writesBefore) await new Promise(setImmediate)
  const behind = journal.append({ text: 'behind' }).durable
  disk.fault = { in: 'datasync', code: 'EIO' }
  failed.catch(() => {
    disk.fault = null
  })
  gate.resolve()
  await t.rejects(failed, { code: 'STORE_FAILED' })
  await t.rejects(behind, { code: 'STORE_FAILED' })
  t.equal(disk.writes - writesBefore, 1)
})

void t.test('an open journal cannot be read where there is none', async (t) => {
  t.throws(() => readJournal(place('nowhere')), { code: 'STORE_FAILED' })
})

void t.test('twenty kills: whatever was acknowledged is there', async (t) => {
  const program = fileURLToPath(new URL('../fixtures/store/appends-and-acknowledges.ts', import.meta.url))
  for (let round = 0; round < 20; round++) {
    const path = place(`killed${round}`)
    const child = spawn(process.execPath, [program, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: withCompileCache({ PATH: process.env['PATH'] }),
    })
    let acknowledged = 0
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged = Math.max(acknowledged, Number(line))
      if (acknowledged >= 20 + round * 17) break
    }
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
    const { records } = readJournal<Note>(path)
    if (records.length < acknowledged) t.fail(`round ${round}: ${acknowledged} acknowledged, ${records.length} there`)
  }
  t.pass('none is lost')
})

/** What goes wrong at the nth write or datasync. */
interface Fault {
  readonly at: number
  readonly kind: 'write' | 'short write' | 'datasync' | 'datasync after all'
  readonly code: 'ENOSPC' | 'EIO'
}

/** What becomes of the bytes that no datasync has confirmed when the machine dies. */
interface Crash {
  /** Of the unconfirmed bytes, in thousandths. */
  readonly survive: number
  readonly blocks: readonly ('kept' | 'zeros' | 'garbage')[]
}

const blockBytes = 64

/** A disk in memory: it fails once as told and is well again after, like one whose error was reported to somebody else. */
class FaultyDisk implements JournalFile {
  #bytes: Buffer = Buffer.alloc(0)
  #onDisk = 0
  #operations = 0
  readonly #fault: Fault | null

  constructor(fault: Fault | null) {
    this.#fault = fault
  }

  async write(bytes: Uint8Array): Promise<void> {
    const kind = this.#faultNow(['write', 'short write'])
    const taken = kind === null ? bytes.length : kind === 'write' ? 0 : Math.floor(bytes.length / 2)
    this.#bytes = Buffer.concat([this.#bytes, bytes.subarray(0, taken)])
    if (kind !== null) this.#fail()
  }

  async datasync(): Promise<void> {
    const kind = this.#faultNow(['datasync', 'datasync after all'])
    if (kind !== 'datasync') this.#onDisk = this.#bytes.length
    if (kind !== null) this.#fail()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  /** What is found after a loss of power. */
  afterCrash({ survive, blocks }: Crash): Buffer {
    const unconfirmed = this.#bytes.length - this.#onDisk
    const found = Buffer.from(this.#bytes.subarray(0, this.#onDisk + Math.floor((unconfirmed * survive) / 1_000)))
    for (let at = this.#onDisk, index = 0; at < found.length; at += blockBytes, index++) {
      const fate = blocks[index % blocks.length]
      if (fate === 'zeros') found.fill(0, at, Math.min(at + blockBytes, found.length))
      if (fate === 'garbage') found.fill('#\n garbage', at, Math.min(at + blockBytes, found.length))
    }
    return found
  }

  #faultNow(kinds: readonly Fault['kind'][]): Fault['kind'] | null {
    const isNow = this.#fault !== null && this.#operations++ === this.#fault.at && kinds.includes(this.#fault.kind)
    return isNow && this.#fault !== null ? this.#fault.kind : null
  }

  #fail(): never {
    const code = this.#fault?.code ?? 'EIO'
    throw Object.assign(new Error(`${code}: the disk failed`), { code })
  }
}

const faults = fc.record<Fault>({
  at: fc.nat(16),
  kind: fc.constantFrom('write', 'short write', 'datasync', 'datasync after all'),
  code: fc.constantFrom('ENOSPC', 'EIO'),
})
const crashes = fc.record<Crash>({
  survive: fc.oneof(fc.constant(1_000), fc.nat(1_000)),
  blocks: fc.array(fc.constantFrom('kept', 'zeros', 'garbage'), { minLength: 1, maxLength: 6 }),
})
/** How many are appended at once, whether their promise is awaited, and how long their texts are. */
const bursts = fc.array(
  fc.record({ records: fc.integer({ min: 1, max: 5 }), awaits: fc.boolean(), length: fc.nat(90) }),
  { minLength: 1, maxLength: 8 },
)

interface Life {
  readonly bursts: readonly { readonly records: number; readonly awaits: boolean; readonly length: number }[]
  readonly fault: Fault | null
  readonly crash: Crash
}

interface Outcome {
  readonly appended: readonly string[]
  readonly acknowledged: number
  readonly bytes: Buffer
}

/** Lives until a fault or the crash; `acknowledged` is the highest number that was promised. */
async function live({ bursts: parts, fault, crash }: Life): Promise<Outcome> {
  const disk = new FaultyDisk(fault)
  const appended: string[] = []
  let acknowledged = 0
  let bytes: Buffer | null = null
  try {
    const path = place('not-there')
    const journal = await openJournal<Note>({ path, epoch: 1, clock, openFile: () => disk })
    for (const { records, awaits, length } of parts) {
      const promises = Array.from({ length: records }, () => {
        const text = `${appended.length} ${'x'.repeat(length)}`
        appended.push(text)
        const { seq, durable } = journal.append({ text })
        return durable.then(() => {
          if (bytes === null) acknowledged = Math.max(acknowledged, seq)
        })
      })
      const settled = Promise.allSettled(promises)
      if (awaits) await settled
    }
    await new Promise(setImmediate)
    bytes = disk.afterCrash(crash)
    await journal.close()
  } catch (error) {
    if (!['NO_SPACE', 'STORE_FAILED'].includes((error as { code: string }).code)) throw error
  }
  return { appended, acknowledged, bytes: bytes ?? disk.afterCrash(crash) }
}

void t.test(
  'whatever fails and whenever the power goes: every promised record is there, and no wrong one',
  async (t) => {
    let cuts = 0
    let longest = 0
    await fc.assert(
      fc.asyncProperty(bursts, fc.option(faults), crashes, async (parts, fault, crash) => {
        const { appended, acknowledged, bytes } = await live({ bursts: parts, fault, crash })
        const { records, cut } = journalIn<Note>('journal', bytes)
        if (cut !== null) cuts += 1
        longest = Math.max(longest, acknowledged)
        return records.length >= acknowledged && records.every(({ event }, index) => event.text === appended[index])
      }),
      { numRuns: 4_000 },
    )
    t.ok(cuts > 200 && longest > 20, `${cuts} had an end to cut, at most ${longest} were promised`)
  },
)

void t.test('a journal that a crash has torn is gone on with, as often as you like', async (t) => {
  const path = place('gone-on-with')
  await fc.assert(
    fc.asyncProperty(bursts, crashes, fc.integer({ min: 1, max: 3 }), async (parts, crash, times) => {
      const { appended, acknowledged, bytes } = await live({ bursts: parts, fault: null, crash })
      writeFileSync(path, bytes)
      const kept = readJournal<Note>(path).records.length
      for (let epoch = 2; epoch < 2 + times; epoch++) {
        const journal = await openJournal<Note>({ path, epoch, clock })
        journal.append({ text: `after ${epoch}` })
        await journal.close()
      }
      const { records, cut, stale } = readJournal<Note>(path)
      const expected = [
        ...appended.slice(0, kept),
        ...Array.from({ length: times }, (_, index) => `after ${index + 2}`),
      ]
      return (
        kept >= acknowledged &&
        cut === null &&
        stale === 0 &&
        JSON.stringify(records.map(({ event }) => event.text)) === JSON.stringify(expected)
      )
    }),
    { numRuns: 100 },
  )
  t.pass('held')
})

void t.test(
  'damage to what had been on disk is never taken for a torn end while a later record is sound',
  async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 6 }), fc.nat(999), fc.nat(255), async (count, where, value) => {
        const one = { records: 1, awaits: true, length: 20 }
        const whole = { survive: 1_000, blocks: ['kept'] } as const
        const { bytes } = await live({ bursts: Array.from({ length: count }, () => one), fault: null, crash: whole })
        const end = bytes.lastIndexOf(10, bytes.length - 2)
        const at = Math.floor((end * where) / 1_000)
        if (bytes[at] === value) return true
        bytes[at] = value
        try {
          journalIn<Note>('journal', bytes)
          return false
        } catch (error) {
          return (error as { code?: string }).code === 'JOURNAL_CORRUPT'
        }
      }),
      { numRuns: 1_000 },
    )
    t.pass('held')
  },
)

void t.test('a datasync that fails is not tried again: what is in the cache may be gone', async (t) => {
  let syncs = 0
  const file: JournalFile = {
    write: () => Promise.resolve(),
    datasync: () => (syncs++ === 1 ? Promise.reject(new Error('EIO')) : Promise.resolve()),
    close: () => Promise.resolve(),
  }
  const journal = await openJournal<Note>({ path: place('gate'), epoch: 1, clock, openFile: () => file })
  const [first, second] = [journal.append({ text: 'a' }).durable, journal.append({ text: 'b' }).durable]
  await t.rejects(first, { code: 'STORE_FAILED', message: /gate cannot be written: EIO/ })
  await t.rejects(second, { code: 'STORE_FAILED' })
  await t.rejects(journal.append({ text: 'c' }).durable, { code: 'STORE_FAILED' })
  t.equal(syncs, 2)
})

void t.test('a file that cannot be closed says so; what failed before is said first', async (t) => {
  let isBroken = false
  const file: JournalFile = {
    write: () => (isBroken ? Promise.reject(new Error('first')) : Promise.resolve()),
    datasync: () => Promise.resolve(),
    close: () => Promise.reject(new Error('EBADF')),
  }
  const open = () => openJournal<Note>({ path: place('unclosed'), epoch: 1, clock, openFile: () => file })
  const journal = await open()
  await journal.append({ text: 'a' }).durable
  await t.rejects(journal.close(), { code: 'STORE_FAILED', message: /EBADF/ })
  const other = await open()
  isBroken = true
  other.append({ text: 'b' })
  await t.rejects(other.close(), { code: 'STORE_FAILED', message: /first/ })
})

void t.test('a process that dies of a write of which the system took a part: what was promised is there', async (t) => {
  const path = place('limited')
  const program = fileURLToPath(new URL('../fixtures/store/appends-and-acknowledges.ts', import.meta.url))
  const script = 'ulimit -f 40; exec "$0" "$@"'
  const { stdout, signal, status } = spawnSync('sh', ['-c', script, process.execPath, program, path], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  })
  const acknowledged = Math.max(...stdout.trim().split('\n').map(Number))
  // where the signal is ignored the write fails with EFBIG instead, and the program dies of that
  t.ok(signal === 'SIGXFSZ' || (status ?? 0) > 0)
  t.match(readJournal<Note>(path).cut, { bytes: Number })
  t.ok(acknowledged > 10 && readJournal<Note>(path).records.length >= acknowledged)
})
