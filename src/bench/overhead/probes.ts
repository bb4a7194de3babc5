import { readFileSync } from 'node:fs'
import type { Profiler } from 'node:inspector'
import { join } from 'node:path'
import type { Mode } from '../../plan/task.ts'
import { flameOf } from '../suite/flame.ts'
import type { FlameGraph, Setting } from '../suite/question.ts'
import type { BenchRepository } from '../suite/troupe-run.ts'
import { timeLines } from './commands.ts'
import type { PeerName } from './peer-names.ts'
import { type Trial, type TrialFigures, tryPeers, tryTroupe } from './trial.ts'

/** How much is done of each. */
export interface Amounts {
  readonly rounds: number
  /** async always, since growth is looked at there. */
  readonly modes: readonly Mode[]
  /** Of empty tasks, by mode: of each run. */
  readonly tasks: Readonly<Record<Mode, readonly number[]>>
  readonly peers: readonly PeerName[]
  readonly peerTasks: number
  /** Times `true`; none where commands are not asked about. */
  readonly commands: number
  /** Programs that do the same with commands. */
  readonly programs: readonly string[]
  /** Held by the supervisor that starts commands; none where that is not asked. */
  readonly ballastBytes: number
}

/** Tasks under way at once. */
export const atOnce: Readonly<Record<Mode, number>> = { async: 128, thread: 4, process: 4 }

/** What a probe came to, by name. */
type Figures = Readonly<Record<string, number>>
/** The rounds of one figure of a probe. */
export type Of = (probe: string, figure: string) => readonly number[]

/** What everything is measured in and with. */
export interface Scene {
  readonly setting: Setting
  readonly repository: BenchRepository
  readonly amounts: Amounts
  readonly peers: readonly PeerName[]
  readonly programs: readonly string[]
  readonly redisPort: number | null
}

/** All that is measured in each round. */
export function probesOf(scene: Scene): ReadonlyMap<string, () => Promise<Figures>> {
  return new Map<string, () => Promise<Figures>>([
    ...scene.amounts.modes.map((mode) => [mode, () => emptyTasks(scene, mode)] as const),
    ['peers', () => peerRates(scene)],
    ...(scene.amounts.commands > 0 ? commandProbes(scene) : []),
  ])
}

async function peerRates({ peers, amounts, redisPort }: Scene): Promise<Figures> {
  const rates = await tryPeers({ peers, tasks: amounts.peerTasks, window: 128, redisPort })
  return Object.fromEntries(Object.entries(rates).map(([name, { perSecond }]) => [name, perSecond]))
}

function commandProbes(scene: Scene): readonly (readonly [string, () => Promise<Figures>])[] {
  const { amounts, programs, setting } = scene
  const { commands, ballastBytes } = amounts
  const by = (bytes: number) => async (): Promise<Figures> => {
    const order = { work: 'true', tasks: [commands], concurrency: 16, ballastBytes: bytes } as const
    const [run] = await troupe(scene, order)
    return { ms: run?.tasksMs ?? Number.NaN }
  }
  return [
    ...programs.map(
      (program) => [program, async () => ({ ms: await timeLines(program, commands, setting.folder) })] as const,
    ),
    ['troupe', by(0)],
    ...(ballastBytes > 0 ? [['troupe with ballast', by(ballastBytes)] as const] : []),
  ]
}

const troupe = ({ repository: { root, environment } }: Scene, order: Partial<Trial>) =>
  tryTroupe(
    {
      root,
      mode: 'async',
      concurrency: atOnce.async,
      work: 'empty',
      tasks: [],
      ballastBytes: 0,
      profile: null,
      ...order,
    },
    environment,
  )

/** Each number of tasks in a process of its own, whose size it is; all but the smallest after a run of so few, which warms it up. */
async function emptyTasks(scene: Scene, mode: Mode): Promise<Figures> {
  const [least = 0, ...more] = scene.amounts.tasks[mode]
  const runs: TrialFigures[] = []
  for (const tasks of [[least], ...more.map((many) => [least, many])])
    runs.push(...(await troupe(scene, { mode, concurrency: atOnce[mode], tasks })).slice(-1))
  return {
    perSecond: runs.at(-1)?.perSecond ?? Number.NaN,
    ...Object.fromEntries(
      runs.flatMap(({ tasks, tasksMs, peakMb, wholePeakMb }) => [
        [`${tasks} ms`, tasksMs],
        [`${tasks} MB`, peakMb],
        [`${tasks} MB in all`, wholePeakMb],
      ]),
    ),
  }
}

/** One more run of the most tasks, in mode async. */
export async function flameGraph(scene: Scene): Promise<FlameGraph> {
  scene.setting.tell('where the time goes')
  const profile = join(scene.setting.folder, 'profile.json')
  await troupe(scene, { tasks: scene.amounts.tasks.async, profile })
  const flame = flameOf(JSON.parse(readFileSync(profile, 'utf8')) as Profiler.Profile)
  return { title: `Where ${scene.amounts.tasks.async.at(-1)} empty tasks spend their time, mode async`, flame }
}
