import type { Mode } from '../../plan/task.ts'
import { placesOf } from '../suite/flame.ts'
import type { FlameGraph, Measured, Plot, Ratio, Table } from '../suite/question.ts'
import { inDigits } from '../suite/report.ts'
import { growthOf, median, ratioOf, spread } from '../suite/statistics.ts'
import { bullmq, type PeerName } from './peer-names.ts'
import type { Amounts, Of, Scene } from './probes.ts'

/** How many tasks a second each carries out. */
export function rateTable(of: Of, { amounts: { modes }, peers }: Scene): Table {
  const rows = [
    ...modes.map((mode) => [`Troupe, ${mode}`, of(mode, 'perSecond')] as const),
    ...peers.map((peer) => [peer, of('peers', peer)] as const),
  ]
  return {
    title: 'Empty tasks a second',
    head: ['who', 'tasks a second', 'microseconds each'],
    rows: rows.map(([who, rates]) => [who, inDigits(median(rates)), inDigits(1e6 / median(rates))]),
  }
}

/** What more tasks cost. */
export const growthTable = (of: Of, { amounts: { tasks } }: Scene): Table => ({
  title: 'Troupe by the number of empty tasks, mode async',
  head: ['tasks', 'ms', "the supervisor's largest size, MB", 'with the proposal, MB'],
  rows: tasks.async.map((count) => [
    `${count}`,
    inDigits(median(of('async', `${count} ms`))),
    inDigits(median(of('async', `${count} MB`))),
    inDigits(median(of('async', `${count} MB in all`))),
  ]),
})

/** In which parts of the sources the time was spent. */
export function whereTable({ title, flame }: FlameGraph): Table {
  const places = [...placesOf(flame)].slice(0, 16)
  return {
    title,
    head: ['nearest file or package', 'ms', 'share'],
    rows: places.map(([place, ms]) => [place, ms.toFixed(0), `${((100 * ms) / flame.ms).toFixed(1)} %`]),
  }
}

/** Each round of everybody as a point. */
export function ratePlot(of: Of, { amounts: { modes }, peers }: Scene): Plot {
  return {
    title: 'Empty tasks a second, each round a point',
    x: { label: 'who', isLogarithmic: false },
    y: { label: 'tasks a second', isLogarithmic: true },
    isLine: false,
    points: [
      ...modes.flatMap((mode) => of(mode, 'perSecond').map((y) => ({ series: 'Troupe', x: mode, y }))),
      ...peers.flatMap((peer) => of('peers', peer).map((y) => ({ series: 'peers', x: peer.replace(/,.*/, ''), y }))),
    ],
  }
}

/** The growth of time as a line. */
export const growthPlot = (of: Of, { amounts: { tasks } }: Scene): Plot => ({
  title: 'Time of a run by its empty tasks, mode async',
  x: { label: 'tasks', isLogarithmic: true },
  y: { label: 'ms', isLogarithmic: true },
  isLine: true,
  points: tasks.async.map((x) => ({ series: 'Troupe', x, y: median(of('async', `${x} ms`)) })),
})

/** Every sample. */
export function measuredOf(of: Of, { amounts, peers, programs }: Scene): readonly Measured[] {
  const { modes } = amounts
  const commands = [...programs, 'troupe', 'troupe with ballast'].filter((who) => of(who, 'ms').length > 0)
  return [
    ...modes.map((mode) => ({ name: `Troupe, ${mode}`, unit: 'per s' as const, samples: of(mode, 'perSecond') })),
    ...peers.map((peer) => ({ name: peer, unit: 'per s' as const, samples: of('peers', peer) })),
    ...amounts.tasks.async.flatMap((count) =>
      (['ms', 'MB'] as const).map((unit) => ({
        name: `${count} empty tasks, async`,
        unit,
        samples: of('async', `${count} ${unit}`),
      })),
    ),
    ...commands.map((program) => ({
      name: `${amounts.commands} times true, ${program}`,
      unit: 'ms' as const,
      samples: of(program, 'ms'),
    })),
  ]
}

/** Troupe against everybody it is compared with. */
export function ratiosOf(of: Of, { amounts, peers, programs }: Scene): readonly Ratio[] {
  const rate = (mode: Mode, peer: PeerName, atLeast: number): readonly Ratio[] =>
    peers.includes(peer) && amounts.modes.includes(mode)
      ? [
          ratioOf(
            `empty tasks, ${mode} against ${peer}`,
            { of: of(mode, 'perSecond'), to: of('peers', peer) },
            { atLeast },
          ),
        ]
      : []
  const commands = (who: string, program: string, wanted: Ratio['wanted']): readonly Ratio[] =>
    programs.includes(program) && of(who, 'ms').length > 0
      ? [
          ratioOf(
            `${amounts.commands} commands, 16 at once: time of ${who} against ${program}`,
            { of: of(who, 'ms'), to: of(program, 'ms') },
            wanted,
          ),
        ]
      : []
  return [
    ...rate('async', 'piscina, one task a worker', 1),
    ...rate('thread', 'piscina, one task a worker', 0.33),
    ...rate('process', 'tinypool, processes', 0.33),
    ...amounts.modes.flatMap((mode) => rate(mode, bullmq, 2)),
    ...commands('troupe', 'xargs', { atMost: 1.3 }),
    ...commands('troupe', 'parallel', null),
    ...commands('troupe with ballast', 'xargs', { atMost: 1.3 }),
    growthRatio(of, amounts),
    sizeRatio(of, amounts),
  ]
}

/** 250 MB are allowed at 100,000 tasks. */
function sizeRatio(of: Of, { tasks }: Amounts): Ratio {
  const most = tasks.async.at(-1) ?? 0
  const sizes = of('async', `${most} MB`)
  const wanted = most >= 100_000 ? { atMost: 1 } : null
  return ratioOf(
    `the supervisor's size with ${most} tasks against 250 MB`,
    { of: sizes, to: sizes.map(() => 250) },
    wanted,
  )
}

function growthRatio(of: Of, { tasks, rounds }: Amounts): Ratio {
  const powers = Array.from({ length: rounds }, (_, round) =>
    growthOf(tasks.async.map((x) => ({ x, y: of('async', `${x} ms`)[round] ?? Number.NaN }))),
  )
  return {
    name: `the power of the number of tasks with which time grows, ${tasks.async[0]} to ${tasks.async.at(-1)}`,
    median: median(powers),
    spread: spread(powers),
    wanted: { atMost: 1.1 },
  }
}
