import { availableParallelism } from 'node:os'
import type { Mode } from '../../plan/task.ts'
import type { Answer, Measured, Question, Ratio, Setting, Table } from '../suite/question.ts'
import { inDigits } from '../suite/report.ts'
import { inRounds } from '../suite/rounds.ts'
import { median, ratioOf } from '../suite/statistics.ts'
import { tryIsolation } from './isolation-trial.ts'
import { type Amounts, measureMode, type ModeFigures } from './measure-mode.ts'

/** Thread, process, async on the same work: what each costs and what it is good for. */
export const modesQuestion: Question = { name: 'modes', title: 'Thread, process or async', ask }

const modes: readonly Mode[] = ['async', 'thread', 'process']
const figures = [
  ['startMs', 'start of one', 'ms'],
  ['startAtOnceMs', 'start of all at once', 'ms'],
  ['memoryMb', 'memory of each (PSS)', 'MB'],
  ['roundTripMs', 'round trip of a call', 'ms'],
  ['callsPerSecond', 'calls, 64 under way', 'per s'],
  ['stopMs', 'stop, polite', 'ms'],
  ['killMs', 'kill of one that computes', 'ms'],
  ['delayMs', "delay of the supervisor's loop while they compute (p99)", 'ms'],
] as const satisfies readonly (readonly [keyof ModeFigures, string, Measured['unit']])[]

const processors = availableParallelism()
const short = { starts: 4, atOnce: 8, roundTrips: 500, calls: 10_000, window: 64, megabytes: 100, processors }
const full = { starts: 10, atOnce: 50, roundTrips: 2_000, calls: 100_000, window: 64, megabytes: 400, processors }

function ask(setting: Setting): Promise<Answer> {
  return askModes(setting, { rounds: 5, ...(setting.full ? full : short) })
}

/** Asks it with so much of each. */
export async function askModes(
  { tell }: Setting,
  { rounds, ...amounts }: Amounts & { readonly rounds: number },
): Promise<Answer> {
  const things = new Map(modes.map((mode) => [mode, () => measureMode(mode, amounts)]))
  const results = await inRounds(rounds, things, tell)
  const of = (mode: Mode, figure: keyof ModeFigures): readonly number[] =>
    (results.get(mode) ?? []).flatMap((one) => one[figure] ?? [])
  return {
    tables: [figuresTable(of, amounts.atOnce), isolationTable(), recommendation(of)],
    plots: [],
    measured: modes.flatMap((mode) =>
      figures.map(([figure, name, unit]) => ({ name: `${mode}: ${name}`, unit, samples: of(mode, figure) })),
    ),
    ratios: ratiosOf(of),
    notes: [
      'The first start in a host, which loads piscina or what forks, is not counted. Threads that ended politely are used again, so that only the first starts of a pool make a thread.',
    ],
  }
}

type FiguresOf = (mode: Mode, figure: keyof ModeFigures) => readonly number[]

function figuresTable(of: FiguresOf, atOnce: number): Table {
  return {
    title: `What each costs (${atOnce} at once)`,
    head: ['what', 'unit', ...modes],
    rows: figures.map(([figure, name, unit]) => [
      name,
      unit,
      ...modes.map((mode) => inDigits(median(of(mode, figure)))),
    ]),
  }
}

function isolationTable(): Table {
  return {
    title: 'When one of four dies by an error that nobody catches',
    head: ['mode', 'others alive', 'supervisor alive'],
    rows: modes.map((mode) => {
      const { othersAlive, supervisorAlive } = tryIsolation(mode)
      return [mode, `${othersAlive} of 3`, supervisorAlive ? 'yes' : 'no']
    }),
  }
}

/** From this machine's figures. */
function recommendation(of: FiguresOf): Table {
  const figure = (mode: Mode, name: keyof ModeFigures): string => inDigits(median(of(mode, name)))
  return {
    title: 'Which mode for what',
    head: ['work', 'mode', 'why, on this machine'],
    rows: [
      [
        'waiting for models and programs',
        'async',
        `a start takes ${figure('async', 'startMs')} ms and ${figure('async', 'memoryMb')} MB, ${figure('thread', 'startMs')} ms and ${figure('thread', 'memoryMb')} MB in a thread`,
      ],
      [
        'computing in JavaScript',
        'thread',
        `the supervisor's loop is late by ${figure('thread', 'delayMs')} ms, by ${figure('async', 'delayMs')} ms when it computes itself; a call takes ${figure('thread', 'roundTripMs')} ms, ${figure('process', 'roundTripMs')} ms to a process`,
      ],
      [
        'code that may crash, leak or hang',
        'process',
        `nothing of it is left ${figure('process', 'killMs')} ms after a kill, and it takes nobody along; costs ${figure('process', 'startMs')} ms and ${figure('process', 'memoryMb')} MB each`,
      ],
    ],
  }
}

function ratiosOf(of: FiguresOf): readonly Ratio[] {
  const pairs = [
    ['thread', 'async', 'startMs', 'a start'],
    ['process', 'thread', 'startMs', 'a start'],
    ['process', 'thread', 'roundTripMs', 'a round trip'],
    ['async', 'thread', 'delayMs', "the delay of the supervisor's loop"],
  ] as const
  return pairs.map(([mode, reference, figure, name]) =>
    ratioOf(`${name}: ${mode} against ${reference}`, { of: of(mode, figure), to: of(reference, figure) }),
  )
}
