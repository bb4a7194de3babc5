import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import t from 'tap'
import type { JournalFile } from '../../src/store/journal-file.ts'
import { openJournal } from '../../src/store/journal.ts'
import { journalIn, readJournal } from '../../src/store/read-journal.ts'
import { ManualClock } from '../manual-clock.ts'

interface Note {
  readonly text: string
}

const clock = new ManualClock(1_000)
const folder = mkdtempSync(join(tmpdir(), 'troupe-faults-'))
t.teardown(() => {
  rmSync(folder, { recursive: true, force: true })
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
    const path = join(folder, 'not-there')
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
  const path = join(folder, 'again')
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
  const journal = await openJournal<Note>({ path: join(folder, 'gate'), epoch: 1, clock, openFile: () => file })
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
  const open = () => openJournal<Note>({ path: join(folder, 'unclosed'), epoch: 1, clock, openFile: () => file })
  const journal = await open()
  await journal.append({ text: 'a' }).durable
  await t.rejects(journal.close(), { code: 'STORE_FAILED', message: /EBADF/ })
  const other = await open()
  isBroken = true
  other.append({ text: 'b' })
  await t.rejects(other.close(), { code: 'STORE_FAILED', message: /first/ })
})

void t.test('a process that dies of a write of which the system took a part: what was promised is there', async (t) => {
  const path = join(folder, 'limited')
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
