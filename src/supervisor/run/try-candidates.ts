import { filesOutside } from '../../merge/owns.ts'
import type { CheckSettings } from '../../merge/proposal-request.ts'
import type { Check } from '../../merge/check.ts'
import { type Usage, usageWith } from '../../agents/usage.ts'
import { messageOf } from '../../errors.ts'
import { changeSetRef } from '../../refs.ts'
import type { CommitId, RunId } from '../../ids.ts'
import type { Task } from '../../plan/task.ts'
import type { Aggregator } from './aggregator.ts'
import { type AttemptResult, failedBefore } from './attempt.ts'
import { bestAmong, type Judged, worstEnd } from './best-of.ts'
import { type AttemptEnd, detailsOf } from './events.ts'
import type { Workspaces } from './workspaces.ts'

/** What several attempts at one task are judged with. */
export interface JudgingParts {
  readonly run: RunId
  readonly aggregator: Pick<Aggregator, 'judge'>
  readonly workspaces: Pick<Workspaces, 'keepAs'>
  readonly checks: readonly Check[]
  readonly settings: CheckSettings
  /** Makes the log of one attempt that of another. */
  keepLog(from: Task, to: Task, attempt: number): void
}

/** A task that several have tried. */
export interface Tried {
  readonly task: Task
  readonly attempt: number
  readonly base: CommitId
  readonly candidates: readonly Task[]
  readonly results: readonly AttemptResult[]
  /** Aborts when the run wants the attempt to end; its reason says why. */
  readonly stopped: AbortSignal
}

/**
 * The best of what several have made of a task as its attempt's end; what the others made stays at their own refs. Where a stop took
 * some of them away, nobody is the best: whoever had ended by then would win for being quick.
 */
export async function resultOfBest(parts: JudgingParts, tried: Tried): Promise<AttemptResult> {
  const { results, stopped } = tried
  const workspace = { release: async () => void (await Promise.all(results.map((one) => one.workspace?.release()))) }
  const isCutShort = stopped.aborted && results.some(({ end }) => end.how === 'cancelled')
  return { end: isCutShort ? await endCutShort(parts, tried) : await endOfBest(parts, tried), workspace }
}

async function endOfBest(parts: JudgingParts, tried: Tried): Promise<AttemptEnd> {
  const ends = tried.results.map(({ end }) => end)
  let judged: ReadonlyMap<number, Judged>
  try {
    judged = await judgedAmong(parts, tried)
  } catch (error) {
    return failedBefore('judgement', error)
  }
  const at = judged.size === 0 ? worstEnd(ends) : ([...judged.keys()][bestAmong([...judged.values()])] ?? 0)
  const end = await keptAs(parts, tried, at)
  if (end.how !== 'completed' && end.how !== 'failed') return end
  const details = { ...end.details, ...detailsOfAll(parts, tried, judged), chosen: at + 1 }
  const doneBy = end.how === 'completed' ? tried.candidates[at]?.agent : undefined
  return { ...end, details, ...(doneBy !== undefined && { doneBy }) }
}

/** The task is left with the work of one who had done it, or else of one who had written something. */
async function endCutShort(parts: JudgingParts, tried: Tried): Promise<AttemptEnd> {
  const ends = tried.results.map(({ end }) => end)
  const left = [
    ends.findIndex(({ how, changeSet }) => how === 'completed' && changeSet !== null),
    ends.findIndex(({ changeSet }) => changeSet !== null),
  ].find((at) => at !== -1)
  const { changeSet } = await keptAs(parts, tried, left ?? 0)
  const details = detailsOfAll(parts, tried, new Map())
  return { how: 'cancelled', reason: messageOf(tried.stopped.reason), details, changeSet }
}

/** Those who have done it, by their places. */
async function judgedAmong(
  { aggregator, checks, settings }: JudgingParts,
  { task, base, results }: Tried,
): Promise<ReadonlyMap<number, Judged>> {
  const done = results.flatMap(({ end }, place) => (end.how === 'completed' ? [{ end, place }] : []))
  if (done.length === 0) return new Map()
  const made = done.map(({ end: { changeSet } }) => ({ base, commit: changeSet?.commit ?? base }))
  const judgements = await aggregator.judge({ candidates: made, checks, settings })
  return new Map(
    done.flatMap(({ end, place }, at) => {
      const judgement = judgements[at]
      const outside = filesOutside(task.owns, end.changeSet?.files ?? [])
      return judgement === undefined ? [] : [[place, { end, judgement, outside }] as const]
    }),
  )
}

interface Candidate {
  readonly one: Task
  readonly place: number
  readonly judged: ReadonlyMap<number, Judged>
}

/** One of them, for people. */
function toldOf({ run }: JudgingParts, { attempt, results }: Tried, { one, place, judged }: Candidate): object {
  const end = results[place]?.end
  const { judgement, outside = [] } = judged.get(place) ?? {}
  if (end === undefined) return { agent: one.agent }
  return {
    agent: one.agent,
    how: end.how,
    ref: end.changeSet === null ? null : changeSetRef(run, one.id, attempt),
    ...judgement,
    ...(outside.length > 0 && { outside }),
    ...(end.how === 'failed' && { reason: end.failure.message }),
    ...('reason' in end && { reason: end.reason }),
    ...('kept' in end && { kept: end.kept }),
  }
}

/** What became of each, and what they used. */
const detailsOfAll = (
  parts: JudgingParts,
  tried: Tried,
  judged: ReadonlyMap<number, Judged>,
): Readonly<Record<string, unknown>> => ({
  bestOf: tried.candidates.map((one, place) => toldOf(parts, tried, { one, place, judged })),
  ...usageOf(tried.results.map(({ end }) => end)),
})

/** What all of them used together. */
function usageOf(ends: readonly AttemptEnd[]): { readonly usage?: Usage } {
  const told = ends.flatMap((end) => ('usage' in detailsOf(end) ? [detailsOf(end)['usage'] as Usage] : []))
  const [first, ...others] = told
  return first === undefined ? {} : { usage: others.reduce<Usage>(usageWith, first) }
}

/** How one of them ended, with its log and what it has made as the task's own. */
async function keptAs(parts: JudgingParts, tried: Tried, at: number): Promise<AttemptEnd> {
  const { task, attempt, candidates, results } = tried
  const [end, chosen] = [results[at]?.end, candidates[at]]
  if (end === undefined || chosen === undefined) throw new RangeError(`nobody has tried ${task.id}`)
  parts.keepLog(chosen, task, attempt)
  if (end.changeSet === null) return end
  try {
    return { ...end, changeSet: await parts.workspaces.keepAs(end.changeSet, task, attempt) }
  } catch (error) {
    const message = `the best change set cannot be kept: ${messageOf(error)}`
    const failure = { kind: 'infrastructure', message, signature: 'not kept' } as const
    return { how: 'failed', failure, details: {}, changeSet: null }
  }
}
