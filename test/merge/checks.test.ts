import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, watch, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { aggregatorActor } from '../../src/actors/aggregator-actor.ts'
import type { AggregatorApi, AggregatorEvent, EarlyVerdict } from '../../src/actors/aggregator-api.ts'
import { systemClock } from '../../src/clock.ts'
import { asActorId, asAgentName, asRunId, asTaskId, type CommitId, type RunId } from '../../src/ids.ts'
import { type Blame, blame, mostRuns, mostRunsByChance, type TestVerdict } from '../../src/merge/blame.ts'
import { openChecker } from '../../src/merge/checker.ts'
import { defaultMergePolicy, type MergePolicy } from '../../src/merge/merge-policy.ts'
import { openPasses } from '../../src/merge/passes.ts'
import { proposalToMarkdown } from '../../src/merge/proposal-markdown.ts'
import type { CheckSettings, ProposalRequest, TaskEnding } from '../../src/merge/proposal-request.ts'
import type { Proposal } from '../../src/merge/proposal.ts'
import { runCommand } from '../../src/merge/run-command.ts'
import { gone } from '../process-life.ts'
import { violations } from './json-schema.ts'
import { date, type Files, run, Sealing } from './sealing.ts'

const schema: unknown = JSON.parse(readFileSync(new URL('../../schema/proposal.schema.json', import.meta.url), 'utf8'))

type Check = ProposalRequest['checks'][number]

const shell = (name: string, script: string): Check => ({ name, command: ['sh', '-c', script], timeoutMs: null })

/** Tasks that each write files of their own, and what is asked of the aggregator. */
class Scene {
  readonly sealing = new Sealing()
  /** A folder for what checks leave behind. */
  readonly notes = join(this.sealing.directory, '.git')
  /** What the aggregator said of how far it was. */
  readonly told: string[] = []
  readonly #endings: TaskEnding[] = []
  #base: CommitId | null = null

  constructor(t: Pick<Test, 'teardown'>) {
    t.teardown(() => this.sealing[Symbol.dispose]())
  }

  /** @param needs of a task */
  async begin(
    tasks: Readonly<Record<string, Files>>,
    base: Files = { seed: '1\n' },
    needs: Readonly<Record<string, string>> = {},
  ): Promise<this> {
    this.#base = await this.sealing.begin(base)
    for (const [task, files] of Object.entries(tasks)) {
      const changeSet = await this.sealing.seal(task, this.#base, files)
      this.#endings.push({
        task: asTaskId(task),
        agent: asAgentName('scripted'),
        attempts: 1,
        needs: needs[task] === undefined ? [] : [asTaskId(needs[task])],
        summary: null,
        findings: [],
        success: { contribution: { changeSet, owns: null } },
        trouble: null,
      })
    }
    return this
  }

  /** How change sets are brought together. */
  merge: MergePolicy = defaultMergePolicy

  async propose(checks: readonly Check[], more: Partial<CheckSettings> = {}, id: RunId = run): Promise<Proposal> {
    const aggregator = await this.aggregator(id)
    const checking = { prepare: [], reusePasses: true, atOnce: 1, ...more }
    const request = { tasks: this.#endings, checks, checking, merge: this.merge, createdAt: date }
    return await aggregator.propose({ ...request, interrupted: false })
  }

  /** Checks what the tasks have written, as if they were still at work. */
  async checkEarly(checks: readonly Check[], prepare: readonly Check[] = []): Promise<EarlyVerdict> {
    const changeSets = this.#endings.flatMap(({ success }) => success?.contribution?.changeSet ?? [])
    return await (await this.aggregator()).checkEarly({ changeSets, checks, prepare })
  }

  async aggregator(id: RunId = run): Promise<AggregatorApi> {
    const { directory } = this.sealing
    const base = this.#base ?? (await this.begin({})).base
    const [scratch, logs] = [join(this.notes, 'scratch'), this.notes]
    const { signal } = new AbortController()
    const input = { run: id, repository: directory, base, scratch, logs }
    const context = {
      id: asActorId('aggregator'),
      input,
      signal,
      emit: (event: unknown) => void this.told.push((event as AggregatorEvent).text),
      room: async () => {},
      finish: () => {},
    }
    return aggregatorActor(context) as AggregatorApi
  }

  get base(): CommitId {
    if (this.#base === null) throw new Error('it has not begun')
    return this.#base
  }

  /** What checks wrote to a file of this name, by lines. */
  noted(name: string): readonly string[] {
    return readFileSync(join(this.notes, name), 'utf8').split('\n').slice(0, -1)
  }

  /** A command that leaves a line. */
  note(name: string, words = 'x'): string {
    return `echo ${words} >> '${join(this.notes, name)}'`
  }
}

const letters = (names: string): Readonly<Record<string, Files>> =>
  Object.fromEntries(names.split('').map((name) => [name, { [name]: name }]))

void t.test('what prepares a checkout runs before its checks, once for all of them', async (t) => {
  const scene = await new Scene(t).begin(letters('ab'))
  const prepare = [shell('install', `mkdir deps; echo made > deps/x; ${scene.note('install')}`)]
  const checks = [shell('tests', 'grep -q made deps/x && test -e a'), shell('lint', 'test -e deps/x')]
  t.match(await scene.propose(checks, { prepare }), { verdict: 'pass' })
  t.same(scene.noted('install'), ['x'])
  t.same(readdirSync(join(scene.notes, 'scratch')), [], 'the checkout is gone')
})

void t.test('where preparing fails no check is run, and nobody is blamed', async (t) => {
  const scene = await new Scene(t).begin(letters('ab'))
  const prepare = [shell('install', 'echo no such package; exit 7'), shell('never', scene.note('never'))]
  const { verdict, checks, blame } = await scene.propose([shell('tests', scene.note('tests'))], { prepare })
  t.match(checks, [
    {
      verdict: 'not-run',
      reason: 'not prepared: install: exit code 7; the base alone cannot be prepared either',
      outputTail: /no such package/,
    },
  ])
  t.match({ verdict, blame }, { verdict: 'not-run', blame: [] })
  t.throws(() => scene.noted('tests'))
  t.throws(() => scene.noted('never'))
  const unlessB = await scene.propose([shell('tests', 'true')], { prepare: [shell('setup', 'test ! -e b')] })
  t.match(unlessB.checks, [{ reason: 'not prepared: setup: exit code 1; the base alone is prepared' }])
})

void t.test('a check that passed on a tree is not run on it again, in a later run neither', async (t) => {
  const scene = await new Scene(t).begin(letters('ab'))
  const [first, second] = [run, asRunId('20260102-000000-00000000')]
  const tests = shell('tests', `${scene.note('tests')}; pwd`)
  t.match(await scene.propose([tests], {}, first), {
    checks: [{ verdict: 'pass', cached: false, log: /_check\.1\.log$/ }],
  })
  const again = await scene.propose([tests, shell('lint', scene.note('lint'))], {}, second)
  t.match(again.checks, [
    { name: 'tests', verdict: 'pass', cached: true, log: null },
    { name: 'lint', verdict: 'pass', cached: false },
  ])
  t.same([scene.noted('tests'), scene.noted('lint')], [['x'], ['x']])
  await scene.propose([tests], { reusePasses: false }, second)
  t.equal(scene.noted('tests').length, 2, 'unless that is not wanted')
  await scene.propose([tests], { prepare: [shell('other', 'true')] }, second)
  t.equal(scene.noted('tests').length, 3, 'prepared otherwise it may come out otherwise')
  const refs = await scene.sealing.git.text(['for-each-ref', '--format=%(objecttype) %(refname)', '--', '*/_passed'])
  t.notMatch(refs, 'commit')
})

void t.test('many checks side by side do not get into each other', async (t) => {
  const { sealing, notes, base } = await new Scene(t).begin({})
  const settings = { prepare: [shell('ready', 'echo ready > ready')], reusePasses: false, atOnce: 4 }
  const checker = openChecker({
    git: sealing.git,
    folder: join(notes, 'scratch'),
    clock: systemClock,
    signal: new AbortController().signal,
    runCommand,
    environment: process.env,
    passes: openPasses(sealing.git, run),
    settings,
  })
  const twenty = Array.from({ length: 20 }, () => checker.check(base, [shell('test', 'test -e ready && pwd')], true))
  const folders = (await Promise.all(twenty)).map(([result]) => [result?.verdict, result?.outputTail.split('/').at(-1)])
  t.same(
    [...new Set(folders.map(String))].toSorted(),
    ['1', '2', '3', '4'].map((at) => `pass,check-${at}\n`),
  )
  t.equal(checker.ran(), 20)
  t.same(readdirSync(join(notes, 'scratch')), [])
})

void t.test('a check that failed is run again, and one that fails as well as passes is not remembered', async (t) => {
  const scene = await new Scene(t).begin(letters('ab'))
  const red = shell('red', `${scene.note('red')}; exit 1`)
  await scene.propose([red])
  const runs = scene.noted('red').length
  await scene.propose([red])
  t.equal(scene.noted('red').length, 2 * runs)
  const flaky = shell('flaky', `${scene.note('flaky')}; test $(wc -l < '${join(scene.notes, 'flaky')}') -ne 1`)
  t.match(await scene.propose([flaky]), { verdict: 'pass', blame: [{ how: 'flaky' }] })
  t.match(await scene.propose([flaky]), { checks: [{ verdict: 'pass', cached: false }] })
})

/** A check that leaves something behind, and one that needs it: each is of no use without the other. */
const needingChecks = (scene: Scene): readonly Check[] => [
  shell('build', `mkdir build && cat seed bad* > build/all; ${scene.note('built')}`),
  shell('test', `${scene.note('tested')}; test -f build/all && ! grep -q BAD build/all`),
]

void t.test('a check that needs those before it is blamed after them, and one that does not alone', async (t) => {
  const scene = await new Scene(t).begin({ good: { good: '1\n' }, bad: { bad: 'BAD\n' }, more: { more: '1\n' } })
  const proposal = await scene.propose(needingChecks(scene))
  t.match(proposal.blame, [{ check: 'test', how: 'culprits', tasks: ['bad'], dropped: 'bad' }])
  t.match(proposal.verdict, 'pass')
  const alone = await new Scene(t).begin({ good: { good: '1\n' }, bad: { bad: 'BAD\n' }, more: { more: '1\n' } })
  const checks = [shell('slow', alone.note('slow')), shell('test', `${alone.note('tested')}; ! grep -q BAD bad`)]
  t.match((await alone.propose(checks)).blame, [{ how: 'culprits', tasks: ['bad'] }])
  t.equal(alone.noted('slow').length, 2, 'it is run on what is proposed only')
})

void t.test('an early check that needs those before it is judged after them', async (t) => {
  const scene = await new Scene(t).begin({ a: { a: '1\n' }, b: { b: '1\n' } })
  const build = shell('build', 'mkdir build && cp a b build/ 2> /dev/null || true')
  const test = shell('test', 'test -d build && ! { test -f build/a && test -f build/b; }')
  t.match(await scene.checkEarly([build, test]), { failed: [{ check: 'test', tasks: ['a', 'b'] }] })
})

void t.test('what is known of a check is known of it after those that ran before it', async (t) => {
  const scene = await new Scene(t).begin({ one: { one: '1\n' } })
  const [build, test] = needingChecks(scene)
  if (build === undefined || test === undefined) throw new Error('there are two')
  t.equal((await scene.propose([build, test])).verdict, 'pass')
  t.equal(
    (await scene.propose([test], {}, asRunId('20260101-000000-00000002'))).verdict,
    'fail',
    'it has not passed alone',
  )
  const flaky = shell('flaky', `test -f build/all && test -f '${join(scene.notes, 'well')}'`)
  const later = (name: string) => scene.propose([build, flaky], {}, asRunId(`20260101-000000-0000000${name}`))
  t.equal((await later('3')).verdict, 'fail')
  writeFileSync(join(scene.notes, 'well'), '')
  t.equal((await later('4')).verdict, 'pass', 'what it needs is made again')
  const before = scene.noted('built').length
  t.match((await later('5')).checks, [{ cached: true }, { cached: true }])
  t.equal(scene.noted('built').length, before)
})

void t.test('the whole output of a check is kept where its result says', async (t) => {
  const scene = await new Scene(t).begin(letters('a'))
  const { checks } = await scene.propose([shell('loud', 'yes 0123456789 | head -c 200000; echo; echo the end')])
  const log = readFileSync(join(scene.sealing.directory, checks[0]?.log ?? ''), 'utf8')
  t.match(log, /\nthe end\n$/)
  t.ok(log.length > 200_000 && (checks[0]?.outputTail.length ?? 0) <= 64 * 1024)
})

void t.test(
  'who breaks a check is told with what was seen of them together and alone, and where its logs are',
  async (t) => {
    const scene = await new Scene(t).begin(letters('abcd'))
    const script = `${scene.note('runs')}; test ! -e a || test ! -e c || { echo a meets c; exit 1; }; echo fine`
    const proposal = await scene.propose([shell('test', script)], { atOnce: 2 })
    t.match(proposal, { verdict: 'pass', blame: [{ tasks: ['a', 'c'], dropped: 'c' }] })
    const [one] = proposal.blame
    if (one === undefined) throw new Error('nobody is blamed')
    const { sentence, seen, runs } = one
    t.same(scene.told.slice(0, 2), [
      'checking the merged tree: test',
      'check "test" fails; looking for the cause: run 1 of at most 31',
    ])
    t.equal(sentence, 'a + c break check "test"; a alone and c alone pass')
    t.match(seen, [
      { tasks: ['a', 'c'], verdict: 'fail', reason: 'exit code 1', partOf: null, outputTail: 'a meets c\n' },
      { tasks: ['a'], verdict: 'pass' },
      { tasks: ['c'], verdict: 'pass' },
    ])
    t.equal(readFileSync(join(scene.sealing.directory, seen[0]?.log ?? ''), 'utf8'), 'a meets c\n')
    t.ok(scene.noted('runs').length <= runs + 2, 'the whole, what was counted, and the rest')
    t.same(violations(proposal, schema), [])
    const markdown = proposalToMarkdown(proposal)
    t.match(markdown, `- ${sentence}; c was left out (${runs} runs)`)
    t.match(markdown, /^ {2}- a \+ c: fail: exit code 1, `\S+_check\.\d+\.log`$/m)
  },
)

void t.test('a base that is red is told after few runs', async (t) => {
  const scene = await new Scene(t).begin(letters('abcdefgh'))
  const { blame } = await scene.propose([shell('test', `${scene.note('runs')}; echo broken; exit 1`)])
  t.match(blame, [{ how: 'base', dropped: null, seen: [{ tasks: [], verdict: 'fail', outputTail: 'broken\n' }] }])
  t.equal(blame[0]?.sentence, 'check "test" fails on the base alone: nobody is blamed')
  t.ok(scene.noted('runs').length <= 5)
})

/** Versions in a text that declares none: which one is right only a check can tell. */
const versions = (one: string, two: string): string => `x\nuse left-pad ${one}\nx\nx\nx\nx\nuse right-pad ${two}\nx\n`

void t.test(
  'resolutions that need a check are tried on what is green, and only what stays green is kept',
  async (t) => {
    const base = { 'a.js': versions('1.0.0', '1.0.0') }
    const tasks = {
      first: { 'a.js': versions('1.1.0', '1.0.0') },
      second: { 'a.js': versions('1.2.0', '1.0.0') },
      other: { b: 'b' },
    }
    const scene = await new Scene(t).begin(tasks, base)
    scene.merge = { ...defaultMergePolicy, resolvers: { upTo: 'checked', off: [] } }
    const landedIn = ({ order }: Proposal): string => order.join()
    const unchecked = await scene.propose([])
    t.match(unchecked, { trial: { kept: [], reason: 'there is no check' } })
    t.equal(landedIn(unchecked), 'first,other')
    const green = await scene.propose([shell('tests', `${scene.note('green')}; true`)])
    t.match(green, { verdict: 'pass', trial: { kept: ['second'], refused: [], runs: 1, reason: null } })
    t.match(green.resolved, [{ grade: 'checked', task: 'second' }])
    t.equal(landedIn(green), 'first,other,second')
    t.same(green.conflicts, [])
    t.same(violations(green, schema), [])
    t.match(proposalToMarkdown(green), '- in only because every check passes with it: second')
    const red = await scene.propose([shell('tests', "! grep -q '1.2.0' a.js")])
    t.match(red, { verdict: 'pass', trial: { kept: [], refused: ['second'], runs: 1 }, resolved: [] })
    t.equal(landedIn(red), 'first,other')
    t.match(red.conflicts, [{ theirs: 'second' }])
    t.match(proposalToMarkdown(red), '- left out because a check does not pass with it: second')
    const more = { ...tasks, behind: { c: 'c' }, beside: { d: 'd' }, next: { e: 'e' } }
    const needs = { behind: 'second', beside: 'first', next: 'first' }
    const chained = await new Scene(t).begin(more, base, needs)
    chained.merge = scene.merge
    const whole = await chained.propose([shell('tests', 'true')])
    t.same([...whole.order].toSorted(), ['behind', 'beside', 'first', 'next', 'other', 'second'])
    const without = await chained.propose([shell('tests', "! grep -q '1.2.0' a.js")])
    t.same(without.trial?.refused, ['second', 'behind'], 'nobody comes in without whom it needs')
    const blamed = await scene.propose([shell('tests', '! test -e b')])
    t.match(
      blamed,
      { verdict: 'pass', trial: { kept: ['second'], refused: [], runs: 1 } },
      'who is blamed is not tried',
    )
    t.equal(landedIn(blamed), 'first,second')
  },
)

void t.test('an early check names those whose unfinished work breaks it only together', async (t) => {
  const scene = await new Scene(t).begin(letters('abcd'))
  const checks = [shell('both', 'echo seen; ! { test -e a && test -e c; }'), shell('fine', 'true')]
  t.match(await scene.checkEarly(checks), {
    passed: ['fine'],
    failed: [{ check: 'both', tasks: ['a', 'c'], output: /seen/ }],
  })
  t.same(readdirSync(join(scene.notes, 'scratch')), [], 'no checkout is left')
  t.notOk(
    readdirSync(scene.notes).some((name) => name.startsWith('_check')),
    'and no log',
  )
})

void t.test('an early check sets aside who breaks it alone, and looks on among the rest', async (t) => {
  const alone = await new Scene(t).begin(letters('abc'))
  t.same(await alone.checkEarly([shell('half', '! test -e b')]), { passed: [], failed: [] })
  const scene = await new Scene(t).begin(letters('abcd'))
  const broken = '! test -e b && ! { test -e a && test -e d; }'
  t.match(await scene.checkEarly([shell('half', broken)]), { failed: [{ tasks: ['a', 'd'] }] })
})

void t.test('an early check says nothing of a base that is red, of chance, and of what cannot run', async (t) => {
  const scene = await new Scene(t).begin(letters('abc'))
  const flaky = `n=$(cat '${scene.notes}/n' 2>/dev/null || echo 0); echo $((n + 1)) > '${scene.notes}/n'; test $((n % 2)) = 1`
  for (const script of ['false', flaky, 'no-such-command']) {
    t.same((await scene.checkEarly([shell('x', script)])).failed, [], script)
  }
  const setUp = [shell('setup', 'false')]
  t.same(await scene.checkEarly([shell('x', 'false')], setUp), { passed: [], failed: [] }, 'not prepared')
})

void t.test('an early check leaves out what does not merge', async (t) => {
  const scene = await new Scene(t).begin({ a: { a: 'a', seed: 'x\n' }, b: { seed: 'y\n' }, c: { c: 'c' } })
  t.match(await scene.checkEarly([shell('c', '! test -e c || ! grep -q [xy] seed')]), {
    failed: [{ tasks: [/[ab]/, 'c'] }],
  })
})

void t.test('an early check keeps its checkout while attempts are judged', async (t) => {
  const scene = await new Scene(t).begin(letters('ab'))
  const aggregator = await scene.aggregator()
  const [up, gate] = [join(scene.notes, 'up'), join(scene.notes, 'gate')]
  const checks = [shell('slow', `touch '${up}'; while [ ! -e '${gate}' ]; do sleep 0.05; done; test -e x && test -e y`)]
  const changeSets = [
    await scene.sealing.seal('x', scene.base, { x: '1' }),
    await scene.sealing.seal('y', scene.base, { y: '1' }),
  ]
  const begun = appears(up)
  const verdict = aggregator.checkEarly({ changeSets, checks, prepare: [] })
  await begun
  const candidates = changeSets.map(({ base, commit }) => ({ base, commit }))
  const settings = { prepare: [], reusePasses: true, atOnce: 1 }
  const judged = await aggregator.judge({ candidates, checks: [shell('x', 'test -e x')], settings })
  t.match(judged, [{ verdict: 'pass' }, { verdict: 'fail' }])
  writeFileSync(gate, '')
  t.same(await verdict, { passed: ['slow'], failed: [] })
})

void t.test('an early check that is cancelled ends with what it has started, and says nothing', async (t) => {
  const scene = await new Scene(t).begin(letters('ab'))
  const aggregator = await scene.aggregator()
  const pidFile = join(scene.notes, 'pid')
  const checks = [shell('slow', `echo $$ > '${pidFile}.new'; mv '${pidFile}.new' '${pidFile}'; exec sleep 600`)]
  const changeSets = [
    await scene.sealing.seal('x', scene.base, { x: '1' }),
    await scene.sealing.seal('y', scene.base, { y: '1' }),
  ]
  const begun = appears(pidFile)
  const verdict = aggregator.checkEarly({ changeSets, checks, prepare: [] })
  await begun
  const pid = Number(readFileSync(pidFile, 'utf8'))
  aggregator.cancelEarly()
  t.same(await verdict, { passed: [], failed: [] })
  await gone(pid)
  t.same(readdirSync(join(scene.notes, 'scratch')), [])
})

/** Resolves when a file is there. */
async function appears(path: string): Promise<void> {
  const watcher = watch(dirname(path))
  try {
    if (existsSync(path)) return
    for (;;) {
      await once(watcher, 'change')
      if (existsSync(path)) return
    }
  } finally {
    watcher.close()
  }
}

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
