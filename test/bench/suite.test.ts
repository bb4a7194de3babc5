import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { byBlame, byHalving, byOneByOne, brokenBy, failingByChance } from '../../src/bench/integration/blame-runs.ts'
import { askIntegration } from '../../src/bench/integration/question.ts'
import { timeLines } from '../../src/bench/overhead/commands.ts'
import { askModes } from '../../src/bench/modes/question.ts'
import { askRecovery } from '../../src/bench/recovery/question.ts'
import { askSpeedUp } from '../../src/bench/speed-up/question.ts'
import { boundOf, drawGraph } from '../../src/bench/speed-up/random-graph.ts'
import { askOverhead } from '../../src/bench/overhead/question.ts'
import { drawFlame } from '../../src/bench/suite/draw-flame.ts'
import { flameOf, placesOf } from '../../src/bench/suite/flame.ts'
import type { Answer, Setting } from '../../src/bench/suite/question.ts'
import { movedTable } from '../../src/bench/suite/moved.ts'
import { circumstances, type Report } from '../../src/bench/suite/report.ts'
import { reportToHtml } from '../../src/bench/suite/report-html.ts'
import { reportToMarkdown } from '../../src/bench/suite/report-text.ts'
import { inRounds } from '../../src/bench/suite/rounds.ts'
import { fairness, growthOf, isMet, quantile, ratioOf, spread } from '../../src/bench/suite/statistics.ts'
import { hold } from '../../src/bench/writes/contest.ts'
import { openReader } from '../../src/bench/writes/reader.ts'
import type { Way } from '../../src/bench/writes/way.ts'
import { openWriters } from '../../src/bench/writes/writers.ts'
import { findProgram } from '../../src/processes/find-program.ts'

void t.test('quantiles lie between what was measured, and in order', async (t) => {
  t.equal(quantile([4, 1, 3, 2], 0.5), 2.5)
  t.equal(quantile([1, 2, 3, 4, 5], 0.25), 2)
  t.equal(spread([8, 10, 12]), 0.1)
  t.ok(Number.isNaN(quantile([], 0.5)))
  const samples = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 })
  fc.assert(
    fc.property(
      samples,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (all, a, b) => {
        const [low, high] = [quantile(all, Math.min(a, b)), quantile(all, Math.max(a, b))]
        return Math.min(...all) <= low && low <= high && high <= Math.max(...all)
      },
    ),
  )
})

void t.test('fairness is 1 for equal shares and 1/n when one has everything', async (t) => {
  t.equal(fairness([3, 3, 3]), 1)
  t.equal(fairness([1, 0, 0, 0]), 0.25)
})

void t.test('a ratio compares round by round, and says whether it is what was wanted', async (t) => {
  const ratio = ratioOf('r', { of: [10, 40, 30], to: [1, 2, 3] }, { atLeast: 10 })
  t.match(ratio, { median: 10, spread: 0.25 })
  t.equal(isMet(ratio), true)
  t.equal(isMet({ ...ratio, wanted: { atMost: 9 } }), false)
  t.equal(isMet({ ...ratio, wanted: null }), null)
})

void t.test('things are done in turn', async (t) => {
  const done: string[] = []
  const thing = (name: string) => [name, () => Promise.resolve(done.push(name))] as const
  const results = await inRounds(3, new Map([thing('a'), thing('b')]), () => {})
  t.same(done, ['a', 'b', 'a', 'b', 'a', 'b'])
  t.same(results.get('b'), [2, 4, 6])
})

void t.test('writers: what is not guarded loses updates, everything else loses none', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-bench-test-'))
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  const retries = { retries: 10_000, minTimeout: 1, maxTimeout: 10, randomize: true }
  const ways: readonly Way[] = [
    { how: 'unguarded' },
    { how: 'locked', retries },
    { how: 'fenced' },
    { how: 'batched' },
    { how: 'one writer' },
    { how: 'own file' },
  ]
  for (const mode of ['async', 'thread', 'process'] as const) {
    await using writers = await openWriters(mode, 4)
    await using reader = openReader()
    for (const way of ways) {
      const path = join(folder, `${mode} ${way.how}`)
      const outcome = await hold({ writers, reader }, { way, path, writers: 4, writes: 5 })
      const isGuarded = way.how !== 'unguarded'
      if (isGuarded) t.match(outcome, { lost: 0, torn: 0 }, `${mode}, ${way.how}`)
      else if (mode === 'async') t.ok(outcome.lost > 0, 'the contest can fail')
      t.ok(outcome.fairness > 0 && outcome.fairness <= 1.000001 && outcome.wallMs >= outcome.p99Ms * 0.5)
    }
  }
})

void t.test('it is told how far ratios have moved since another report, the farthest first', async (t) => {
  const report = (...medians: readonly number[]): Report => ({
    schema: 'troupe/bench/1',
    ...circumstances({ at: '2026-01-01T00:00:00.000Z', full: false, seed: 1 }),
    answers: [
      {
        name: 'n',
        title: '',
        tables: [],
        plots: [],
        measured: [],
        notes: [],
        ratios: medians.map((median, number) => ({ name: `r${number}`, median, spread: 0, wanted: null })),
      },
    ],
  })
  t.same(movedTable(report(10, 10), report(11, 7, 3)).rows, [
    ['n: r1', '10', '7', '-30 %', 'more than 25 %'],
    ['n: r0', '10', '11', '+10 %', ''],
  ])
})

void t.test('a report is told as Markdown, and as a page of its own', async (t) => {
  const answer: Answer = {
    tables: [{ title: 'T', head: ['a'], rows: [['<b>']] }],
    plots: [
      {
        title: 'a plot',
        x: { label: 'agents', isLogarithmic: true },
        y: { label: 'ms', isLogarithmic: true },
        isLine: true,
        points: [1, 2, 4].map((x) => ({ series: 's & t', x, y: x * 10 })),
      },
    ],
    measured: [{ name: 'm', unit: 'ms', samples: [1, 2, 3] }],
    ratios: [ratioOf('r', { of: [1], to: [2] }, { atLeast: 1 })],
    notes: ['a note'],
  }
  const report: Report = {
    schema: 'troupe/bench/1',
    ...circumstances({ at: '2026-01-01T00:00:00.000Z', full: false, seed: 1 }),
    answers: [{ name: 'n', title: 'A question', ...answer }],
  }
  const markdown = reportToMarkdown(report)
  t.match(markdown, /^\| r +\| 0\.5 +\| 0 % +\| >= 1 +\| NOT MET \|$/m)
  t.match(markdown, /^\| m +\| ms +\| 2 +\| 25 % +\| 3 +\|$/m)
  const page = reportToHtml(report)
  t.match(page, /^<!doctype html>.*<svg[^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg".*<circle.*<\/html>\n$/s)
  t.match(page, '&lt;b&gt;')
  t.notMatch(page.replaceAll('http://www.w3.org/', ''), /<script|https?:/)
})

/** An empty folder and nobody who listens. */
function setting(t: Test): Setting {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-bench-test-'))
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  return { full: false, seed: 1, folder, tell() {} }
}

/** Everything was measured in every round, and every comparison came to a number. */
function mustBeWhole(t: Test, { measured, ratios, tables }: Answer, rounds: number): void {
  for (const { name, samples } of measured) {
    t.ok(samples.length >= rounds, `${name}: every round`)
    t.ok(samples.every(Number.isFinite), `${name}: a number every time`)
  }
  t.ok(ratios.length > 0, 'something is compared')
  for (const { name, median } of ratios) t.ok(Number.isFinite(median), name)
  for (const { head, rows } of tables) t.ok(rows.every((row) => row.length === head.length))
}

void t.test('a power is found again from what grows with it', async (t) => {
  const points = [10, 100, 1_000].map((x) => ({ x, y: 3 * x ** 1.5 }))
  t.ok(Math.abs(growthOf(points) - 1.5) < 1e-9)
})

void t.test('a profile becomes a tree of times, a picture, and times by part of the sources', async (t) => {
  const frame = (functionName: string, url: string) => ({
    functionName,
    url,
    scriptId: '',
    lineNumber: 0,
    columnNumber: 0,
  })
  const flame = flameOf({
    startTime: 0,
    endTime: 40,
    nodes: [
      { id: 1, callFrame: frame('(root)', ''), children: [2, 4] },
      { id: 2, callFrame: frame('record', 'file:///x/src/supervisor/run/run.ts'), children: [3] },
      { id: 3, callFrame: frame('openSync', 'node:fs') },
      { id: 4, callFrame: frame('', 'file:///x/src/../node_modules/comlink/dist/a<b.js') },
    ],
    samples: [2, 3, 4],
    timeDeltas: [10_000, 20_000, 10_000],
  })
  t.equal(flame.ms, 40)
  t.same(
    [...placesOf(flame)],
    [
      ['supervisor/run/run.ts', 30],
      ['comlink', 10],
      ['Node itself', 0],
    ],
  )
  const { text } = drawFlame({ title: 'a & b', flame })
  t.match(text, /<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg".*record, supervisor\/run\/run\.ts: 30 ms, 75\.0 %/s)
  t.match(text, 'a &amp; b')
})

void t.test('speed-up: the scenarios are carried out one task after the other and all at once', async (t) => {
  const answer = await askSpeedUp(setting(t), {
    rounds: 1,
    pace: { firstMs: 5, pieces: 2, everyMs: 5, callsEach: 2 },
    model: { modes: ['async'], counts: [1, 2] },
    program: { modes: [], counts: [1], seconds: 0 },
    review: { modes: [], counts: [1], sources: 1 },
    scenarios: { shapes: [{ agents: 2, tasksEach: 1 }], modes: ['async'], seconds: 0.01 },
    graphs: [{ tasks: 4, leastSeconds: 0.01, mostSeconds: 0.02, places: 2, isEstimated: true }],
  })
  mustBeWhole(t, answer, 1)
  t.equal(answer.tables[0]?.rows.length, 1)
})

void t.test('no schedule of a drawn graph is quicker than its bound', async (t) => {
  const amounts = { tasks: 50, leastSeconds: 1, mostSeconds: 2, places: 4 }
  const graph = drawGraph(amounts, 1)
  t.same(graph, drawGraph(amounts, 1), 'the same seed draws the same graph')
  t.notSame(graph, drawGraph(amounts, 2))
  t.ok(graph.every(({ needs }, number) => needs.every((need) => need < number)))
  const chain = [0, 1, 2].map((number) => ({ seconds: 2, needs: number === 0 ? [] : [number - 1] }))
  t.equal(boundOf(chain, 4), 6)
  t.equal(boundOf([...chain, ...chain.map(() => ({ seconds: 4, needs: [] }))], 2), 9)
})

void t.test('modes: every mode is measured, and a table says which for what', async (t) => {
  const amounts = { starts: 1, atOnce: 2, roundTrips: 2, calls: 10, window: 2, megabytes: 1, processors: 1 }
  const answer = await askModes(setting(t), { rounds: 1, ...amounts })
  mustBeWhole(t, { ...answer, measured: answer.measured.filter(({ samples }) => samples.length > 0) }, 1)
  t.equal(answer.tables.at(-1)?.title, 'Which mode for what')
})

void t.test('recovery: a killed run is taken up again, and what it took is told by what had ended', async (t) => {
  mustBeWhole(t, await askRecovery(setting(t), { rounds: 1, counts: [1, 2] }), 1)
})

void t.test('overhead: empty tasks are compared with those of peers, and it is told where the time goes', async (t) => {
  const answer = await askOverhead(setting(t), {
    rounds: 1,
    modes: ['async'],
    tasks: { async: [4, 8], thread: [], process: [] },
    peers: ['piscina, one task a worker', 'p-queue, in process'],
    peerTasks: 20,
    commands: 0,
    programs: ['xargs', 'a program that nobody has'],
    ballastBytes: 0,
  })
  mustBeWhole(t, answer, 1)
  t.ok(answer.ratios.some(({ name }) => name.startsWith('empty tasks, async against piscina')))
  t.match(answer.notes.join(), /a program that nobody has was skipped/)
  t.ok((answer.flames?.[0]?.flame.ms ?? 0) > 0, 'the flame is not empty')
})

void t.test(
  'programs that run a command for every line are timed',
  { skip: findProgram('xargs', process.env) === null },
  async (t) => {
    t.ok((await timeLines('xargs', 2, setting(t).folder)) > 0)
    // more than a pipe holds: it is gone before all is written
    await t.rejects(timeLines('false', 100_000, setting(t).folder), /false ended with 1/)
  },
)

void t.test('integration: the fold makes the tree of git merge, and comparisons find every pair', async (t) => {
  const answer = await askIntegration(setting(t), { rounds: 1, files: 20, sides: [2, 3], workspaces: [2], blamed: [4] })
  mustBeWhole(t, answer, 1)
  t.match(answer.tables.find(({ title }) => title.startsWith('Checks run'))?.rows, [
    ['one of 4, blame', '', '', '0 %'].map((cell) => (cell === '' ? String : cell)),
  ])
})

void t.test('every search names those who break a check, and blame alone is not taken in by chance', async (t) => {
  for (const search of [byBlame, byOneByOne, byHalving]) {
    t.match(await search(8, brokenBy([3])), { named: [3] })
    t.match(await search(8, brokenBy([2, 6])), { named: [2, 6] })
  }
  const innocents = async (search: typeof byBlame): Promise<number> => {
    const found = await Promise.all(
      Array.from({ length: 50 }, (_, seed) => search(16, failingByChance(5, 1 + seed * 104_729))),
    )
    return found.filter(({ named }) => named.length > 0).length
  }
  t.ok((await innocents(byBlame)) < 10)
  t.equal(await innocents(byHalving), 50)
})
