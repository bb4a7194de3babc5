import fc from 'fast-check'
import t from 'tap'
import { blame, type Blame, mostRuns, mostRunsByChance, type TestVerdict } from '../../src/merge/blame.ts'

const count = 16

/** Numbers between 0 and 1 that depend on nothing but the seed (mulberry32). */
function chances(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

interface World {
  readonly bad: readonly (readonly number[])[]
  /** How often a test fails by chance. */
  readonly flake?: number
  readonly seed?: number
}

/** Tests everything once and, when that fails, blames what fails when all of one bad set are there. */
async function blamed({ bad, flake = 0, seed = 1 }: World): Promise<Blame | { readonly how: 'green' }> {
  const chance = chances(seed)
  const test = async (things: readonly number[]): Promise<TestVerdict> => {
    if (chance() < flake) return 'fail'
    return bad.some((set) => set.every((one) => things.includes(one))) ? 'fail' : 'pass'
  }
  const all = Array.from({ length: count }, (_, one) => one)
  return (await test(all)) === 'pass' ? { how: 'green' } : await blame({ count, test })
}

/** As `blamed`, of what is known to be red. */
async function found(world: World): Promise<Blame> {
  const result = await blamed(world)
  if (result.how === 'green') throw new Error('it is green')
  return result
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

/** Two different numbers, each pair as likely as any other. */
function pairOf(seed: number): readonly [number, number] {
  const chance = chances(seed)
  const first = Math.floor(chance() * count)
  const second = (first + 1 + Math.floor(chance() * (count - 1))) % count
  return first < second ? [first, second] : [second, first]
}

void t.test('one bad pair of sixteen is named exactly, within 2 log2(16) + 8 tests', async (t) => {
  const runs: number[] = []
  for (let seed = 0; seed < 200; seed += 1) {
    const pair = pairOf(seed)
    const one = await found({ bad: [pair] })
    t.match(one, { how: 'culprits', culprits: pair })
    runs.push(one.runs)
  }
  t.ok(median(runs) <= 2 * Math.log2(count) + 8, `${median(runs)} tests at the median, ${Math.max(...runs)} at most`)
})

void t.test('one bad one of sixteen is named within log2(16) + 3 tests at the median', async (t) => {
  const runs: number[] = []
  for (let one = 0; one < count; one += 1) {
    const blame = await found({ bad: [[one]] })
    t.match(blame, { how: 'culprits', culprits: [one] })
    runs.push(blame.runs)
  }
  t.ok(median(runs) <= Math.log2(count) + 3, `${median(runs)} tests at the median, ${Math.max(...runs)} at most`)
})

void t.test('tests that fail by chance, one in ten, blame nobody falsely', async (t) => {
  let named = 0
  for (let seed = 0; seed < 200; seed += 1) {
    const nobody = await blamed({ bad: [], flake: 0.1, seed })
    t.not(nobody.how, 'culprits', `seed ${seed}: nobody is bad`)
    const pair = pairOf(seed)
    const blame = await found({ bad: [pair], flake: 0.1, seed: seed + 1_000_000 })
    if (blame.how === 'culprits') {
      t.same(blame.culprits, pair, `seed ${seed}`)
      named += 1
    }
  }
  t.ok(named > 100, `the pair was named in ${named} of 200 cases all the same`)
})

void t.test('a base that fails, a test that cannot run', async (t) => {
  t.match(await blamed({ bad: [[]] }), { how: 'base' })
  t.match(await blame({ count, test: async () => 'not-run' }), { how: 'unknown', runs: 1 })
  t.match(await blame({ count: 1, test: async (things) => (things.length > 0 ? 'fail' : 'pass') }), { culprits: [0] })
})

void t.test('a base that fails, and a whole that failed by chance, are told in few tests', async (t) => {
  t.match(await blamed({ bad: [[]] }), { how: 'base', runs: 4 })
  t.match(await blame({ count, test: async () => 'pass' }), { how: 'flaky', runs: 6 })
})

void t.test('what is tested again is tested afresh, and only that', async (t) => {
  const tested = new Set<string>([Array.from({ length: count }, (_, one) => one).join()])
  const test = async (things: readonly number[], afresh: boolean): Promise<TestVerdict> => {
    t.equal(afresh, tested.has(things.join()))
    tested.add(things.join())
    return things.includes(3) && things.includes(9) ? 'fail' : 'pass'
  }
  t.match(await blame({ count, test }), { culprits: [3, 9] })
})

void t.test('tests at the same time cost no more tests', async (t) => {
  for (const bad of [[5], [2, 11], [0, 7, 15]]) {
    let most = 0
    let now = 0
    const test = async (things: readonly number[]): Promise<TestVerdict> => {
      now += 1
      most = Math.max(most, now)
      await new Promise(setImmediate)
      now -= 1
      return bad.every((one) => things.includes(one)) ? 'fail' : 'pass'
    }
    const alone = await blame({ count, test })
    t.equal(most, 1)
    t.same(await blame({ count, test, atOnce: 3 }), alone)
    t.ok(most > 1 && most <= 3)
  }
})

void t.test('property: whatever tests answer, there are no more of them than is promised', async (t) => {
  const answers = fc.infiniteStream(fc.constantFrom<TestVerdict>('pass', 'fail', 'fail'))
  const size = fc.integer({ min: 1, max: 40 })
  await fc.assert(
    fc.asyncProperty(size, answers, fc.integer({ min: 1, max: 4 }), async (count, stream, atOnce) => {
      const test = async (): Promise<TestVerdict> => stream.next().value as TestVerdict
      const { runs } = await blame({ count, test, atOnce })
      if (runs > mostRunsByChance(count)) throw new Error(`${runs} tests of ${count}`)
    }),
    { numRuns: 1000 },
  )
  t.pass('1,000 worlds')
})

void t.test('property: what is blamed fails, none of it can be spared, and the bound holds', async (t) => {
  const world = fc.integer({ min: 4, max: 40 }).chain((count) => {
    const set = fc.uniqueArray(fc.nat(count - 1), { minLength: 1, maxLength: 4 })
    return fc.record({ count: fc.constant(count), sets: fc.array(set, { minLength: 1, maxLength: 3 }) })
  })
  await fc.assert(
    fc.asyncProperty(world, async ({ count, sets }) => {
      const test = async (things: readonly number[]): Promise<TestVerdict> =>
        sets.some((set) => set.every((one) => things.includes(one))) ? 'fail' : 'pass'
      const result = await blame({ count, test })
      if (result.how !== 'culprits') throw new Error(result.how)
      const { culprits } = result
      const fails = (things: readonly number[]): boolean => sets.some((set) => set.every((one) => things.includes(one)))
      if (!fails(culprits)) throw new Error(`${culprits.join()} does not fail`)
      if (culprits.some((one) => fails(culprits.filter((other) => other !== one)))) throw new Error('one can be spared')
      const bound = mostRuns(count, culprits.length)
      if (result.runs > bound) throw new Error(`${result.runs} tests, more than ${bound}`)
    }),
    { numRuns: 400 },
  )
  t.pass('400 worlds')
})
