import { type ChildProcess, spawn } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { availableParallelism, tmpdir } from 'node:os'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { MessageChannel } from 'node:worker_threads'
import * as Comlink from 'comlink'
import fc from 'fast-check'
import t from 'tap'
import type { ActorHost, HostKind } from '../../src/actors/contract.ts'
import { copyOf } from '../../src/actors/copy.ts'
import { type DeadLetter, DeadLetters } from '../../src/actors/dead-letters.ts'
import { openHosts } from '../../src/actors/hosts/registry.ts'
import { PostOffice } from '../../src/actors/memory-wire.ts'
import { Mux } from '../../src/actors/mux.ts'
import { eventWindow } from '../../src/actors/protocol.ts'
import { Throttle } from '../../src/actors/throttle.ts'
import { portWire, type Wire } from '../../src/actors/wire.ts'
import { messageOf } from '../../src/errors.ts'
import { asActorId } from '../../src/ids.ts'
import type { Answers } from '../fixtures/actors/answers.ts'
import type { Blocks } from '../fixtures/actors/blocks.ts'
import type { EatsMemory } from '../fixtures/actors/eats-memory.ts'
import type { Exits } from '../fixtures/actors/exits.ts'
import type { Finishes } from '../fixtures/actors/finishes.ts'
import type { Floods } from '../fixtures/actors/floods.ts'
import type { Hears } from '../fixtures/actors/hears.ts'
import type { HeedsCancel } from '../fixtures/actors/heeds-cancel.ts'
import type { HoldsALine } from '../fixtures/actors/holds-a-line.ts'
import { type IgnoresCancel, later } from '../fixtures/actors/ignores-cancel.ts'
import type { LeavesBehind } from '../fixtures/actors/leaves-behind.ts'
import type { Spins } from '../fixtures/actors/spins.ts'
import type { ThrowsLate } from '../fixtures/actors/throws-late.ts'
import { ManualClock } from '../manual-clock.ts'

const kinds: readonly HostKind[] = ['async', 'thread', 'process']
const gone = { name: 'TroupeError', code: 'ACTOR_GONE' }
const failed = (message: RegExp) => ({ name: 'TroupeError', code: 'HOST_FAILED', message })

const warnings: string[] = []
process.on('warning', (warning) => warnings.push(String(warning)))

/** Collects events and lets a test wait for one. */
function eventsOf() {
  const events: unknown[] = []
  const waiting = new Map<unknown, () => void>()
  return {
    events,
    emit(event: unknown) {
      events.push(event)
      waiting.get(event)?.()
    },
    async seen(event: unknown) {
      if (!events.includes(event)) await new Promise<void>((resolve) => waiting.set(event, resolve))
    },
  }
}

/** Starts the fixture `program` on the host. */
async function start<Api extends object>(host: ActorHost, program: string, input: unknown = null, from = 'actor') {
  const { events, emit, seen } = eventsOf()
  const module = import.meta.resolve(`../fixtures/actors/${program}.ts`)
  const spec = { id: asActorId(program), module, export: from, input }
  const handle = await host.start<Api>(spec, { emit })
  return { handle, events, seen }
}

/** A place where fixtures report that they live by a connection and that they died by its end. */
async function openLines(t: Tap) {
  const folder = await mkdtemp(join(tmpdir(), 'troupe-hosts-'))
  const server = createServer()
  const sockets: Socket[] = []
  server.on('connection', (socket) => sockets.push(socket.resume()))
  server.listen(join(folder, 'lines'))
  await once(server, 'listening')
  t.teardown(async () => {
    server.close()
    await rm(folder, { recursive: true })
  })
  const connected = async () => {
    if (sockets.length === 0) await once(server, 'connection')
  }
  const dead = () => Promise.all(sockets.map((socket) => socket.closed || once(socket, 'close')))
  return { path: join(folder, 'lines'), sockets, connected, dead }
}

/** Resolves with the first letters that come from now on. */
function nextLetters(deadLetters: DeadLetters, count: number): Promise<readonly DeadLetter[]> {
  const { promise, resolve } = Promise.withResolvers<readonly DeadLetter[]>()
  const letters: DeadLetter[] = []
  const done = deadLetters.subscribe((letter) => {
    if (letters.push(letter) < count) return
    done()
    resolve(letters)
  })
  return promise
}

type Tap = Pick<typeof t, 'teardown'>

for (const kind of kinds) {
  void t.test(`${kind} host`, async (t) => {
    const clock = new ManualClock()
    const deadLetters = new DeadLetters({ clock })
    const hosts = openHosts({
      clock,
      deadLetters,
      startWithinMs: 60_000,
      thread: { maxThreads: 3, resourceLimits: { maxOldGenerationSizeMb: 64 } },
      process: { maxOldSpaceMb: 64 },
    })
    const host = hosts.get(kind)
    t.teardown(() => hosts[Symbol.asyncDispose]())

    await t.test('starts an actor where it should live and answers calls', async (t) => {
      const { handle } = await start<Answers>(host, 'answers', { given: [1, 2] })
      t.equal(handle.kind, kind)
      t.equal(await handle.call('add', 2, 3), 5)
      t.same(await handle.call('input'), { given: [1, 2] })
      t.strictSame(await handle.call('echo', new Map([['when', new Date(0)]])), new Map([['when', new Date(0)]]))
      const where = await handle.call('where')
      t.equal(where.pid === process.pid, kind !== 'process')
      t.equal(where.threadId === 0, kind !== 'thread')
      t.equal(handle.identity?.pid ?? null, kind === 'process' ? where.pid : null)
      if (kind === 'process') {
        t.equal(handle.identity?.group, where.pid, 'it leads its own group')
        t.equal(typeof handle.identity?.startTime, process.platform === 'linux' ? 'number' : 'object')
      }
      t.same(await handle.stop('enough', Infinity), { how: 'shutdown', reason: 'enough' })
      t.same(await handle.closed, { how: 'shutdown', reason: 'enough' })
    })

    await t.test('brings all events of a call, in order, before its answer', async (t) => {
      const { handle, events } = await start<Answers>(host, 'answers')
      t.equal(await handle.call('count', 500), 500)
      t.same(
        events,
        Array.from({ length: 500 }, (_, index) => ({ step: index + 1 })),
      )
      await handle.stop('enough', Infinity)
    })

    await t.test('carries an error with its name, message and code', async (t) => {
      const { handle } = await start<Answers>(host, 'answers')
      await t.rejects(handle.call('fail', 'out of reach'), { name: 'RangeError', message: 'out of reach' })
      await t.rejects(handle.call('failWithCode', 'git said no'), { name: 'TroupeError', code: 'GIT_FAILED' })
      await handle.stop('enough', Infinity)
    })

    await t.test('rejects an unknown method and lives on', async (t) => {
      const { handle } = await start<Answers & { missing(): void; toString(): string }>(host, 'answers')
      await t.rejects(handle.call('missing'), { name: 'TypeError', message: /no method missing/ })
      await t.rejects(handle.call('toString'), { name: 'TypeError', message: /no method toString/ })
      t.equal(await handle.call('add', 1, 1), 2)
      await handle.stop('enough', Infinity)
    })

    await t.test('turns what cannot be cloned into errors and lives on', async (t) => {
      const { handle, events } = await start<Answers>(host, 'answers')
      await t.rejects(handle.call('giveFunction'), { name: 'TypeError', message: /[Uu]nserializable/ })
      await t.rejects(
        handle.call('echo', () => {}),
        /could not be cloned/,
      )
      await t.rejects(handle.call('emitFunction'), /could not be cloned/)
      t.equal(await handle.call('add', 1, 1), 2)
      t.same(events, [])
      await t.rejects(
        start(host, 'answers', () => {}),
        failed(/could not be cloned/),
      )
      await handle.stop('enough', Infinity)
    })

    await t.test('carries a megabyte there and back', async (t) => {
      const { handle } = await start<Answers>(host, 'answers')
      const big = new Uint8Array(1_000_000).map((_, index) => index % 251)
      t.ok(Buffer.from((await handle.call('echo', big)) as Uint8Array).equals(big))
      await handle.stop('enough', Infinity)
    })

    await t.test('asks politely, lets running calls settle and hears everything until then', async (t) => {
      const { handle, events, seen } = await start<HeedsCancel>(host, 'heeds-cancel')
      const run = handle.call('run')
      await seen('running')
      const exit = handle.stop('the user said so', Infinity)
      t.equal(await run, 'AbortError: the user said so')
      t.same(await exit, { how: 'shutdown', reason: 'the user said so' })
      t.same(events, ['running', 'cleaning 1', 'cleaning 2', 'cleaning 3'])
    })

    await t.test('keeps the first reason when asked twice', async (t) => {
      const { handle, seen } = await start<HeedsCancel>(host, 'heeds-cancel')
      const run = handle.call('run')
      await seen('running')
      const exits = await Promise.all([handle.stop('first', Infinity), handle.stop('second', Infinity)])
      t.same(exits, [
        { how: 'shutdown', reason: 'first' },
        { how: 'shutdown', reason: 'first' },
      ])
      t.equal(await run, 'AbortError: first')
    })

    await t.test('lets an actor end by itself once its call is over', async (t) => {
      const { handle, events } = await start<Finishes>(host, 'finishes')
      t.equal(await handle.call('run'), 'last answer')
      t.same(await handle.closed, { how: 'normal' })
      t.same(events, ['last event'])
    })

    await t.test('rejects calls after the end, and counts every message as a dead letter', async (t) => {
      const { handle } = await start<Answers>(host, 'answers')
      await handle.stop('enough', Infinity)
      const { waiting } = clock
      const before = deadLetters.counts['actor-gone']
      const message = 'answers is gone: it was stopped: enough'
      await t.rejects(handle.call('add', 1, 1), { ...gone, message })
      await t.rejects(handle.ask('add', [1, 1]), { ...gone, message })
      handle.cast('add', 1, 1)
      await new Promise((resolve) => setImmediate(resolve))
      t.equal(deadLetters.counts['actor-gone'], before + 3)
      const letter = { reason: 'actor-gone', actor: 'answers', method: 'add', detail: 'it was stopped: enough' }
      t.match(
        deadLetters.latest.slice(-3),
        ['call', 'ask', 'cast'].map((type) => ({ ...letter, kind: type, at: clock.now() })),
      )
      t.equal(clock.waiting, waiting)
    })

    await t.test('answers an ask in time and leaves no timer', async (t) => {
      const { handle } = await start<Hears & { missing(): void }>(host, 'hears')
      const before = deadLetters.total
      t.same(await handle.ask('noted', []), [])
      await t.rejects(handle.ask('refuse', [], { withinMs: 100 }), { name: 'RangeError', message: 'not that' })
      await t.rejects(handle.ask('missing', []), { name: 'TypeError', message: /no method missing/ })
      t.equal(clock.waiting, 0)
      await handle.stop('enough', Infinity)
      t.equal(deadLetters.total, before)
    })

    await t.test('gives an ask up at its deadline, not before, and counts the late answer', async (t) => {
      for (const withinMs of [50, undefined]) {
        const { handle, seen } = await start<Hears>(host, 'hears')
        const options = withinMs === undefined ? {} : { withinMs }
        const allowedMs = withinMs ?? 5000
        let over = false
        const asked = handle.ask('hold', [], options).catch((error: unknown) => {
          over = true
          return error
        })
        await seen('holding')
        clock.advance(allowedMs - 1)
        t.same(await handle.call('noted'), [], 'the actor goes on')
        t.equal(over, false)
        const letters = nextLetters(deadLetters, 1)
        clock.advance(1)
        const message = `hears has not answered hold within ${allowedMs} ms`
        t.match(await asked, { name: 'TroupeError', code: 'ASK_TIMEOUT', message })
        handle.cast('letGo')
        t.match(await letters, [{ reason: 'late-answer', actor: 'hears', kind: 'answer', method: 'hold' }])
        await handle.stop('enough', Infinity)
      }
    })

    await t.test('lets an ask without a deadline wait, and rejects it when the actor ends', async (t) => {
      const { handle, seen } = await start<Hears>(host, 'hears')
      const before = deadLetters.total
      const asked = t.rejects(handle.ask('hold', [], { withinMs: Infinity }), gone)
      const late = t.rejects(handle.ask('hold', [], { withinMs: 10 }), { code: 'ASK_TIMEOUT' })
      await seen('holding')
      clock.advance(1_000_000)
      await late
      await handle.stop('enough', 0)
      await asked
      t.equal(deadLetters.total, before, 'an end is no answer, and the asker was told')
    })

    await t.test('casts in order with calls, without an answer', async (t) => {
      const { handle } = await start<Hears>(host, 'hears')
      handle.cast('note', 1)
      const between = handle.call('noted')
      handle.cast('note', new Date(0))
      t.same(await between, [1])
      t.strictSame(await handle.ask('noted', []), [1, new Date(0)])
      handle.cast('note', 'last')
      t.same(await handle.stop('enough', Infinity), { how: 'shutdown', reason: 'enough' })
    })

    await t.test('counts casts that the actor cannot take as dead letters, and lives on', async (t) => {
      const { handle } = await start<Hears & { missing(): void }>(host, 'hears')
      const letters = nextLetters(deadLetters, 3)
      handle.cast('refuse')
      handle.cast('missing')
      handle.cast('note', () => {})
      const letter = { reason: 'cast-failed', actor: 'hears', kind: 'cast' }
      const byMethod = (await letters).toSorted((a, b) => String(b.method).localeCompare(String(a.method)))
      t.match(byMethod, [
        { ...letter, method: 'refuse', detail: 'not that' },
        { ...letter, method: 'note', detail: /could not be cloned/ },
        { ...letter, method: 'missing', detail: /no method missing/ },
      ])
      t.same(await handle.call('noted'), [])
      await handle.stop('enough', Infinity)
    })

    await t.test('counts a cast that the actor did not live to handle', async (t) => {
      const { handle, seen } = await start<Hears>(host, 'hears')
      handle.cast('hold')
      await seen('holding')
      const letters = nextLetters(deadLetters, 1)
      await handle.stop('now', 0)
      t.match(await letters, [{ reason: 'actor-gone', kind: 'cast', method: 'hold', detail: /hears is gone.*now/ }])
    })

    await t.test('takes an actor that ignores its signal away after the grace, not before', async (t) => {
      const { handle, events, seen } = await start<IgnoresCancel>(host, 'ignores-cancel')
      const run = t.rejects(handle.call('run'), gone)
      await seen('running')
      let ended = false
      void handle.closed.then(() => (ended = true))
      const exit = handle.stop('time is up', 2000)
      clock.advance(1999)
      await new Promise((resolve) => setImmediate(resolve))
      t.equal(ended, false)
      clock.advance(1)
      t.match(await exit, { how: 'killed', reason: /^time is up \(not ended within 2000 ms\)/ })
      if (kind === 'async') t.match(await exit, { reason: /abandoned/ })
      await run
      for (const act of later.splice(0)) act()
      await new Promise((resolve) => setImmediate(resolve))
      t.same(events, ['running'], 'what an abandoned actor still emits is dropped')
      const lost = { reason: 'late-event', actor: 'ignores-cancel', kind: 'event', method: null }
      if (kind === 'async') t.match(deadLetters.latest.at(-1), lost, 'and counted where it can be seen')
    })

    await t.test('takes an actor away at once when there is no grace', async (t) => {
      const { handle, seen } = await start<IgnoresCancel>(host, 'ignores-cancel')
      const run = t.rejects(handle.call('run'), gone)
      await seen('running')
      t.match(await handle.stop('now', 0), { how: 'killed', reason: /^now/ })
      await run
    })

    await t.test('refuses what cannot start with the reason, and stays usable', async (t) => {
      await t.rejects(start(host, 'no-such-file'), failed(/Cannot find module/))
      await t.rejects(start(host, 'throws-at-import'), failed(/this module is broken/))
      await t.rejects(start(host, 'answers', null, 'nobody'), failed(/exports no function nobody/))
      await t.rejects(start(host, 'cannot-start', null, 'notAFunction'), failed(/exports no function/))
      await t.rejects(start(host, 'cannot-start', null, 'throws'), failed(/no such model/))
      await t.rejects(start(host, 'cannot-start', null, 'makesNothing'), failed(/made no actor/))
      const { handle } = await start<Answers>(host, 'answers')
      t.equal(await handle.call('add', 1, 1), 2)
      await handle.stop('enough', Infinity)
    })

    await t.test('gives up an actor that does not become ready in time', async (t) => {
      const { emit, seen } = eventsOf()
      const module = import.meta.resolve('../fixtures/actors/cannot-start.ts')
      const spec = { id: asActorId('late'), module, export: 'neverReady', input: null }
      const starting = t.rejects(host.start(spec, { emit }), failed(/did not start within 60000 ms/))
      await seen('starting')
      clock.advance(60_000)
      await starting
    })

    await t.test('bounds the events an actor may be ahead, and gives room again', async (t) => {
      const { handle, events } = await start<Floods>(host, 'floods')
      t.same(await handle.call('untilRefused'), { emitted: eventWindow, code: 'MAILBOX_FULL' })
      t.equal(events.length, eventWindow)
      t.equal(await handle.call('politely', 2 * eventWindow), 2 * eventWindow)
      t.equal(events.length, 3 * eventWindow)
      await handle.stop('enough', Infinity)
    })

    if (kind !== 'async') {
      await t.test('kills an actor that never gives its event loop back', async (t) => {
        const { handle, seen } = await start<Spins>(host, 'spins')
        const run = t.rejects(handle.call('run'), gone)
        await seen('spinning')
        const exit = handle.stop('spinning', 50)
        clock.advance(50)
        t.match(await exit, { how: 'killed', reason: /^spinning/ })
        await run
      })

      await t.test('sees an uncaught error', async (t) => {
        const { handle } = await start<ThrowsLate>(host, 'throws-late')
        await t.rejects(handle.call('run'), gone)
        t.match(await handle.closed, { how: 'crashed', message: /^RangeError: thrown late/, code: 1, signal: null })
      })

      await t.test('sees process.exit, with its code', async (t) => {
        const { handle } = await start<Exits>(host, 'exits')
        await t.rejects(handle.call('run', 3), gone)
        t.same(await handle.closed, { how: 'crashed', message: 'exited with code 3', code: 3, signal: null })
        const other = await start<Exits>(host, 'exits')
        await t.rejects(other.handle.call('run', 0), gone)
        t.same(await other.handle.closed, { how: 'normal' }, 'leaving with success is no crash')
        await t.rejects(start(host, 'cannot-start', null, 'exits'), failed(/exited with code 7/))
      })

      await t.test('survives an actor that runs out of memory', async (t) => {
        const { handle } = await start<EatsMemory>(host, 'eats-memory')
        await t.rejects(handle.call('run'), gone)
        t.match(await handle.closed, { how: 'crashed', message: /memory/ })
      })

      await t.test('lets the neighbours of a crashed actor live', async (t) => {
        const neighbour = await start<HeedsCancel>(host, 'heeds-cancel')
        const run = neighbour.handle.call('run')
        await neighbour.seen('running')
        const { handle } = await start<Exits>(host, 'exits')
        await t.rejects(handle.call('run', 1), gone)
        await handle.closed
        await neighbour.handle.stop('enough', Infinity)
        t.equal(await run, 'AbortError: enough')
      })
    }

    await t.test('runs 200 actors one after another and keeps nothing of them', async (t) => {
      const count = kind === 'process' ? 40 : 200
      const threads = new Set<number>()
      for (let index = 0; index < count; index++) {
        const { handle } = await start<Answers>(host, 'answers')
        threads.add((await handle.call('where')).threadId)
        await handle.stop('next', Infinity)
      }
      // a child's handle is closed at the end of the turn after its exit
      for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve))
      const resources = process.getActiveResourcesInfo()
      t.same(
        resources.filter((name) => name === 'MessagePort' || name === 'ProcessWrap'),
        [],
      )
      t.ok(threads.size <= 3, 'threads are used again')
      clock.advance(1000) // places that nobody has needed for that long are given up
      t.equal(clock.waiting, 0, 'no timer waits')
      t.same(warnings, [])
    })

    await t.test('closes with its actors', async (t) => {
      const module = import.meta.resolve('../fixtures/actors/cannot-start.ts')
      const { emit, seen } = eventsOf()
      const running = await start<IgnoresCancel>(host, 'ignores-cancel')
      const run = t.rejects(running.handle.call('run'), gone)
      await running.seen('running')
      const spec = { id: asActorId('starting'), module, export: 'neverReady', input: null }
      const starting = t.rejects(host.start(spec, { emit }), failed(/the host is closed/))
      await seen('starting')
      await hosts[Symbol.asyncDispose]()
      t.match(await running.handle.closed, { how: 'killed', reason: /the host is closed/ })
      await Promise.all([run, starting])
      await t.rejects(start(host, 'answers'), failed(/the host is closed/))
    })
  })
}

void t.test('places that were got ready are those of the next actors', async (t) => {
  const made = { async: 0, thread: 0, process: 0 }
  const onWorker = (): void => void (made.thread += 1)
  const onChild = (message: unknown): void => {
    const { process: child } = message as { process: ChildProcess }
    queueMicrotask(() => {
      if (child.spawnargs.some((one) => one.includes('process-entry'))) made.process += 1
    })
  }
  process.on('worker', onWorker)
  subscribe('child_process', onChild)
  t.teardown(() => {
    process.off('worker', onWorker)
    unsubscribe('child_process', onChild)
  })
  const module = import.meta.resolve('../fixtures/actors/answers.ts')
  for (const kind of kinds) {
    await using hosts = openHosts({ thread: { maxThreads: 4 } })
    const host = hosts.get(kind)
    const ready = kind === 'async' ? 0 : 3
    host.prepare(3, module)
    const first = await start<Answers>(host, 'answers')
    t.equal(made[kind], ready, `${kind}: as many as were asked for`)
    const others = await Promise.all([1, 2].map(() => start<Answers>(host, 'answers')))
    t.equal(made[kind], ready, `${kind}: each was used`)
    for (const { handle } of [first, ...others]) t.equal(await handle.call('add', 1, 1), 2)
    if (kind === 'thread') {
      host.prepare(100, 'file:///no/such/module.js')
      const { handle } = await start<Answers>(host, 'answers')
      t.equal(await handle.call('add', 1, 1), 2, "what cannot be got ready is in nobody's way")
      t.equal(made.thread, 4, 'no more than there may be')
    }
  }
})

void t.test('the thread host', async (t) => {
  const hosts = openHosts({ thread: { maxThreads: 2 } })
  const host = hosts.get('thread')
  t.teardown(() => hosts[Symbol.asyncDispose]())

  await t.test('refuses one actor more than it has threads instead of letting it wait unseen', async (t) => {
    const first = await start<Answers>(host, 'answers')
    const second = await start<Answers>(host, 'answers')
    await t.rejects(start(host, 'answers'), failed(/all 2 places are taken/))
    await first.handle.stop('room', Infinity)
    const third = await start<Answers>(host, 'answers')
    t.equal(await third.handle.call('add', 1, 1), 2)
    await Promise.all([second.handle.stop('enough', Infinity), third.handle.stop('enough', Infinity)])
  })

  await t.test('says that an actor is gone only when its thread is, even out of a native call', async (t) => {
    const { path, connected, sockets } = await openLines(t)
    const { handle } = await start<Blocks>(host, 'blocks', path)
    const run = t.rejects(handle.call('run'), gone)
    await connected()
    let ended = false
    void handle.closed.then(() => (ended = true))
    const exit = handle.stop('now', 0)
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    t.equal(ended, false)
    sockets[0]?.destroy()
    t.match(await exit, { how: 'killed' })
    await run
  })

  await t.test(
    'lets threads begin one after the other, and waits for no actor that takes long to get ready',
    async (t) => {
      const many = 3 * availableParallelism()
      const crowded = openHosts({ thread: { maxThreads: many } })
      const threads = crowded.get('thread')
      const neverReady = Array.from({ length: many - 1 }, () =>
        start(threads, 'cannot-start', null, 'neverReady').catch(messageOf),
      )
      const { handle } = await start<Answers>(threads, 'answers')
      t.equal(await handle.call('add', 1, 1), 2)
      await crowded[Symbol.asyncDispose]()
      t.match(
        await Promise.all(neverReady),
        Array.from(neverReady, () => /the host is closed/),
      )
    },
  )

  await t.test('uses the thread of an actor that ended politely again', async (t) => {
    const threads = new Set<number>()
    for (let index = 0; index < 5; index++) {
      const { handle } = await start<Answers>(host, 'answers')
      threads.add((await handle.call('where')).threadId)
      await handle.stop('next', Infinity)
    }
    t.ok(threads.size <= 2)
  })
})

void t.test('the process host', async (t) => {
  const hosts = openHosts({
    thread: { maxThreads: 1 },
    process: { env: { PATH: process.env['PATH'], ONLY: 'this' } },
  })
  const host = hosts.get('process')
  t.teardown(() => hosts[Symbol.asyncDispose]())

  await t.test('sees a kill from outside', async (t) => {
    const { handle, seen } = await start<HeedsCancel>(host, 'heeds-cancel')
    const run = t.rejects(handle.call('run'), gone)
    await seen('running')
    process.kill(handle.identity?.pid ?? 0, 'SIGKILL')
    t.same(await handle.closed, { how: 'crashed', message: 'killed by SIGKILL', code: null, signal: 'SIGKILL' })
    await run
  })

  for (const [title, end] of [
    ['politely', Infinity],
    ['by force', 0],
  ] as const) {
    await t.test(`takes the children of an actor along when it ends ${title}`, async (t) => {
      const { path, sockets, dead } = await openLines(t)
      const { handle } = await start<HoldsALine>(host, 'holds-a-line', path)
      await handle.call('startChildren')
      t.equal(sockets.length, 3)
      await handle.stop('enough', end)
      await dead()
    })
  }

  await t.test('gives its actors the environment it was told and no other', async (t) => {
    const { handle } = await start<{ names(): string[] }>(host, 'knows-its-environment')
    t.same((await handle.call('names')).filter((name) => !/^(NODE|_TAPJS)_/.test(name)).toSorted(), [
      'ONLY',
      'PATH',
      'TROUPE_ACTOR',
    ])
    await handle.stop('enough', Infinity)
  })
})

void t.test('a process whose actor ended politely', async (t) => {
  const hosts = openHosts()
  const host = hosts.get('process')
  t.teardown(() => hosts[Symbol.asyncDispose]())
  const pidAfter = async (leave: Exclude<keyof LeavesBehind, 'pid'>): Promise<number> => {
    const { handle } = await start<LeavesBehind>(host, 'leaves-behind')
    const pid = await handle.call('pid')
    t.equal(handle.identity?.pid, pid)
    await handle.call(leave)
    await handle.stop('next', Infinity)
    return pid
  }
  const isAlive = (pid: number): boolean => {
    try {
      return process.kill(pid, 0)
    } catch {
      return false
    }
  }

  await t.test('serves the next when nothing is left behind in it, and several at once need several', async (t) => {
    const first = await pidAfter('nothing')
    t.same([await pidAfter('nothing'), await pidAfter('nothing')], [first, first])
    const [one, two] = await Promise.all([pidAfter('nothing'), pidAfter('nothing')])
    t.not(one, two)
    t.ok([one, two].includes(first))
  })

  for (const leave of ['timer', 'program', 'terminal', 'memory'] as const)
    await t.test(`is not used again after a ${leave}`, async (t) => {
      const pid = await pidAfter(leave)
      t.notOk(isAlive(pid), 'it is gone when the actor is')
      t.not(await pidAfter('nothing'), pid)
    })

  await t.test('takes nobody along when it dies while nobody is in it', async (t) => {
    const pid = await pidAfter('nothing')
    process.kill(pid, 'SIGKILL')
    while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve))
    t.not(await pidAfter('nothing'), pid)
  })

  await t.test('is gone with the host', async (t) => {
    const pid = await pidAfter('nothing')
    t.ok(isAlive(pid))
    await hosts[Symbol.asyncDispose]()
    t.notOk(isAlive(pid))
  })
})

void t.test('a supervisor', async (t) => {
  const program = (name: string) => fileURLToPath(import.meta.resolve(`../fixtures/actors/${name}.ts`))

  await t.test('ends by itself after it has used each host', async (t) => {
    const child = spawn(process.execPath, [program('uses-each-host')], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
    t.equal(said, 'done\n')
    t.equal(code, 0)
  })

  await t.test('that is killed takes idle and spinning process actors and their children along', async (t) => {
    const { path, sockets, dead } = await openLines(t)
    const child = spawn(process.execPath, [program('supervises-lines'), path], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    t.equal(sockets.length, 4)
    child.kill('SIGKILL')
    await dead()
  })
})

// from here on the wires between an actor and who calls it

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

const wires: Readonly<Record<string, () => readonly [Wire, Wire]>> = {
  'in memory': () => new PostOffice().openWire(),
  'of ports': () => {
    const { port1, port2 } = new MessageChannel()
    return [portWire(port1), portWire(port2)]
  },
}

for (const [name, openWire] of Object.entries(wires)) {
  void t.test(`a wire ${name}`, async (t) => {
    await t.test('brings copies, in order, in a later turn, and then the close to both ends', async (t) => {
      const [near, far] = openWire()
      const heard: unknown[] = []
      const closed = Promise.all([near, far].map((end) => new Promise<void>((resolve) => end.onClose(resolve))))
      far.onMessage((message) => heard.push(message))
      const given = { deep: [new Map([['a', 1]])] }
      near.post(given)
      near.post('second')
      given.deep.length = 0
      near.close()
      near.post('after the close')
      near.close()
      t.same(heard, [], 'nothing is heard within the turn')
      await closed
      t.strictSame(heard, [{ deep: [new Map([['a', 1]])] }, 'second'])
    })

    await t.test('refuses at once what cannot be cloned', async (t) => {
      const [near, far] = openWire()
      far.onMessage(() => {})
      t.throws(
        () => {
          near.post(() => {})
        },
        { name: 'DataCloneError' },
      )
      near.close()
    })

    await t.test('drops what comes after this end has closed', async (t) => {
      const [near, far] = openWire()
      const heard: unknown[] = []
      near.onMessage((message) => heard.push(message))
      const closed = new Promise<void>((resolve) => far.onClose(resolve))
      far.onMessage(() => {})
      far.post('under way')
      near.close()
      far.post('too late')
      await closed
      await turn()
      t.same(heard, [])
    })
  })
}

void t.test('wires of one post office keep their own order whatever is posted on which', async () => {
  const posts = fc.array(fc.record({ wire: fc.nat(2), value: fc.nat(), pause: fc.boolean() }), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(posts, async (letters) => {
      const office = new PostOffice()
      const ends = [0, 1, 2].map(() => office.openWire())
      const heard: number[][] = [[], [], []]
      ends.forEach(([, far], wire) => {
        far.onMessage((message) => heard[wire]?.push(message as number))
      })
      for (const { wire, value, pause } of letters) {
        ends[wire]?.[0].post(value)
        if (pause) await turn()
      }
      await turn()
      const expected = [0, 1, 2].map((wire) =>
        letters.filter((letter) => letter.wire === wire).map(({ value }) => value),
      )
      return JSON.stringify(heard) === JSON.stringify(expected)
    }),
  )
})

void t.test(
  'who is asked in a turn of the event loop answers within it, and an endless talk leaves input and timers theirs',
  async (t) => {
    const [near, far] = new PostOffice().openWire()
    let [heard, most] = [0, 100_000]
    far.onMessage(() => far.post('and you?'))
    near.onMessage(() => {
      heard += 1
      if (heard < most) near.post('and you?')
    })
    const heardInTurn = async (): Promise<number> => {
      const before = heard
      return await new Promise((resolve) => {
        setImmediate(() => resolve(heard - before))
        near.post('and you?')
      })
    }
    const first = await heardInTurn()
    t.ok(first > 1, 'many answers before what was to come in the next turn')
    t.ok(first < 10_000, 'and not all of them')
    for (let turns = 0; turns < 10; turns += 1) await turn()
    most = 0
    for (let turns = 0; turns < 3; turns += 1) await turn()
    most = Infinity
    t.ok((await heardInTurn()) > 1, 'and again when the talk has come to an end')
    most = 0
  },
)

void t.test('a listener that throws costs no one else a letter', async (t) => {
  const office = new PostOffice()
  const [badNear, badFar] = office.openWire()
  const [near, far] = office.openWire()
  const heard: unknown[] = []
  badFar.onMessage(() => {
    throw new Error('a defect of the listener')
  })
  far.onMessage((message) => heard.push(message))
  const thrown = new Promise<unknown>((resolve) => process.setUncaughtExceptionCaptureCallback(resolve))
  badNear.post(1)
  near.post(2)
  near.post(3)
  t.match(await thrown, { message: 'a defect of the listener' })
  process.setUncaughtExceptionCaptureCallback(null)
  await turn()
  t.same(heard, [2, 3])
})

void t.test('a mux keeps its channels apart', async (t) => {
  const [near, far] = new PostOffice().openWire()
  const [nearMux, farMux] = [new Mux(near), new Mux(far)]
  const heard: unknown[] = []
  for (const channel of ['a', 'b']) farMux.on(channel, (message) => heard.push([channel, message]))
  near.post('no envelope')
  near.post(['a'])
  nearMux.post('a', 1)
  nearMux.post('b', 2)
  nearMux.post('c', 3)
  await turn()
  t.same(heard, [
    ['a', 1],
    ['b', 2],
  ])

  Comlink.expose((value: number) => value * 2, farMux.endpoint('double'))
  const double = Comlink.wrap<(value: number) => number>(nearMux.endpoint('double'))
  t.equal(await double(21), 42)
  const transferred = Comlink.transfer({}, [new ArrayBuffer(1)])
  await t.rejects(double(transferred as never), /callbacks and ports cannot cross/)

  nearMux.close()
  nearMux.post('a', 4)
  await turn()
  t.equal(heard.length, 2)
})

void t.test('a throttle acts at once, then once a period, and never loses the last request', async (t) => {
  const clock = new ManualClock()
  let runs = 0
  const throttle = new Throttle(100, clock, () => (runs += 1))
  throttle.request()
  t.equal(runs, 1, 'quiet before: at once')
  t.equal(clock.waiting, 0, 'no timer when nothing is owed')
  throttle.request()
  throttle.request()
  t.equal(runs, 1)
  clock.advance(99)
  t.equal(runs, 1)
  clock.advance(1)
  t.equal(runs, 2)
  throttle.request()
  throttle.flush()
  t.equal(runs, 3)
  throttle.flush()
  clock.advance(1000)
  t.equal(runs, 3, 'nothing was owed')
})

void t.test('property: a copy is what structuredClone makes, of whatever kind the message is', async (t) => {
  const anything = fc.anything({
    withMap: true,
    withSet: true,
    withDate: true,
    withSparseArray: true,
    withNullPrototype: true,
  })
  fc.assert(
    // nearly all messages are plain
    fc.property(fc.oneof(anything, fc.jsonValue()), (message) => {
      // tap cannot print a date that is none
      t.ok(isDeepStrictEqual(copyOf(message), structuredClone(message)), fc.stringify(message))
    }),
    { examples: [[[new Date(Number.NaN)]]] },
  )
  const shared = { at: [1] }
  const endless: { self?: unknown; twice: readonly unknown[] } = { twice: [shared, shared, shared.at] }
  endless.self = endless
  const copy = copyOf(endless) as typeof endless
  t.equal(copy.self, copy)
  t.equal(copy.twice[0], copy.twice[1])
  t.equal((copy.twice[0] as typeof shared).at, copy.twice[2])
  t.not(copy.twice[0], shared)
  const found = /b/.exec('abc')
  t.strictSame(copyOf(found), structuredClone(found), 'a list with names')
  const odd: unknown = JSON.parse('{"__proto__":{"a":1}}')
  t.strictSame(Object.keys(copyOf(odd) as object), ['__proto__'])
  for (const refused of [new Proxy({}, {}), { deep: [() => {}] }, Symbol('no')]) {
    t.throws(() => copyOf(refused), { name: 'DataCloneError' })
  }
})
