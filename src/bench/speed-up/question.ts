import { availableParallelism } from 'node:os'
import { systemClock } from '../../clock.ts'
import type { Mode } from '../../plan/task.ts'
import type { Answer, Measured, Plot, Question, Setting, Table } from '../suite/question.ts'
import { inDigits } from '../suite/report.ts'
import { median, ratioOf } from '../suite/statistics.ts'
import { playGraphs } from './play-graphs.ts'
import type { GraphAmounts } from './random-graph.ts'
import { firstShapes, playScenarios, type Scenario, type ScenarioAmounts, scenarioRatio } from './scenarios.ts'
import { callMs, type Pace, StreamingProvider } from './streaming-provider.ts'
import { type Extent, type Part, partsOf, ratiosOf, speedUps, type Study, tableOf } from './studies.ts'
import { modelWork, programWork, reviewWork } from './work.ts'

/** What agents side by side bring: sequential against parallel, in every mode, against what is possible. */
export const speedUpQuestion: Question = { name: 'speed-up', title: 'Sequential against parallel', ask }

/** How much is done of each. */
export interface Amounts {
  readonly rounds: number
  /** Of the model that tasks wait for. */
  readonly pace: Pace
  readonly model: Extent
  readonly program: Extent & { readonly seconds: number }
  readonly review: Extent & { readonly sources: number }
  readonly scenarios: Omit<ScenarioAmounts, 'rounds'>
  readonly graphs: readonly GraphAmounts[]
}

const cores = availableParallelism()
const allModes: readonly Mode[] = ['async', 'thread', 'process']

const short: Amounts = {
  rounds: 5,
  pace: { firstMs: 150, pieces: 3, everyMs: 50, callsEach: 2 },
  model: { modes: ['async'], counts: [1, 16] },
  program: { modes: [], counts: [1], seconds: 0.5 },
  review: { modes: ['thread'], counts: [1, cores], sources: 100 },
  scenarios: { shapes: firstShapes, modes: ['async'], seconds: 0.6 },
  graphs: [],
}
const full: Amounts = {
  rounds: 5,
  pace: { firstMs: 1_000, pieces: 60, everyMs: 50, callsEach: 5 },
  model: { modes: allModes, counts: [1, 4, 16, 64, 256] },
  program: { modes: allModes, counts: [1, 4, 16, 64], seconds: 2 },
  review: { modes: allModes, counts: [1, cores], sources: 400 },
  scenarios: { shapes: firstShapes, modes: allModes, seconds: 2 },
  graphs: [
    { tasks: 200, leastSeconds: 0.2, mostSeconds: 0.8, places: 8, isEstimated: false },
    { tasks: 200, leastSeconds: 0.2, mostSeconds: 0.8, places: 8, isEstimated: true },
    { tasks: 200, leastSeconds: 1, mostSeconds: 4, places: 8, isEstimated: false },
  ],
}

function ask(setting: Setting): Promise<Answer> {
  return askSpeedUp(setting, setting.full ? full : short)
}

/** Asks it with so much of each. */
export async function askSpeedUp(setting: Setting, amounts: Amounts): Promise<Answer> {
  const { rounds, pace } = amounts
  await using provider = new StreamingProvider(systemClock, pace)
  const endpoint = await provider.listen()
  const scenarios = await playScenarios(setting, { rounds, ...amounts.scenarios })
  const graphs = await playGraphs(setting, rounds, amounts.graphs)
  const parts: Part[] = []
  for (const study of studiesOf(amounts, endpoint)) parts.push(...(await partsOf(setting, rounds, study)))
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
      ...graphs.map(({ name, spans }): Measured => ({ name, unit: 'ms', samples: spans })),
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
      ...graphs.map(({ name, boundMs, spans }) =>
        ratioOf(
          `${name}: efficiency against the bound`,
          { of: spans.map(() => boundMs), to: spans },
          { atLeast: 0.97 },
        ),
      ),
      ...parts.flatMap(ratiosOf),
    ],
    notes: [
      'Where agents are counted, speed-up is so many tasks, times the time of one alone, over the time of all at once; from the start of the run to the end of its last attempt, as its journal tells. The scenarios are carried out both ways.',
      `Each task of a scenario waits ${amounts.scenarios.seconds} s for a program.`,
      ...graphs.map(
        ({ name, boundMs }) =>
          `No schedule of ${name} is quicker than its work shared by all places, or its longest path: ${inDigits(boundMs)} ms.`,
      ),
      "In async mode what computes shares the supervisor's only thread, so that no speed-up is expected there.",
      `A task that waits for a model makes ${pace.callsEach} calls of ${callMs(pace)} ms each: the answer begins after ${pace.firstMs} ms and comes in ${pace.pieces} pieces.`,
    ],
  }
}

const studiesOf = ({ model, program, review }: Amounts, endpoint: string): readonly Study[] => [
  { work: modelWork(endpoint), extent: model, mostAtOnce: Number.POSITIVE_INFINITY },
  { work: programWork(program.seconds), extent: program, mostAtOnce: Number.POSITIVE_INFINITY },
  { work: reviewWork(review.sources), extent: review, mostAtOnce: cores },
]

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
