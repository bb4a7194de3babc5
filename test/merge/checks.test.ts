import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, watch } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { aggregatorActor } from '../../src/actors/aggregator-actor.ts'
import type { AggregatorApi, AggregatorEvent, EarlyVerdict } from '../../src/actors/aggregator-api.ts'
import { systemClock } from '../../src/clock.ts'
import { asActorId, asAgentName, asRunId, asTaskId, type CommitId, type RunId } from '../../src/ids.ts'
import { openChecker } from '../../src/merge/checker.ts'
import { defaultMergePolicy, type MergePolicy } from '../../src/merge/merge-policy.ts'
import { openPasses } from '../../src/merge/passes.ts'
import type { CheckSettings, ProposalRequest, TaskEnding } from '../../src/merge/proposal-request.ts'
import type { Proposal } from '../../src/merge/proposal.ts'
import { proposalToMarkdown } from '../../src/merge/proposal-markdown.ts'
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

  async begin(tasks: Readonly<Record<string, Files>>, base: Files = { seed: '1\n' }): Promise<this> {
    this.#base = await this.sealing.begin(base)
    for (const [task, files] of Object.entries(tasks)) {
      const changeSet = await this.sealing.seal(task, this.#base, files)
      this.#endings.push({
        task: asTaskId(task),
        agent: asAgentName('scripted'),
        attempts: 1,
        needs: [],
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
