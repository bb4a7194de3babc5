import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import t from 'tap'
import { kinds } from '../../src/agents/registry.ts'
import { systemClock } from '../../src/clock.ts'
import { asCommitId, asRunId, type TaskId } from '../../src/ids.ts'
import { buildGraph } from '../../src/plan/graph.ts'
import { readManifest } from '../../src/plan/manifest.ts'
import { openJournal } from '../../src/store/journal.ts'
import { Mailbox, type MailboxOptions } from '../../src/supervisor/mailbox.ts'
import type { RunEvent } from '../../src/supervisor/run/events.ts'
import { openLiveBoard } from '../../src/supervisor/run/live.ts'
import { rulesOf } from '../../src/supervisor/run/run-rules.ts'
import { type AttemptOrder, Run } from '../../src/supervisor/run/run.ts'
import { settled } from './stage.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** A mailbox whose letters end when a test says so. */
class Desk {
  readonly begun: string[] = []
  readonly mailbox: Mailbox<string, string>
  readonly signals = new Map<string, AbortSignal | undefined>()
  readonly #open = new Map<string, PromiseWithResolvers<string>>()

  constructor(options: Partial<MailboxOptions> = {}) {
    this.mailbox = new Mailbox((body, signal) => this.#handle(body, signal), { concurrency: 1, bound: 10, ...options })
  }

  async finish(body: string, error?: Error): Promise<void> {
    const ending = this.#open.get(body)
    if (ending === undefined) throw new Error(`${body} is not being handled`)
    this.#open.delete(body)
    if (error === undefined) ending.resolve(`${body} done`)
    else ending.reject(error)
    await settled()
  }

  /** Finishes whatever is being handled until nothing is left; returns the order in which letters were begun. */
  async finishAll(): Promise<string[]> {
    await settled()
    for (let [body] = this.#open.keys(); body !== undefined; [body] = this.#open.keys()) await this.finish(body)
    return this.begun
  }

  #handle(body: string, signal: AbortSignal | undefined): Promise<string> {
    this.begun.push(body)
    this.signals.set(body, signal)
    const ending = Promise.withResolvers<string>()
    this.#open.set(body, ending)
    return ending.promise
  }
}

const outcome = (sending: Promise<unknown>): Promise<unknown> =>
  Promise.race([sending.catch((error: unknown) => error), settled().then(() => 'pending')])

void t.test('letters are handled in the order they were sent, as many at once as allowed', async (t) => {
  const desk = new Desk({ concurrency: 2 })
  const answers = ['a', 'b', 'c', 'd'].map((body) => desk.mailbox.send(body))
  t.same(desk.begun, [], 'never from within send')
  await settled()
  t.same(desk.begun, ['a', 'b'])
  t.equal(desk.mailbox.running, 2)
  t.equal(desk.mailbox.waiting, 2)
  t.same(await desk.finishAll(), ['a', 'b', 'c', 'd'])
  t.same(await Promise.all(answers), ['a done', 'b done', 'c done', 'd done'])
})

void t.test('lanes come before ranks, ranks before arrival', async (t) => {
  const desk = new Desk()
  const { mailbox } = desk
  mailbox.send('first')
  mailbox.send('work 2', { rank: 2 })
  mailbox.send('work 1', { rank: 1 })
  mailbox.send('work 1 later', { rank: 1 })
  mailbox.send('end', { lane: 'end', rank: 9 })
  mailbox.send('stop', { lane: 'stop' })
  mailbox.send('kill', { lane: 'kill', rank: 5 })
  mailbox.send('work -1', { rank: -1 })
  const order = ['first', 'kill', 'stop', 'end', 'work -1', 'work 1', 'work 1 later', 'work 2']
  t.same(await desk.finishAll(), order)
})

void t.test('a late letter of better rank overtakes all that wait', async (t) => {
  const desk = new Desk()
  for (const body of ['a', 'b', 'c']) desk.mailbox.send(body, { rank: 5 })
  await settled()
  await desk.finish('a')
  desk.mailbox.send('late', { rank: 1 })
  t.same(await desk.finishAll(), ['a', 'b', 'late', 'c'])
})

void t.test('work beyond the bound is refused, orders to stop are not', async (t) => {
  const desk = new Desk({ bound: 2 })
  const { mailbox } = desk
  for (const body of ['a', 'b', 'c']) mailbox.send(body)
  t.ok(mailbox.full)
  await t.rejects(mailbox.send('d'), { name: 'TroupeError', code: 'MAILBOX_FULL' })
  mailbox.send('kill', { lane: 'kill' })
  t.equal(mailbox.waiting, 3)
  await settled()
  await desk.finish('a')
  t.same(desk.begun, ['a', 'kill'])
  await desk.finish('kill')
  t.notOk(mailbox.full, 'b has left the queue')
  mailbox.send('d')
  t.same(await desk.finishAll(), ['a', 'kill', 'b', 'c', 'd'])
})

void t.test('a handler that throws or rejects tells the sender, and the next letter is handled', async (t) => {
  const mailbox = new Mailbox<string, string>(
    (body) => {
      if (body === 'throw') throw new Error('at once')
      return body === 'reject' ? Promise.reject(new Error('later')) : Promise.resolve(body)
    },
    { concurrency: 1, bound: 9 },
  )
  const answers = await Promise.allSettled(['throw', 'reject', 'fine'].map((body) => mailbox.send(body)))
  t.match(answers, [{ reason: { message: 'at once' } }, { reason: { message: 'later' } }, { value: 'fine' }])
})

void t.test(
  'a waiting letter that is cancelled is refused at once, frees its place, and is never handled',
  async (t) => {
    const desk = new Desk({ bound: 1 })
    const { mailbox } = desk
    const abort = new AbortController()
    mailbox.send('a')
    const cancelled = mailbox.send('b', { signal: abort.signal })
    await settled()
    const room = mailbox.room()
    t.equal(await outcome(room), 'pending')
    const reason = new Error('not needed any more')
    abort.abort(reason)
    t.equal(mailbox.waiting, 0)
    t.equal(await outcome(cancelled), reason)
    t.equal(await outcome(room), undefined, 'who waited for room is told')
    mailbox.send('c')
    t.same(await desk.finishAll(), ['a', 'c'])
  },
)

void t.test('a letter cancelled before it is sent, or before its handler is called, is never handled', async (t) => {
  const desk = new Desk()
  const abort = new AbortController()
  const sent = desk.mailbox.send('a', { signal: abort.signal })
  const reason = new Error('too late')
  abort.abort(reason)
  t.equal(await outcome(sent), reason)
  t.equal(await outcome(desk.mailbox.send('b', { signal: abort.signal })), reason)
  t.same(await desk.finishAll(), [])
  t.equal(desk.mailbox.running, 0)
})

void t.test('a letter being handled goes on when it is cancelled: its handler has the signal', async (t) => {
  const desk = new Desk()
  const abort = new AbortController()
  const sent = desk.mailbox.send('a', { signal: abort.signal })
  await settled()
  t.equal(desk.signals.get('a'), abort.signal)
  abort.abort()
  t.equal(await outcome(sent), 'pending')
  await desk.finish('a')
  t.equal(await sent, 'a done')
})

void t.test('cancelling five thousand letters leaves nothing behind and no deep stack', async (t) => {
  const desk = new Desk({ bound: 5000 })
  const abort = new AbortController()
  desk.mailbox.send('first')
  const letters = Array.from({ length: 5000 }, (_, index) => desk.mailbox.send(`${index}`, { signal: abort.signal }))
  await settled()
  abort.abort()
  const results = await Promise.allSettled(letters)
  t.ok(results.every(({ status }) => status === 'rejected'))
  t.equal(desk.mailbox.waiting, 0)
  const last = desk.mailbox.send('last')
  t.same(await desk.finishAll(), ['first', 'last'])
  t.equal(await last, 'last done')
})

void t.test('room is given in turn, one for each free place', async (t) => {
  const desk = new Desk({ bound: 1 })
  const { mailbox } = desk
  mailbox.send('a')
  mailbox.send('b')
  await settled()
  const sent: string[] = []
  const senders = ['c', 'd', 'e'].map(async (body) => {
    await mailbox.room()
    sent.push(body)
    return mailbox.send(body)
  })
  await desk.finish('a')
  t.same(sent, ['c'])
  await desk.finish('b')
  t.same(sent, ['c', 'd'])
  t.same(await desk.finishAll(), ['a', 'b', 'c', 'd', 'e'])
  t.same(await Promise.all(senders), ['c done', 'd done', 'e done'])
})

void t.test('whoever gets room and does not send loses it to the next', async (t) => {
  const desk = new Desk({ bound: 1 })
  const { mailbox } = desk
  mailbox.pause()
  const idle = mailbox.room()
  const next = mailbox.room().then(() => mailbox.send('next'))
  t.equal(await outcome(idle), undefined)
  await settled()
  t.equal(mailbox.waiting, 1)
  mailbox.resume()
  await desk.finishAll()
  t.equal(await next, 'next done')
})

void t.test(
  'a place told to one waiter is not told to another before it is taken, and then it is free no more',
  async (t) => {
    const desk = new Desk({ bound: 2 })
    const { mailbox } = desk
    mailbox.pause()
    const told: string[] = []
    const ask = (body: string): Promise<number> => mailbox.room().then(() => told.push(body))
    const first = ask('a').then(() => mailbox.send('a'))
    const second = ask('b').then(() => mailbox.send('b'))
    const third = ask('c')
    await settled()
    t.same(told, ['a', 'b'])
    mailbox.resume()
    await desk.finishAll()
    await Promise.all([first, second, third])
    t.same(told, ['a', 'b', 'c'])
  },
)

void t.test('many senders who ask for room are never refused', async (t) => {
  const mailbox = new Mailbox<number, number>((body) => Promise.resolve(body), { concurrency: 2, bound: 3 })
  let most = 0
  const sender = async (id: number): Promise<void> => {
    for (let letter = 0; letter < 20; letter++) {
      await mailbox.room()
      const sent = mailbox.send(id)
      most = Math.max(most, mailbox.waiting)
      await sent
    }
  }
  await Promise.all(Array.from({ length: 25 }, (_, id) => sender(id)))
  t.ok(most <= 3, `${most} waited`)
})

void t.test('letters flow as fast as they are handled, without waiting for the event loop to turn', async (t) => {
  const mailbox = new Mailbox<number, number>((body) => Promise.resolve(body), { concurrency: 1, bound: 1 })
  let sent = 0
  const sender = async (): Promise<void> => {
    for (; sent < 500; sent++) {
      await mailbox.room()
      void mailbox.send(sent)
    }
  }
  void sender()
  await settled()
  t.equal(sent, 500)
})

void t.test('a paused mailbox takes letters and handles none, and a handler may pause it', async (t) => {
  const begun: string[] = []
  const mailbox: Mailbox<string, void> = new Mailbox(
    async (body) => {
      begun.push(body)
      if (body === 'pause') mailbox.pause()
    },
    { concurrency: 1, bound: 9 },
  )
  mailbox.pause()
  for (const body of ['a', 'pause', 'b']) mailbox.send(body)
  await settled()
  t.same(begun, [])
  mailbox.resume()
  await settled()
  t.same(begun, ['a', 'pause'])
  mailbox.resume()
  await mailbox.drained()
  t.same(begun, ['a', 'pause', 'b'])
})

void t.test('concurrency can be changed while letters wait', async (t) => {
  const desk = new Desk()
  const { mailbox } = desk
  for (const body of ['a', 'b', 'c', 'd', 'e']) mailbox.send(body)
  mailbox.concurrency = 3
  await settled()
  t.same(desk.begun, ['a', 'b', 'c'])
  mailbox.concurrency = 1
  await desk.finish('a')
  await desk.finish('b')
  t.equal(mailbox.running, 1)
  await desk.finish('c')
  t.same(desk.begun, ['a', 'b', 'c', 'd'])
  t.equal(mailbox.concurrency, 1)
})

void t.test('drained tells when nothing waits and nothing is being handled', async (t) => {
  const desk = new Desk()
  const { mailbox } = desk
  t.equal(await outcome(mailbox.drained()), undefined)
  const abort = new AbortController()
  const a = mailbox.send('a')
  const b = mailbox.send('b', { signal: abort.signal })
  const drained = mailbox.drained()
  await settled()
  await desk.finish('a')
  t.equal(await a, 'a done')
  t.equal(await outcome(drained), 'pending')
  await desk.finish('b')
  t.equal(await b, 'b done')
  t.equal(await outcome(drained), undefined)
  mailbox.pause()
  const last = outcome(mailbox.send('c', { signal: abort.signal }))
  const again = mailbox.drained()
  abort.abort()
  await last
  t.equal(await outcome(again), undefined, 'the last letter was cancelled')
})

void t.test('closing refuses what waits and what comes, and lets finish what is being handled', async (t) => {
  const desk = new Desk({ bound: 1 })
  const { mailbox } = desk
  const a = mailbox.send('a')
  const b = mailbox.send('b')
  const room = mailbox.room()
  await settled()
  mailbox.close('the run is over')
  mailbox.close('again')
  const closed = { code: 'MAILBOX_CLOSED', message: 'the mailbox is closed: the run is over' }
  t.match(await outcome(b), closed)
  t.match(await outcome(room), closed)
  t.match(await outcome(mailbox.send('c')), closed)
  t.match(await outcome(mailbox.room()), closed)
  t.equal(mailbox.waiting, 0)
  const drained = mailbox.drained()
  t.equal(await outcome(drained), 'pending')
  await desk.finish('a')
  t.equal(await a, 'a done')
  t.equal(await outcome(drained), undefined)
  t.same(desk.begun, ['a'])
})

void t.test('limits and ranks that make no sense are refused', async (t) => {
  t.throws(() => new Desk({ bound: 0 }), { name: 'RangeError' })
  t.throws(() => new Desk({ concurrency: 0 }))
  await t.rejects(new Desk().mailbox.send('a', { rank: NaN }), { name: 'RangeError' })
})

void t.test('a hundred thousand letters through a bound of 64 leave the memory flat', async (t) => {
  const used = async (): Promise<number> => {
    for (let round = 0; round < 4; round++) {
      collectGarbage()
      await settled()
    }
    return process.memoryUsage().heapUsed
  }
  const mailbox = new Mailbox<object, void>(() => Promise.resolve(), { concurrency: 4, bound: 64 })
  const abort = new AbortController()
  let handled = 0
  const pass = async (letters: number): Promise<void> => {
    for (let letter = 0; letter < letters; letter++) {
      await mailbox.room()
      void mailbox.send({ letter }, { rank: letter % 7, signal: abort.signal }).then(() => handled++)
    }
    await mailbox.drained()
    await settled()
  }
  await pass(20_000)
  const before = await used()
  await pass(80_000)
  const grown = (await used()) - before
  t.equal(handled, 100_000)
  t.ok(grown < 500_000, `${grown} bytes more after 80,000 letters`)
})

type Act =
  | { readonly act: 'send'; readonly lane: number; readonly rank: number }
  | { readonly act: 'cancel' | 'finish'; readonly which: number }
  | { readonly act: 'concurrency'; readonly to: number }
  | { readonly act: 'pause' | 'resume' | 'close' }

const laneNames = ['kill', 'stop', 'end', 'work'] as const
const letterName = (index: number): string => `letter ${index}`

/** A mailbox as plain as can be: a list, sorted each time. */
class PlainMailbox {
  waiting: { readonly index: number; readonly lane: number; readonly rank: number }[] = []
  running: number[] = []
  readonly begun: number[] = []
  readonly results = new Map<number, string>()
  paused = false
  closed = false
  concurrency = 1
  readonly #bound: number

  constructor(bound: number) {
    this.#bound = bound
  }

  send(index: number, lane: number, rank: number): void {
    const full = lane === 3 && this.waiting.filter((letter) => letter.lane === 3).length >= this.#bound
    if (this.closed || full) return void this.results.set(index, this.closed ? 'MAILBOX_CLOSED' : 'MAILBOX_FULL')
    this.waiting.push({ index, lane, rank })
    this.run()
  }

  cancel(index: number): void {
    if (!this.waiting.some((letter) => letter.index === index)) return
    this.waiting = this.waiting.filter((letter) => letter.index !== index)
    this.results.set(index, 'cancelled')
  }

  finish(index: number): void {
    this.running = this.running.filter((other) => other !== index)
    this.results.set(index, 'done')
    this.run()
  }

  close(): void {
    this.closed = true
    for (const { index } of this.waiting.splice(0)) this.results.set(index, 'MAILBOX_CLOSED')
  }

  run(): void {
    this.waiting.sort((one, other) => one.lane - other.lane || one.rank - other.rank || one.index - other.index)
    while (!this.paused && this.running.length < this.concurrency) {
      const letter = this.waiting.shift()
      if (letter === undefined) return
      this.running.push(letter.index)
      this.begun.push(letter.index)
    }
  }
}

/** The real mailbox beside the plain one. */
class Pair {
  readonly plain: PlainMailbox
  readonly desk: Desk
  readonly results = new Map<number, string>()
  readonly #aborts: AbortController[] = []

  constructor(bound: number) {
    this.plain = new PlainMailbox(bound)
    this.desk = new Desk({ bound })
  }

  async perform(act: Act): Promise<void> {
    const { plain, desk } = this
    switch (act.act) {
      case 'send':
        this.#send(act.lane, act.rank)
        break
      case 'cancel':
        this.#cancel(act.which % Math.max(1, this.#aborts.length))
        break
      case 'finish':
        await this.#finish(act.which)
        break
      case 'concurrency':
        plain.concurrency = act.to
        desk.mailbox.concurrency = act.to
        if (!plain.paused) plain.run()
        break
      case 'pause':
      case 'resume':
        plain.paused = act.act === 'pause'
        desk.mailbox[act.act]()
        plain.run()
        break
      case 'close':
        plain.close()
        desk.mailbox.close('enough')
    }
    await settled()
    this.compare()
  }

  compare(): void {
    const { plain, desk } = this
    same('begun', desk.begun, plain.begun.map(letterName))
    same('waiting', desk.mailbox.waiting, plain.waiting.length)
    same('running', desk.mailbox.running, plain.running.length)
    same(
      'results',
      [...this.results].toSorted(([a], [b]) => a - b),
      [...plain.results].toSorted(([a], [b]) => a - b),
    )
  }

  #send(lane: number, rank: number): void {
    const index = this.#aborts.length
    const abort = new AbortController()
    this.#aborts.push(abort)
    this.plain.send(index, lane, rank)
    const options = { rank, signal: abort.signal, lane: laneNames[lane] ?? 'work' }
    this.desk.mailbox.send(letterName(index), options).then(
      () => this.results.set(index, 'done'),
      (error: { readonly code?: string }) => this.results.set(index, String(error.code)),
    )
  }

  #cancel(index: number): void {
    this.plain.cancel(index)
    this.#aborts[index]?.abort(Object.assign(new Error('cancelled'), { code: 'cancelled' }))
  }

  async #finish(which: number): Promise<void> {
    const index = this.plain.running[which % Math.max(1, this.plain.running.length)]
    if (index === undefined) return
    this.plain.finish(index)
    await this.desk.finish(letterName(index))
  }
}

function same(what: string, real: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(real), JSON.stringify(expected)]
  if (a !== b) throw new Error(`${what}: is ${a}, should be ${b}`)
}

void t.test('a mailbox behaves as a plain list that is sorted each time', async (t) => {
  const which = fc.nat({ max: 30 })
  const act: fc.Arbitrary<Act> = fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({ act: fc.constant('send'), lane: fc.nat({ max: 3 }), rank: fc.nat({ max: 4 }) }),
    },
    { weight: 4, arbitrary: fc.record({ act: fc.constant('send'), lane: fc.constant(3), rank: fc.constant(0) }) },
    { weight: 10, arbitrary: fc.record({ act: fc.constant('finish'), which }) },
    { weight: 6, arbitrary: fc.record({ act: fc.constant('cancel'), which }) },
    { weight: 2, arbitrary: fc.record({ act: fc.constant('concurrency'), to: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 4, arbitrary: fc.record({ act: fc.constantFrom('pause', 'resume', 'resume') }) },
    fc.record({ act: fc.constant('close') }),
  )
  const acts = fc.array(act, { maxLength: 60, size: 'max' })
  const property = fc.asyncProperty(fc.integer({ min: 1, max: 5 }), acts, async (bound, acts) => {
    const pair = new Pair(bound)
    for (const act of acts) await pair.perform(act)
  })
  await fc.assert(property, { numRuns: 500 })
  t.pass('500 mailboxes')
})

// from here on the mailbox of a run with more than it can take

const concurrency = 4
const mailbox = 64
const tasks = 10_000

interface Crowd {
  readonly run: Run
  readonly journal: string
  /** Tasks in the order in which they were begun. */
  readonly begun: readonly TaskId[]
  /** The most that were dispatched and had not ended. */
  readonly most: () => number
  settle(): ReturnType<Run['settle']>
}

/** The production rules, scheduler, mailbox and journal on a real disk; only the work itself is the test's. */
async function crowd(
  t: { teardown(work: () => void): void },
  manifest: { readonly agents?: object; readonly tasks: readonly object[] },
  work: (order: AttemptOrder, run: Run) => Promise<unknown>,
): Promise<Crowd> {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-crowd-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'journal.ndjson')
  const journal = await openJournal<RunEvent>({ path, epoch: 1, clock: systemClock })
  const reading = readManifest(JSON.stringify({ version: 1, concurrency, mailbox, ...manifest }), { kinds })
  if (!reading.ok) throw new Error(reading.mistakes[0]?.message)
  const rules = rulesOf(reading.value, buildGraph(reading.value.tasks))
  const begun: TaskId[] = []
  let most = 0
  const run: Run = new Run(rules, {
    clock: systemClock,
    random: () => 0,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    live: openLiveBoard(),
    journal,
    hostOf: () => 'async',
    spoke() {},
    observe(_, { counts }) {
      most = Math.max(most, counts.dispatched + counts.running)
    },
    async attempt(order) {
      begun.push(order.task)
      await work(order, run)
      const end = order.polite.aborted
        ? ({ how: 'cancelled', reason: 'stopped', changeSet: null } as const)
        : ({ how: 'completed', summary: 'done', findings: [], details: {}, changeSet: null } as const)
      return { end, workspace: null }
    },
  })
  const process = { pid: 1, group: 1, startTime: null }
  const started = { type: 'run-started', run: asRunId('r'), base: asCommitId('b'), manifest: '', process } as const
  return {
    run,
    journal: path,
    begun,
    most: () => most,
    async settle() {
      const settlement = await run.settle(started)
      await journal.close()
      return settlement
    },
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
const many = (agentOf: (index: number) => string = () => 'command'): readonly object[] =>
  Array.from({ length: tasks }, (_, index) => ({ id: `t${index}`, agent: agentOf(index), command: ['true'] }))

void t.test(`${tasks} tasks pass through a mailbox of ${mailbox}, in their order, in bounded memory`, async (t) => {
  const heap: number[] = []
  const { run, begun, most, settle, journal } = await crowd(t, { tasks: many() }, async () => {
    await nextTurn()
    if (begun.length % 2_000 !== 0) return
    collectGarbage()
    heap.push(process.memoryUsage().heapUsed)
  })
  await settle()
  t.equal(run.state.counts.succeeded, tasks)
  t.equal(most(), concurrency + mailbox, 'back-pressure: never more were dispatched')
  const late = begun.map((task, at) => Math.abs(Number(task.slice(1)) - at))
  t.ok(Math.max(...late) <= concurrency, `none was overtaken: at most by ${Math.max(...late)}`)
  t.equal(new Set(begun).size, tasks)
  const [first = 0, last = 0] = [heap[0], heap.at(-1)]
  const each = (last - first) / (tasks * 0.8)
  t.ok(each < 2_500, `${Math.round(each)} bytes for each task that has ended`)
  t.ok(statSync(journal).size < tasks * 700, 'and of the disk')
})

void t.test('an agent that is slow and may do one task at a time keeps nobody else waiting', async (t) => {
  const agents = { slow: { kind: 'command', argv: ['true'], concurrency: 1 } }
  const gate = Promise.withResolvers<void>()
  let quick = 0
  const { run, settle, begun } = await crowd(
    t,
    { agents, tasks: many((index) => (index < tasks / 2 ? 'slow' : 'command')) },
    async ({ task }) => {
      if (Number(task.slice(1)) < tasks / 2) return await gate.promise
      quick += 1
      if (quick === tasks / 2) gate.resolve()
      await nextTurn()
    },
  )
  await settle()
  t.equal(run.state.counts.succeeded, tasks)
  const before = begun.slice(0, tasks / 2 + 1).filter((task) => Number(task.slice(1)) < tasks / 2)
  t.same(before, ['t0'], 'half of all tasks were done while one slow task was')
})

void t.test('whatever waits is cancelled at once, however much it is', async (t) => {
  const stopped = Promise.withResolvers<void>()
  const { run, settle, begun } = await crowd(t, { tasks: many() }, async ({ polite }) => {
    if (begun.length === 100) {
      await run.stop('graceful', 'enough')
      const { counts } = run.state
      t.equal(counts.waiting + counts.ready, 0)
      t.ok(counts.cancelled >= tasks - 100 - mailbox, `${counts.cancelled} cancelled before anything else could happen`)
      stopped.resolve()
    }
    await (polite.aborted || begun.length >= 100 ? stopped.promise : nextTurn())
  })
  const { interrupted } = await settle()
  t.equal(interrupted, true)
  t.ok(begun.length <= 100 + concurrency, `${begun.length} were begun`)
  t.equal(run.state.counts.cancelled + run.state.counts.succeeded, tasks)
})
