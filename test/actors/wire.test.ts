import { isDeepStrictEqual } from 'node:util'
import { MessageChannel } from 'node:worker_threads'
import * as Comlink from 'comlink'
import fc from 'fast-check'
import t from 'tap'
import { copyOf } from '../../src/actors/copy.ts'
import { PostOffice } from '../../src/actors/memory-wire.ts'
import { Mux } from '../../src/actors/mux.ts'
import { Throttle } from '../../src/actors/throttle.ts'
import { portWire, type Wire } from '../../src/actors/wire.ts'
import { ManualClock } from '../manual-clock.ts'

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
