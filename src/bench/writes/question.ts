import { join } from 'node:path'
import type { Mode } from '../../plan/task.ts'
import type { Answer, Measured, Plot, Question, Ratio, Setting, Table } from '../suite/question.ts'
import { inDigits } from '../suite/report.ts'
import { inRounds } from '../suite/rounds.ts'
import { median, ratioOf } from '../suite/statistics.ts'
import { type Contest, hold, type Outcome, type Standing } from './contest.ts'
import { openReader } from './reader.ts'
import type { Way } from './way.ts'
import { openWriters } from './writers.ts'

/** Fifty writers, ten writes each, one file: what is lost, and what it costs to lose nothing. */
export const writesQuestion: Question = { name: 'writes', title: '500 writes to one file', ask }

const modes: readonly Mode[] = ['async', 'thread', 'process']
const writers = 50

/**
 * Waits between tries for the lock, in milliseconds, and by how much they grow. The list of them begins again when it is
 * through: of ten thousand tries proper-lockfile works out all waits for each lock, and that would be most of the time.
 */
const lockedWaiting = (minTimeout: number, maxTimeout: number, factor: number): Way => ({
  how: 'locked',
  retries: { forever: true, minTimeout, maxTimeout, factor, randomize: true },
})

/** Names of ways to write, the plain ones first; `locked` with the waits that were the quickest of those tried, or hardly slower. */
const ways: ReadonlyMap<string, Way> = new Map<string, Way>([
  ['unguarded', { how: 'unguarded' }],
  ['lock for each write, waits of 20 to 40 ms', lockedWaiting(20, 40, 1)],
  ['batch writer', { how: 'batched' }],
  ['one writer', { how: 'one writer' }],
  ['own files', { how: 'own file' }],
])

/** Others, of the full form: the lock with an epoch, and other waits between tries for it. */
const otherWays: ReadonlyMap<string, Way> = new Map<string, Way>([
  ['lock and epoch for each write', { how: 'fenced' }],
  ['lock for each write, waits of 5 to 200 ms', lockedWaiting(5, 200, 2)],
  ['lock for each write, waits of 1 to 10 ms', lockedWaiting(1, 10, 1.2)],
  ['lock for each write, waits of 5 to 40 ms', lockedWaiting(5, 40, 1.5)],
  ['lock for each write, waits of 50 to 500 ms', lockedWaiting(50, 500, 1.5)],
])

async function ask(setting: Setting): Promise<Answer> {
  const all = setting.full ? new Map([...ways, ...otherWays]) : ways
  const parts: Part[] = []
  for (const mode of modes) {
    setting.tell(`${mode}: starting ${writers} writers`)
    await using standingWriters = await openWriters(mode, writers)
    await using reader = openReader()
    const standing = { writers: standingWriters, reader }
    parts.push(await partOf(setting, { mode, standing, ways: all, writes: 10 }))
    for (const writes of setting.full ? [100, 1_000] : [])
      parts.push(await partOf(setting, { mode, standing, ways: quickWays, writes }))
  }
  return {
    tables: parts.map(tableOf),
    plots: [plotOf(parts.filter(({ writes }) => writes === 10))],
    measured: parts.flatMap(measuredOf),
    ratios: parts.filter(({ writes }) => writes === 10).flatMap(ratiosOf),
    notes: [
      ...parts.flatMap(lossesOf),
      'The batch writer and the one writer have every write on disk (fsync) before it counts; the others do not.',
      ...(setting.full
        ? ['With 5,000 and 50,000 writes a lock for each write is left out: it would take minutes a round.']
        : []),
    ],
  }
}

/** Those whose time does not grow with the square of what is written, or not by much. */
const quickWays = new Map([...ways].filter(([name]) => ['batch writer', 'one writer', 'own files'].includes(name)))

interface Asked {
  readonly mode: Mode
  readonly standing: Standing
  readonly ways: ReadonlyMap<string, Way>
  /** Of each writer. */
  readonly writes: number
}

interface Part extends Pick<Asked, 'mode' | 'writes'> {
  readonly outcomes: ReadonlyMap<string, readonly Outcome[]>
}

let files = 0

async function partOf({ folder, tell }: Setting, { mode, standing, ways: asked, writes }: Asked): Promise<Part> {
  const contest = (way: Way): Contest => ({ way, path: join(folder, `${(files += 1)}`), writers, writes })
  const things = new Map([...asked].map(([name, way]) => [name, () => hold(standing, contest(way))]))
  return {
    mode,
    writes,
    outcomes: await inRounds(5, things, (text) => {
      tell(`${mode}, ${writers * writes} writes, ${text}`)
    }),
  }
}

const medianOf = (outcomes: readonly Outcome[], what: keyof Outcome): number => median(outcomes.map((one) => one[what]))

function tableOf({ mode, writes, outcomes }: Part): Table {
  return {
    title: `${mode}, ${writers} writers x ${writes}`,
    head: ['way', 'lost', 'torn reads', 'wall ms', 'p99 ms', 'Jain'],
    rows: [...outcomes].map(([name, all]) => [
      name,
      inDigits(medianOf(all, 'lost')),
      inDigits(medianOf(all, 'torn')),
      inDigits(medianOf(all, 'wallMs')),
      inDigits(medianOf(all, 'p99Ms')),
      inDigits(medianOf(all, 'fairness')),
    ]),
  }
}

const measuredOf = ({ mode, writes, outcomes }: Part): readonly Measured[] =>
  [...outcomes].flatMap(([name, all]) => {
    const what = `${mode}, ${writers * writes} writes, ${name}`
    return [
      { name: what, unit: 'ms', samples: all.map(({ wallMs }) => wallMs) },
      { name: `${what}, p99`, unit: 'ms', samples: all.map(({ p99Ms }) => p99Ms) },
      { name: `${what}, lost`, unit: 'updates', samples: all.map(({ lost }) => lost) },
      { name: `${what}, torn`, unit: 'tears', samples: all.map(({ torn }) => torn) },
      { name: `${what}, Jain`, unit: 'index', samples: all.map((one) => one.fairness) },
    ] as const
  })

function ratiosOf({ mode, outcomes }: Part): readonly Ratio[] {
  const walls = (name: string): readonly number[] => (outcomes.get(name) ?? []).map(({ wallMs }) => wallMs)
  const best = quickestLock(outcomes)
  const batch = walls('batch writer')
  return [
    ratioOf(
      `${mode}: the batch writer is so many times as fast as the quickest lock for each write`,
      { of: walls(best), to: batch },
      { atLeast: mode === 'async' ? 50 : 10 },
    ),
    ratioOf(
      `${mode}: the batch writer takes so many times as long as one writer without a lock`,
      { of: batch, to: walls('one writer') },
      { atMost: 2 },
    ),
    {
      name: `${mode}: Jain's index of the batch writer`,
      median: medianOf(outcomes.get('batch writer') ?? [], 'fairness'),
      spread: 0,
      wanted: { atLeast: 0.95 },
    },
  ]
}

/** Of all waits between tries those which were the best ones. */
function quickestLock(outcomes: Part['outcomes']): string {
  const locks = [...outcomes.keys()].filter((name) => name.startsWith('lock') && !name.includes('epoch'))
  const wallOf = (name: string): number => medianOf(outcomes.get(name) ?? [], 'wallMs')
  return locks.toSorted((a, b) => wallOf(a) - wallOf(b))[0] ?? ''
}

/** Whether the benchmark can fail, and whether it did. */
function lossesOf({ mode, writes, outcomes }: Part): readonly string[] {
  return [...outcomes].flatMap(([name, all]) => {
    const losses = all.map(({ lost }) => lost)
    if (name === 'unguarded')
      return losses.every((lost) => lost > 0)
        ? []
        : [`NOT MET: ${mode}: a round of unguarded writes lost nothing, so that this contest proves nothing.`]
    return losses.every((lost) => lost === 0)
      ? []
      : [`NOT MET: ${mode}, ${writers * writes} writes: ${name} lost ${losses.join(', ')}.`]
  })
}

function plotOf(parts: readonly Part[]): Plot {
  return {
    title: 'Wall time of 500 writes, each round a point',
    x: { label: 'way', isLogarithmic: false },
    y: { label: 'ms', isLogarithmic: true },
    isLine: false,
    points: parts.flatMap(({ mode, outcomes }) =>
      [...outcomes].flatMap(([name, all]) => all.map(({ wallMs }) => ({ series: mode, x: name, y: wallMs }))),
    ),
  }
}
