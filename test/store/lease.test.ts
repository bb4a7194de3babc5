import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { systemClock } from '../../src/clock.ts'
import { identityOf } from '../../src/process-identity.ts'
import { openJournal } from '../../src/store/journal.ts'
import { acquireLease } from '../../src/store/lease.ts'
import { readJournal } from '../../src/store/read-journal.ts'
import { ManualClock } from '../manual-clock.ts'

interface Note {
  readonly text: string
}

const folder = mkdtempSync(join(tmpdir(), 'troupe-lease-'))
t.teardown(() => {
  rmSync(folder, { recursive: true, force: true })
})
const program = (name: string): string => fileURLToPath(new URL(`../fixtures/store/${name}.ts`, import.meta.url))
const start = (name: string, ...args: readonly string[]) =>
  spawn(process.execPath, [program(name), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'] ?? '' },
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
