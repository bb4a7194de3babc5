import type { ProposalRequest } from '../../actors/aggregator-api.ts'
import type { Log } from '../../log.ts'
import type { OpenConflict } from '../../merge/asking/open-conflict.ts'
import type { OpenProposal, Trial, TrialRequest } from '../../merge/asking/try-answer.ts'
import type { AskedConflict, Proposal } from '../../merge/proposal.ts'
import { messageOf } from '../../errors.ts'
import type { RunId, TaskId } from '../../ids.ts'
import type { ResolverSettings } from '../../plan/task.ts'
import { changeSetRef } from '../../refs.ts'
import type { Aggregator } from './aggregator.ts'
import type { AttemptResult } from './attempt.ts'
import type { AttemptEnd, ResolutionOutcome } from './events.ts'
import type { LiveBoard } from './live.ts'
import type { ResolutionWork } from './open-attempts.ts'
import type { Placement } from './placement.ts'
import { PauseSwitch } from './pause-switch.ts'
import { resolutionPrompt, type ToldTask } from './resolution-prompt.ts'
import { resolutionName, resolutionTask } from './resolution-task.ts'
import { knownResolution } from './resolutions.ts'
import { type AttemptOrder, liveChange, type Run } from './run.ts'
import type { Resolution } from './state.ts'

/** What conflicts are asked about with. */
export interface AskingWorld {
  readonly id: RunId
  readonly run: Pick<Run, 'state' | 'record'>
  readonly resolver: ResolverSettings
  readonly placement: Placement
  readonly aggregator: Pick<Aggregator, 'proposeOpenly' | 'tryAnswer'>
  readonly live: LiveBoard
  readonly log: Log
  /** Aborts when the run is asked to stop, politely or by force. */
  readonly polite: AbortSignal
  readonly force: AbortSignal
  told(task: TaskId): ToldTask
  attempt(order: AttemptOrder, work: ResolutionWork): Promise<AttemptResult>
}

/**
 * Makes the proposal, and asks an agent about each change set that conflicts keep out of it. An answer is part of the proposal when
 * it is kept; otherwise the conflict stays as it was, and the reason is told. What earlier supervisors have asked is not asked again.
 */
export async function askAboutConflicts(world: AskingWorld, first: ProposalRequest): Promise<Proposal> {
  let made: OpenProposal = await world.aggregator.proposeOpenly(first)
  let request: ProposalRequest = { ...first, blamed: made.proposal.blame }
  const told = new Map<TaskId, AskedConflict>()
  for (;;) {
    const conflict = made.open.find(({ task }) => !told.has(task))
    if (conflict === undefined) break
    const asked = [...told.values()].filter(({ attempts }) => attempts > 0).length
    const hindrance = hindranceOf(world, { conflict, proposal: made.proposal, asked })
    const found = hindrance === null ? await ask(world, request, conflict) : notAsked(hindrance)
    told.set(conflict.task, reportOf(world, conflict, found))
    if (found.trial?.kept !== true) continue
    request = { ...request, answers: [...(request.answers ?? []), ...found.trial.answers] }
    made = found.trial
  }
  const { phase } = world.run.state
  const interrupted = phase.name === 'settled' && phase.interrupted
  return { ...made.proposal, resolutions: [...told.values()], interrupted }
}

interface Hindered {
  readonly conflict: OpenConflict
  readonly proposal: Proposal
  /** How many conflicts were asked about so far. */
  readonly asked: number
}

function hindranceOf({ resolver }: AskingWorld, { conflict, proposal, asked }: Hindered): string | null {
  if (conflict.hindrance !== null) return conflict.hindrance
  if (proposal.checks.length === 0) return 'no check is declared, so nothing would say whether an answer is right'
  const isRed = proposal.verdict !== 'pass' && proposal.commit !== proposal.base
  if (isRed) return 'the checks do not pass without it, so they would not say whether an answer is right'
  return asked < resolver.atMost ? null : `no more than ${resolver.atMost} are asked about (atMost)`
}

/** How the asking about one conflict came out; `known` is null when nobody was asked. */
interface Found {
  readonly trial: Trial | null
  readonly known: Resolution | null
  readonly outcome: AskedConflict['outcome']
  readonly reason: string | null
}

const notAsked = (reason: string): Found => ({ trial: null, known: null, outcome: 'not-asked', reason })

async function ask(world: AskingWorld, request: ProposalRequest, conflict: OpenConflict): Promise<Found> {
  const { aggregator, run } = world
  let trial: Trial | null = null
  for (;;) {
    const known = knownResolution(run.state, conflict.task, conflict.files)
    const standing = known?.standing.phase === 'ended' ? known.standing : null
    if (standing?.outcome === 'kept') {
      // an earlier supervisor has kept it: the checks say again whether it is right
      trial ??= await aggregator.tryAnswer({ request, conflict, answer: standing.answers })
      return foundKept(known, trial)
    }
    const end = endOfAsking(world, known)
    if (end !== null) return { trial, known, ...end }
    trial = await attemptAt(world, { request, conflict, refused: standing?.reason ?? null })
  }
}

const foundKept = (known: Resolution | null, trial: Trial): Found =>
  trial.kept
    ? { trial, known, outcome: 'kept', reason: null }
    : { trial, known, outcome: 'refused', reason: `it was kept once, and is not now: ${trial.reason}` }

/** Why no other attempt follows; null when one does. */
function endOfAsking(
  { resolver, polite }: AskingWorld,
  known: Resolution | null,
): Pick<Found, 'outcome' | 'reason'> | null {
  if (known?.standing.phase === 'ended' && known.counted > resolver.task.retries) {
    const { outcome, reason } = known.standing
    return { outcome: outcome === 'failed' ? 'failed' : 'refused', reason }
  }
  return polite.aborted ? { outcome: 'stopped', reason: messageOf(polite.reason) } : null
}

interface Question {
  readonly request: ProposalRequest
  readonly conflict: OpenConflict
  /** Why an earlier answer was not kept. */
  readonly refused: string | null
}

/** One attempt from its beginning to its journaled end; what it made is there until then, so that nothing is lost. */
async function attemptAt(world: AskingWorld, question: Question): Promise<Trial | null> {
  const { run, resolver, placement, live, log } = world
  const { task: of, files } = question.conflict
  const attempt = (run.state.resolutions.get(of)?.attempts ?? 0) + 1
  const { agent } = resolver.task
  await run.record({ type: 'resolution-started', task: of, attempt, agent, host: placement.host, files })
  const { end, workspace } = await carryOut(world, question, attempt)
  const judged = await judgedEnd(world, question, end)
  await run.record({ type: 'resolution-ended', task: of, attempt, end, ...judged.told })
  live.forget(resolutionName(of))
  await workspace?.release().catch((err: unknown) => {
    log.warn({ err }, 'a workspace could not be removed')
  })
  return judged.trial
}

async function carryOut(world: AskingWorld, { conflict, refused }: Question, attempt: number): Promise<AttemptResult> {
  const { run, resolver, placement, live, polite, force } = world
  const { task: of, files, commit } = conflict
  if (commit === null) throw new RangeError(`the conflict of ${of} is not laid out`)
  const task = resolutionTask(
    resolver.task,
    of,
    files.map(({ path }) => path),
  )
  const tasks = [...conflict.with, of].map((one) => world.told(one))
  const order: AttemptOrder = {
    task: task.id,
    attempt,
    polite,
    force,
    pauses: new PauseSwitch(), // nobody works beside it
    tell(event) {
      live.update(task.id, liveChange(event))
      if (event.type !== 'process') return
      // whoever waits for the run is told of a journal that fails
      run.record({ type: 'process-started', task: task.id, attempt, process: event.process }).catch(() => {})
    },
  }
  return await world.attempt(order, {
    task,
    placement,
    base: commit,
    prompt: resolutionPrompt({ conflict, tasks, refused }),
  })
}

interface Judged {
  readonly trial: Trial | null
  readonly told: {
    readonly outcome: ResolutionOutcome
    readonly reason: string | null
    readonly answers: Extract<TrialRequest['answer'], readonly unknown[]>
  }
}

async function judgedEnd(world: AskingWorld, { request, conflict }: Question, end: AttemptEnd): Promise<Judged> {
  const without = (outcome: ResolutionOutcome, reason: string): Judged => ({
    trial: null,
    told: { outcome, reason, answers: [] },
  })
  if (end.how === 'failed') return without('failed', end.failure.message)
  if (end.how !== 'completed') return without('stopped', end.reason)
  const { changeSet } = end
  if (changeSet === null) return without('refused', 'it changed nothing: every marker is still there')
  const { id, resolver } = world
  const { task, attempt } = changeSet
  const evidence = `attempt ${attempt}, kept at ${changeSetRef(id, task, attempt)}`
  const answer = { changeSet, resolver: `agent:${resolver.task.agent}`, evidence }
  const trial = await world.aggregator.tryAnswer({ request, conflict, answer })
  if (!trial.kept) return { ...without('refused', trial.reason), trial }
  return { trial, told: { outcome: 'kept', reason: null, answers: trial.answers } }
}

function reportOf({ id, resolver }: AskingWorld, { task, files }: OpenConflict, found: Found): AskedConflict {
  const { trial, known, outcome, reason } = found
  const attempts = known?.attempts ?? 0
  const sealed = known?.standing.phase === 'ended' && known.standing.sealed
  return {
    task,
    agent: resolver.task.agent,
    files: files.map(({ path }) => path),
    attempts,
    outcome,
    reason,
    ref: sealed ? changeSetRef(id, resolutionName(task), attempts) : null,
    answers: outcome === 'kept' && trial?.kept === true ? trial.answers : [],
  }
}
