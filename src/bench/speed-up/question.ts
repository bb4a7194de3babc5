import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../clock.ts'
import type { Mode } from '../../plan/task.ts'
import { LimitedProvider } from '../limited-provider.ts'
import type { Answer, Plot, Question, Ratio, Setting, Table } from '../suite/question.ts'
import { inDigits } from '../suite/report.ts'
import { inRounds } from '../suite/rounds.ts'
import { median, ratioOf } from '../suite/statistics.ts'
import { carryOut, makeBenchRepository, spanOf } from '../suite/troupe-run.ts'
import { manifestOf, modelWork, programWork, reviewWork, type Work } from './work.ts'

/** What agents side by side bring: sequential against parallel, in every mode, against what is possible. */
export const speedUpQuestion: Question = { name: 'speed-up', title: 'Sequential against parallel', ask }

async function ask(setting: Setting): Promise<Answer> {
  const { full } = setting
  const serviceMs = full ? 2_000 : 500
  const manner = { clock: systemClock, limit: 10_000, serviceMs, callsEach: 2, runs: 1, retryAfterSeconds: 1 }
  await using provider = new LimitedProvider(manner)
  const { storm } = await provider.listen()
  const cores = availableParallelism()
  const studies: readonly Study[] = [
    {
      work: modelWork(storm),
      shortModes: ['async', 'thread'],
      counts: full ? [1, 4, 16, 64, 256] : [1, 4, 32],
      mostAtOnce: Number.POSITIVE_INFINITY,
      wanted: { 4: 3.8, 64: 0.95 * 64 },
    },
    {
      work: programWork(full ? 2 : 1),
      shortModes: ['async'],
      counts: full ? [1, 4, 16, 64] : [1, 4],
      mostAtOnce: Number.POSITIVE_INFINITY,
      wanted: { 4: 3.8 },
    },
    {
      work: reviewWork(full ? 400 : 120),
      shortModes: ['thread'],
      counts: [1, cores],
      mostAtOnce: cores,
      wanted: { [cores]: 0.95 * cores },
    },
  ]
  const parts: Part[] = []
  for (const study of studies) parts.push(...(await partsOf(setting, study)))
  return {
    tables: studies.map(({ work }) =>
      tableOf(
        work.name,
        parts.filter((part) => part.work === work),
      ),
    ),
    plots: [plotOf(parts)],
    measured: parts.flatMap(({ work, mode, spans }) =>
      [...spans].map(([count, samples]) => ({
        name: `${work.name}, ${mode}, ${count} at once`,
        unit: 'ms' as const,
        samples,
      })),
    ),
    ratios: parts.flatMap(ratiosOf),
    notes: [
      'Speed-up is so many tasks, times the time of one alone, over the time of all at once; from the start of the run to the end of its last attempt, as its journal tells.',
      "In async mode what computes shares the supervisor's only thread, so that no speed-up is expected there.",
      `A task that waits for a model makes two calls of ${serviceMs} ms each.`,
    ],
  }
}

const allModes: readonly Mode[] = ['async', 'thread', 'process']

interface Study {
  readonly work: Work
  /** Of the short form. */
  readonly shortModes: readonly Mode[]
  /** Agents at once; 1 first. */
  readonly counts: readonly number[]
  /** More at once cannot be quicker. */
  readonly mostAtOnce: number
  /** The speed-up hoped for, by count. */
  readonly wanted: Readonly<Record<number, number>>
}

interface Part extends Study {
  readonly mode: Mode
  /** Of each count, the time of each round in milliseconds. */
  readonly spans: ReadonlyMap<number, readonly number[]>
}

async function partsOf({ folder, tell, full }: Setting, study: Study): Promise<readonly Part[]> {
  const { work, counts, shortModes } = study
  const repository = await makeBenchRepository(join(folder, work.name), work.files)
  const modes = full ? allModes : shortModes
  const things = new Map(
    modes.flatMap((mode) =>
      counts.map(
        (count) =>
          [
            `${work.name}, ${mode}, ${count}`,
            async () => spanOf(await carryOut(repository, manifestOf(work, { tasks: count, atOnce: count, mode }))),
          ] as const,
      ),
    ),
  )
  const results = await inRounds(5, things, tell)
  return modes.map((mode) => ({
    ...study,
    mode,
    spans: new Map(counts.map((count) => [count, results.get(`${work.name}, ${mode}, ${count}`) ?? []])),
  }))
}

const speedUps = ({ spans }: Part, count: number): readonly number[] =>
  (spans.get(1) ?? []).map((one, round) => (count * one) / (spans.get(count)?.[round] ?? Number.NaN))

function tableOf(title: string, parts: readonly Part[]): Table {
  const counts = (parts[0]?.counts ?? []).filter((count) => count > 1)
  return {
    title: `Speed-up, ${title}`,
    head: ['mode', ...counts.map((count) => `${count} at once`), 'efficiency at most'],
    rows: parts.map((part) => [
      part.mode,
      ...counts.map((count) => inDigits(median(speedUps(part, count)))),
      inDigits(median(speedUps(part, counts.at(-1) ?? 1)) / Math.min(counts.at(-1) ?? 1, part.mostAtOnce)),
    ]),
  }
}

/** What computes in async mode shares one thread: nothing is hoped for there. */
function ratiosOf(part: Part): readonly Ratio[] {
  const { work, mode, wanted, spans, mostAtOnce } = part
  return Object.entries(wanted).flatMap(([count, atLeast]) => {
    const of = speedUps(part, Number(count))
    const isHoped = !(mode === 'async' && Number.isFinite(mostAtOnce))
    const name = `speed-up, ${work.name}, ${mode}, ${count} at once`
    return spans.has(Number(count)) ? [ratioOf(name, { of, to: of.map(() => 1) }, isHoped ? { atLeast } : null)] : []
  })
}

const plotOf = (parts: readonly Part[]): Plot => ({
  title: 'Speed-up by agents at once',
  x: { label: 'agents at once', isLogarithmic: true },
  y: { label: 'speed-up', isLogarithmic: true },
  isLine: true,
  points: parts.flatMap((part) =>
    part.counts.map((count) => ({
      series: `${part.work.name}, ${part.mode}`,
      x: count,
      y: median(speedUps(part, count)),
    })),
  ),
})
