import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../clock.ts'
import type { Mode } from '../../plan/task.ts'
import { LimitedProvider } from '../limited-provider.ts'
import type { Answer, Measured, Plot, Question, Ratio, Setting, Table } from '../suite/question.ts'
import { inDigits } from '../suite/report.ts'
import { inRounds } from '../suite/rounds.ts'
import { median, ratioOf } from '../suite/statistics.ts'
import { carryOut, makeBenchRepository, spanOf } from '../suite/troupe-run.ts'
import { boundOf, drawGraph, type GraphAmounts, graphManifest, type GraphTask } from './random-graph.ts'
import { firstShapes, playScenarios, type Scenario, type ScenarioAmounts, scenarioRatio } from './scenarios.ts'
import { manifestOf, modelWork, programWork, reviewWork, type Work } from './work.ts'

/** What agents side by side bring: sequential against parallel, in every mode, against what is possible. */
export const speedUpQuestion: Question = { name: 'speed-up', title: 'Sequential against parallel', ask }

/** How much is done of each. */
export interface Amounts {
  readonly rounds: number
  /** Of each of the two calls of a task that waits for a model. */
  readonly serviceMs: number
  readonly model: Extent
  readonly program: Extent & { readonly seconds: number }
  readonly review: Extent & { readonly sources: number }
  readonly scenarios: Omit<ScenarioAmounts, 'rounds'>
  readonly graph: GraphAmounts
}

/** In which modes, and how many agents at once: 1 first. */
interface Extent {
  readonly modes: readonly Mode[]
  readonly counts: readonly number[]
}

const cores = availableParallelism()
const allModes: readonly Mode[] = ['async', 'thread', 'process']

const short: Amounts = {
  rounds: 5,
  serviceMs: 300,
  model: { modes: ['async'], counts: [1, 32] },
  program: { modes: [], counts: [1], seconds: 0.5 },
  review: { modes: ['thread'], counts: [1, cores], sources: 100 },
  scenarios: { shapes: firstShapes, modes: ['async'], seconds: 0.6 },
  graph: { tasks: 60, leastSeconds: 0.1, mostSeconds: 0.4, places: 8 },
}
const full: Amounts = {
  rounds: 5,
  serviceMs: 2_000,
  model: { modes: allModes, counts: [1, 4, 16, 64, 256] },
  program: { modes: allModes, counts: [1, 4, 16, 64], seconds: 2 },
  review: { modes: allModes, counts: [1, cores], sources: 400 },
  scenarios: { shapes: firstShapes, modes: allModes, seconds: 2 },
  graph: { tasks: 200, leastSeconds: 0.2, mostSeconds: 0.8, places: 8 },
}

function ask(setting: Setting): Promise<Answer> {
  return askSpeedUp(setting, setting.full ? full : short)
}

/** Asks it with so much of each. */
export async function askSpeedUp(setting: Setting, amounts: Amounts): Promise<Answer> {
  const { rounds, serviceMs } = amounts
  const manner = { clock: systemClock, limit: 10_000, serviceMs, callsEach: 2, runs: 1, retryAfterSeconds: 1 }
  await using provider = new LimitedProvider(manner)
  const { storm } = await provider.listen()
  const scenarios = await playScenarios(setting, { rounds, ...amounts.scenarios })
  const graph = drawGraph(amounts.graph, setting.seed)
  const graphMs = await carryOutGraph(setting, amounts, graph)
  const parts: Part[] = []
  for (const study of studiesOf(amounts, storm)) parts.push(...(await partsOf(setting, study, rounds)))
  const boundMs = boundOf(graph, amounts.graph.places) * 1_000
  return {
    tables: [
      scenarioTable(scenarios),
      ...[...new Set(parts.map(({ work }) => work))].map((work) =>
        tableOf(
          work.name,
          parts.filter((part) => part.work === work),
        ),
      ),
    ],
    plots: [plotOf(parts)],
    measured: [
      ...scenarios.flatMap(({ name, sequentialMs, parallelMs }): readonly Measured[] => [
        { name: `${name}, one at a time`, unit: 'ms', samples: sequentialMs },
        { name: `${name}, all at once`, unit: 'ms', samples: parallelMs },
      ]),
      { name: graphName(amounts.graph), unit: 'ms', samples: graphMs },
      ...parts.flatMap(({ work, mode, spans }) =>
        [...spans].map(([count, samples]): Measured => ({
          name: `${work.name}, ${mode}, ${count} at once`,
          unit: 'ms',
          samples,
        })),
      ),
    ],
    ratios: [
      ...scenarios.map(scenarioRatio),
      ratioOf(
        `${graphName(amounts.graph)}: efficiency against the bound`,
        { of: graphMs.map(() => boundMs), to: graphMs },
        { atLeast: 0.97 },
      ),
      ...parts.flatMap(ratiosOf),
    ],
    notes: [
      'Where agents are counted, speed-up is so many tasks, times the time of one alone, over the time of all at once; from the start of the run to the end of its last attempt, as its journal tells. The scenarios are carried out both ways.',
      `Each task of a scenario waits ${amounts.scenarios.seconds} s for a program. No schedule of the graph is quicker than its work shared by all places, or its longest path: ${inDigits(boundMs)} ms.`,
      "In async mode what computes shares the supervisor's only thread, so that no speed-up is expected there.",
      `A task that waits for a model makes two calls of ${serviceMs} ms each.`,
    ],
  }
}

const graphName = ({ tasks, places }: GraphAmounts): string => `a random graph of ${tasks} tasks, ${places} at once`

async function carryOutGraph(
  { folder, tell }: Setting,
  { graph: { places }, rounds }: Amounts,
  graph: readonly GraphTask[],
): Promise<readonly number[]> {
  const repository = await makeBenchRepository(join(folder, 'graph'), { 'readme.txt': 'a line\n' })
  const work = async (): Promise<number> => spanOf(await carryOut(repository, graphManifest(graph, places)))
  return (await inRounds(rounds, new Map([['graph', work]]), tell)).get('graph') ?? []
}

const scenarioTable = (scenarios: readonly Scenario[]): Table => ({
  title: 'The scenarios of the first Troupe',
  head: ['scenario', 'one at a time, ms', 'all at once, ms', 'speed-up'],
  rows: scenarios.map((scenario) => [
    scenario.name,
    inDigits(median(scenario.sequentialMs)),
    inDigits(median(scenario.parallelMs)),
    inDigits(scenarioRatio(scenario).median),
  ]),
})

interface Study {
  readonly work: Work
  readonly extent: Extent
  /** More at once cannot be quicker. */
  readonly mostAtOnce: number
  /** The speed-up hoped for, by count. */
  readonly wanted: Readonly<Record<number, number>>
}

const studiesOf = ({ model, program, review }: Amounts, endpoint: string): readonly Study[] => [
  {
    work: modelWork(endpoint),
    extent: model,
    mostAtOnce: Number.POSITIVE_INFINITY,
    wanted: { 4: 3.8, 64: 0.95 * 64 },
  },
  {
    work: programWork(program.seconds),
    extent: program,
    mostAtOnce: Number.POSITIVE_INFINITY,
    wanted: { 4: 3.8, 64: 0.95 * 64 },
  },
  { work: reviewWork(review.sources), extent: review, mostAtOnce: cores, wanted: { [cores]: 0.95 * cores } },
]

interface Part extends Study {
  readonly mode: Mode
  /** Of each count, the time of each round in milliseconds. */
  readonly spans: ReadonlyMap<number, readonly number[]>
}

async function partsOf({ folder, tell }: Setting, study: Study, rounds: number): Promise<readonly Part[]> {
  const { work } = study
  const { modes, counts } = study.extent
  const repository = await makeBenchRepository(join(folder, work.name), work.files)
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
  const results = await inRounds(rounds, things, tell)
  return modes.map((mode) => ({
    ...study,
    mode,
    spans: new Map(counts.map((count) => [count, results.get(`${work.name}, ${mode}, ${count}`) ?? []])),
  }))
}

const speedUps = ({ spans }: Part, count: number): readonly number[] =>
  (spans.get(1) ?? []).map((one, round) => (count * one) / (spans.get(count)?.[round] ?? Number.NaN))

function tableOf(title: string, parts: readonly Part[]): Table {
  const counts = (parts[0]?.extent.counts ?? []).filter((count) => count > 1)
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
    part.extent.counts.map((count) => ({
      series: `${part.work.name}, ${part.mode}`,
      x: count,
      y: median(speedUps(part, count)),
    })),
  ),
})
