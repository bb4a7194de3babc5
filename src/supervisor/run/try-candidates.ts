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
import type { AttemptEnd } from './events.ts'
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
}

/** The best of what several have made of a task as its attempt's end; what the others made stays at their own refs. */
export async function resultOfBest(parts: JudgingParts, tried: Tried): Promise<AttemptResult> {
  const { task, attempt, candidates, results } = tried
  const workspace = { release: async () => void (await Promise.all(results.map((one) => one.workspace?.release()))) }
  const ends = results.map(({ end }) => end)
  let judged: ReadonlyMap<number, Judged>
  try {
    judged = await judgedAmong(parts, tried)
  } catch (error) {
    return { end: failedBefore('judgement', error), workspace }
  }
  const at = judged.size === 0 ? worstEnd(ends) : ([...judged.keys()][bestAmong([...judged.values()])] ?? 0)
  const [end, chosen] = [ends[at], candidates[at]]
  if (end === undefined || chosen === undefined) throw new RangeError(`nobody has tried ${task.id}`)
  parts.keepLog(chosen, task, attempt)
  const told = candidates.map((one, place) => toldOf(parts, tried, { one, place, judged }))
  const details = { bestOf: told, chosen: at + 1, ...usageOf(ends) }
  return { end: withDetails(await keptAs(parts, tried, end), details), workspace }
}

/** Those who have done it, by their places. */
async function judgedAmong(
  { aggregator, checks, settings }: JudgingParts,
  { base, results }: Tried,
): Promise<ReadonlyMap<number, Judged>> {
  const done = results.flatMap(({ end }, place) => (end.how === 'completed' ? [{ end, place }] : []))
  if (done.length === 0) return new Map()
  const made = done.map(({ end: { changeSet } }) => ({ base, commit: changeSet?.commit ?? base }))
  const judgements = await aggregator.judge({ candidates: made, checks, settings })
  return new Map(
    done.flatMap(({ end, place }, at) => {
      const judgement = judgements[at]
      return judgement === undefined ? [] : [[place, { end, judgement }] as const]
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
  if (end === undefined) return { agent: one.agent }
  return {
    agent: one.agent,
    how: end.how,
    ref: end.changeSet === null ? null : changeSetRef(run, one.id, attempt),
    ...judged.get(place)?.judgement,
    ...(end.how === 'failed' && { reason: end.failure.message }),
    ...('kept' in end && { kept: end.kept }),
  }
}

/** What all of them used together. */
function usageOf(ends: readonly AttemptEnd[]): { readonly usage?: Usage } {
  const told = ends.flatMap((end) =>
    'details' in end && 'usage' in end.details ? [end.details['usage'] as Usage] : [],
  )
  const [first, ...others] = told
  return first === undefined ? {} : { usage: others.reduce<Usage>(usageWith, first) }
}

/** What it has made, at the task's own ref. */
async function keptAs({ workspaces }: JudgingParts, { task, attempt }: Tried, end: AttemptEnd): Promise<AttemptEnd> {
  if (end.changeSet === null) return end
  try {
    return { ...end, changeSet: await workspaces.keepAs(end.changeSet, task, attempt) }
  } catch (error) {
    const message = `the best change set cannot be kept: ${messageOf(error)}`
    const failure = { kind: 'infrastructure', message, signature: 'not kept' } as const
    return { how: 'failed', failure, details: {}, changeSet: null }
  }
}

function withDetails(end: AttemptEnd, more: object): AttemptEnd {
  return end.how === 'completed' || end.how === 'failed' ? { ...end, details: { ...end.details, ...more } } : end
}
