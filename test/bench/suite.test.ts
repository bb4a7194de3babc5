import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import type { Answer } from '../../src/bench/suite/question.ts'
import { circumstances, type Report } from '../../src/bench/suite/report.ts'
import { reportToHtml } from '../../src/bench/suite/report-html.ts'
import { reportToMarkdown } from '../../src/bench/suite/report-text.ts'
import { inRounds } from '../../src/bench/suite/rounds.ts'
import { fairness, isMet, quantile, ratioOf, spread } from '../../src/bench/suite/statistics.ts'
import { hold } from '../../src/bench/writes/contest.ts'
import type { Way } from '../../src/bench/writes/way.ts'
import { openWriters } from '../../src/bench/writes/writers.ts'

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
    await using standing = await openWriters(mode, 4)
    for (const way of ways) {
      const path = join(folder, `${mode} ${way.how}`)
      const outcome = await hold(standing, { way, path, writers: 4, writes: 5 })
      const isGuarded = way.how !== 'unguarded'
      if (isGuarded) t.match(outcome, { lost: 0, torn: 0 }, `${mode}, ${way.how}`)
      else if (mode === 'async') t.ok(outcome.lost > 0, 'the contest can fail')
      t.ok(outcome.fairness > 0 && outcome.fairness <= 1.000001 && outcome.wallMs >= outcome.p99Ms * 0.5)
    }
  }
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
