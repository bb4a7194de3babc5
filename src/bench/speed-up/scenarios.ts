import { join } from 'node:path'
import type { Mode } from '../../plan/task.ts'
import type { Ratio, Setting } from '../suite/question.ts'
import { inRounds } from '../suite/rounds.ts'
import { ratioOf } from '../suite/statistics.ts'
import { carryOut, makeBenchRepository, spanOf } from '../suite/troupe-run.ts'

/** What the first Troupe was tried with: so many agents, each with so many tasks, one after the other and all at once. */
export const firstShapes: readonly Shape[] = [
  { agents: 2, tasksEach: 2 },
  { agents: 4, tasksEach: 1 },
]

/** So many agents, each with so many tasks. */
export interface Shape {
  readonly agents: number
  readonly tasksEach: number
}

/** How long one scenario took in each round, in milliseconds. */
export interface Scenario {
  readonly name: string
  readonly sequentialMs: readonly number[]
  readonly parallelMs: readonly number[]
}

/** How long each task waits for its program, and where agents live. */
export interface ScenarioAmounts {
  readonly rounds: number
  readonly shapes: readonly Shape[]
  readonly seconds: number
  readonly modes: readonly Mode[]
}

/** Carries every scenario out, one task after the other and all at once. */
export async function playScenarios(
  { folder, tell }: Setting,
  { rounds, shapes, seconds, modes }: ScenarioAmounts,
): Promise<readonly Scenario[]> {
  const repository = await makeBenchRepository(join(folder, 'scenarios'), { 'readme.txt': 'a line\n' })
  const scenes = modes.flatMap((mode) =>
    shapes.map((shape) => ({ ...shape, mode, name: nameOf(shape, mode), alone: aloneName(shape, mode) })),
  )
  const perform = (scene: Shape & { readonly mode: Mode }, atOnce: number) => async () =>
    spanOf(await carryOut(repository, manifestOf(scene, { seconds, atOnce })))
  const things = new Map([
    ...scenes.map((scene) => [scene.alone, perform(scene, 1)] as const),
    ...scenes.map((scene) => [scene.name, perform(scene, tasksOf(scene))] as const),
  ])
  const results = await inRounds(rounds, things, tell)
  return scenes.map(({ name, alone }) => ({
    name,
    sequentialMs: results.get(alone) ?? [],
    parallelMs: results.get(name) ?? [],
  }))
}

const tasksOf = ({ agents, tasksEach }: Shape): number => agents * tasksEach

/** One after the other it makes no difference whose tasks they are: as many are measured once for all shapes. */
const aloneName = (shape: Shape, mode: Mode): string => `${tasksOf(shape)} tasks one at a time, ${mode}`

/** The first Troupe reached 1.2 to 1.8 with the first shape, about 2 with the second. */
export const scenarioRatio = ({ name, sequentialMs, parallelMs }: Scenario): Ratio =>
  ratioOf(`speed-up, ${name}`, { of: sequentialMs, to: parallelMs }, { atLeast: 3.8 })

const nameOf = ({ agents, tasksEach }: Shape, mode: Mode): string =>
  `${agents} agents x ${tasksEach} ${tasksEach === 1 ? 'task' : 'tasks'}, ${mode}`

function manifestOf(
  { agents, tasksEach, mode }: Shape & { readonly mode: Mode },
  { seconds, atOnce }: { readonly seconds: number; readonly atOnce: number },
): object {
  const names = Array.from({ length: agents }, (_, number) => `agent${number + 1}`)
  return {
    version: 1,
    mode,
    snapshot: 'off',
    concurrency: atOnce,
    agents: Object.fromEntries(names.map((name) => [name, { kind: 'command' }])),
    tasks: names.flatMap((agent) =>
      Array.from({ length: tasksEach }, (_, number) => ({
        id: `${agent}-task${number + 1}`,
        agent,
        workspace: 'none',
        command: ['sleep', `${seconds}`],
      })),
    ),
  }
}
