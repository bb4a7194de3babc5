import { join } from 'node:path'
import type { Setting } from '../suite/question.ts'
import { inRounds } from '../suite/rounds.ts'
import { carryOut, makeBenchRepository, spanOf } from '../suite/troupe-run.ts'
import { boundOf, drawGraph, type GraphAmounts, graphManifest } from './random-graph.ts'

/** A graph that was carried out. */
export interface Graph {
  readonly name: string
  readonly boundMs: number
  /** The time of each round in milliseconds. */
  readonly spans: readonly number[]
}

/** Carries out a graph of each, drawn by the seed. */
export async function playGraphs(
  { folder, seed, tell }: Setting,
  rounds: number,
  graphs: readonly GraphAmounts[],
): Promise<readonly Graph[]> {
  if (graphs.length === 0) return []
  const repository = await makeBenchRepository(join(folder, 'graph'), { 'readme.txt': 'a line\n' })
  const drawn = graphs.map((amounts) => ({ amounts, name: graphName(amounts), tasks: drawGraph(amounts, seed) }))
  const works = drawn.map(({ name, tasks, amounts }) => {
    const work = async (): Promise<number> => spanOf(await carryOut(repository, graphManifest(tasks, amounts)))
    return [name, work] as const
  })
  const results = await inRounds(rounds, new Map(works), tell)
  return drawn.map(({ name, tasks, amounts: { places } }) => ({
    name,
    boundMs: boundOf(tasks, places) * 1_000,
    spans: results.get(name) ?? [],
  }))
}

const graphName = ({ tasks, leastSeconds, mostSeconds, places, isEstimated }: GraphAmounts): string =>
  `a random graph of ${tasks} tasks of ${leastSeconds} to ${mostSeconds} s, ${places} at once${isEstimated ? ', with estimates' : ''}`
