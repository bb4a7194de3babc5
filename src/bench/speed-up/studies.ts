import { join } from 'node:path'
import type { Mode } from '../../plan/task.ts'
import type { Ratio, Setting, Table } from '../suite/question.ts'
import { inDigits } from '../suite/report.ts'
import { inRounds } from '../suite/rounds.ts'
import { median, ratioOf } from '../suite/statistics.ts'
import { carryOut, makeBenchRepository, spanOf } from '../suite/troupe-run.ts'
import { manifestOf, type Work } from './work.ts'

/** In which modes, and how many agents at once: 1 first. */
export interface Extent {
  readonly modes: readonly Mode[]
  readonly counts: readonly number[]
}

/** One kind of work, done by so many agents. */
export interface Study {
  readonly work: Work
  readonly extent: Extent
  /** More at once cannot be quicker. */
  readonly mostAtOnce: number
}

/** One kind of work in one mode. */
export interface Part extends Study {
  readonly mode: Mode
  /** Of each count, the time of each round in milliseconds. */
  readonly spans: ReadonlyMap<number, readonly number[]>
}

/** Carries a study out. */
export async function partsOf({ folder, tell }: Setting, rounds: number, study: Study): Promise<readonly Part[]> {
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

/** Of each round: so many tasks, times the time of one alone, over the time of all at once. */
export const speedUps = ({ spans }: Part, count: number): readonly number[] =>
  (spans.get(1) ?? []).map((one, round) => (count * one) / (spans.get(count)?.[round] ?? Number.NaN))

/** For people. */
export function tableOf(title: string, parts: readonly Part[]): Table {
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

/** What computes in async mode shares one thread: nothing is hoped for there, nor for more agents than 64. */
export function ratiosOf(part: Part): readonly Ratio[] {
  const { work, mode, extent, mostAtOnce } = part
  const isHoped = mode !== 'async' || !Number.isFinite(mostAtOnce)
  return extent.counts
    .filter((count) => count > 1)
    .map((count) => {
      const of = speedUps(part, count)
      const wanted = isHoped && count <= 64 ? { atLeast: 0.95 * Math.min(count, mostAtOnce) } : null
      return ratioOf(`speed-up, ${work.name}, ${mode}, ${count} at once`, { of, to: of.map(() => 1) }, wanted)
    })
}
