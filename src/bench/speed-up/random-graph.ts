/** A task that waits for a program, and the tasks that it waits for, by number. */
export interface GraphTask {
  readonly seconds: number
  readonly needs: readonly number[]
}

/** How many tasks, how long each may take, and how many run at once. */
export interface GraphAmounts {
  readonly tasks: number
  readonly leastSeconds: number
  readonly mostSeconds: number
  readonly places: number
  /** Whether the manifest tells how long each takes. */
  readonly isEstimated: boolean
}

/** Tasks of which every other waits for one or two that stand before it, drawn by a seed (Park and Miller). */
export function drawGraph(
  { tasks, leastSeconds, mostSeconds }: Omit<GraphAmounts, 'isEstimated'>,
  seed: number,
): readonly GraphTask[] {
  let state = seed % 2_147_483_647 || 1
  const draw = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
  for (let number = 0; number < 10; number += 1) draw() // the first after a small seed are alike
  return Array.from({ length: tasks }, (_, number) => {
    const seconds = Number((leastSeconds + draw() * (mostSeconds - leastSeconds)).toFixed(3))
    const count = number === 0 || draw() < 0.5 ? 0 : 1 + Math.floor(draw() * 2)
    const needs = new Set(Array.from({ length: count }, () => Math.floor(draw() * number)))
    return { seconds, needs: [...needs] }
  })
}

/** No schedule is quicker: all work shared by all places, or the longest path if that is longer; in seconds. */
export function boundOf(graph: readonly GraphTask[], places: number): number {
  const ends: number[] = []
  for (const { seconds, needs } of graph) ends.push(seconds + Math.max(0, ...needs.map((need) => ends[need] ?? 0)))
  return Math.max(graph.reduce((sum, { seconds }) => sum + seconds, 0) / places, ...ends)
}

/** As a manifest. */
export const graphManifest = (
  graph: readonly GraphTask[],
  { places, isEstimated }: Pick<GraphAmounts, 'places' | 'isEstimated'>,
): object => ({
  version: 1,
  mode: 'async',
  snapshot: 'off',
  concurrency: places,
  agents: { one: { kind: 'command' } },
  tasks: graph.map(({ seconds, needs }, number) => ({
    id: `t${number}`,
    agent: 'one',
    workspace: 'none',
    needs: needs.map((need) => `t${need}`),
    ...(isEstimated && { estimate: `${Math.round(seconds * 1_000)}ms` }),
    command: ['sleep', `${seconds}`],
  })),
})
