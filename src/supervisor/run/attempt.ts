import type { AgentActorApi } from '../../actors/agent-api.ts'
import type { ActorHandle, Exit } from '../../actors/contract.ts'
import type { Failure, Outcome } from '../../agents/agent.ts'
import type { Clock } from '../../clock.ts'
import { messageOf, TroupeError, unreachable } from '../../errors.ts'
import type { AttemptEnd } from './events.ts'
import type { Sealing, Workspace } from './workspaces.ts'

/** Everything one attempt needs; the order is the run's, the means are the world's. */
export interface AttemptMeans {
  readonly clock: Clock
  /** Wall-clock limit in milliseconds; null for none. */
  readonly timeoutMs: number | null
  /** How long a polite stop may take, in milliseconds. */
  readonly graceMs: number
  /** Aborts when the run wants the attempt to end politely; its reason says why. */
  readonly polite: AbortSignal
  /** Aborts when it must end now. */
  readonly force: AbortSignal
  openWorkspace(): Promise<Workspace>
  startActor(directory: string): Promise<ActorHandle<AgentActorApi>>
}

/** An attempt's end, and the workspace to release once the end is journaled; null when it must be kept. */
export interface AttemptResult {
  readonly end: AttemptEnd
  readonly workspace: Workspace | null
}

/** Carries one attempt from an empty workspace to a sealed change set. Never throws: every trouble is an end. */
export async function carryOutAttempt(means: AttemptMeans): Promise<AttemptResult> {
  let workspace: Workspace
  try {
    workspace = await means.openWorkspace()
  } catch (error) {
    return { end: failedBefore('workspace', error), workspace: null }
  }
  const work = await carryOutWork(means, workspace)
  const sealing = await sealed(workspace)
  return { end: endOf(work, sealing), workspace: sealing.how === 'refused' ? null : workspace }
}

/** What the work itself came to, before its workspace is sealed. */
type Work =
  | Exclude<Outcome, { readonly how: 'failed' }>
  | { readonly how: 'failed'; readonly failure: Failure; readonly details: object }

async function carryOutWork(means: AttemptMeans, workspace: Workspace): Promise<Work> {
  if (means.polite.aborted) return { how: 'cancelled', reason: messageOf(means.polite.reason) }
  let actor: ActorHandle<AgentActorApi>
  try {
    actor = await means.startActor(workspace.directory)
  } catch (error) {
    return { how: 'failed', failure: infrastructure('actor', error), details: {} }
  }
  const cause = watch(means, actor)
  const outcome = await actor.call('run').catch((error: unknown) => error)
  cause.endWatch()
  const exit = await actor.stop('done', means.graceMs)
  return cause.first ?? (isOutcome(outcome) ? outcome : crashed(exit, outcome))
}

/** Ends the actor when time is up or the run says so; the first cause is the one that counts. */
function watch(means: AttemptMeans, actor: ActorHandle<AgentActorApi>): { first: Work | null; endWatch(): void } {
  const { clock, timeoutMs, graceMs, polite, force } = means
  const watched: { first: Work | null; endWatch(): void } = { first: null, endWatch }
  const onPolite = (): void => {
    watched.first ??= { how: 'cancelled', reason: messageOf(polite.reason) }
    void actor.stop(messageOf(polite.reason), graceMs)
  }
  const onForce = (): void => {
    watched.first ??= { how: 'cancelled', reason: messageOf(force.reason) }
    void actor.stop(messageOf(force.reason), 0)
  }
  const cancelTimer =
    timeoutMs === null
      ? null
      : clock.after(timeoutMs, () => {
          watched.first ??= { how: 'failed', failure: timedOut(timeoutMs), details: {} }
          void actor.stop('timeout', graceMs)
        })
  polite.addEventListener('abort', onPolite, { once: true })
  force.addEventListener('abort', onForce, { once: true })
  if (force.aborted) onForce()
  else if (polite.aborted) onPolite()
  return watched

  function endWatch(): void {
    cancelTimer?.()
    polite.removeEventListener('abort', onPolite)
  }
}

const timedOut = (timeoutMs: number): Failure => ({
  kind: 'timeout',
  message: `it had not ended after ${timeoutMs / 1_000} s`,
  signature: 'timeout',
})

function isOutcome(value: unknown): value is Outcome {
  return typeof value === 'object' && value !== null && 'how' in value && !(value instanceof Error)
}

function crashed(exit: Exit, error: unknown): Work {
  const message = exit.how === 'crashed' ? exit.message : messageOf(error)
  const how = exit.how === 'crashed' ? [exit.code, exit.signal].filter((part) => part !== null).join(' ') : exit.how
  const failure: Failure = {
    kind: 'crash',
    message: `its actor died: ${message}`,
    signature: `crash ${how} ${message}`,
  }
  return { how: 'failed', failure, details: { exit } }
}

async function sealed(workspace: Workspace): Promise<Sealing> {
  try {
    return await workspace.seal()
  } catch (error) {
    return { how: 'refused', message: messageOf(error), directory: workspace.directory }
  }
}

function endOf(work: Work, sealing: Sealing): AttemptEnd {
  if (sealing.how === 'refused') return unsealed(work, sealing)
  const changeSet = sealing.how === 'changed' ? sealing.changeSet : null
  switch (work.how) {
    case 'completed':
      return { ...work, changeSet }
    case 'failed':
      return { how: 'failed', failure: work.failure, details: { ...work.details }, changeSet }
    case 'cancelled':
      return { how: 'cancelled', reason: work.reason, changeSet }
    default:
      return unreachable(work)
  }
}

function unsealed(work: Work, { message, directory }: Extract<Sealing, { how: 'refused' }>): AttemptEnd {
  const text = `its work could not be sealed and is kept in ${directory}: ${message}`
  const left = { changeSet: null, kept: directory }
  if (work.how === 'cancelled') return { how: 'cancelled', reason: `${work.reason}; ${text}`, ...left }
  const failure: Failure =
    work.how === 'failed'
      ? { ...work.failure, message: `${work.failure.message}; ${text}` }
      : { kind: 'agent', message: text, signature: `unsealed ${message}` }
  return { how: 'failed', failure, details: {}, ...left }
}

/** The end of an attempt that could not even begin. */
export function failedBefore(what: string, error: unknown): AttemptEnd {
  return { how: 'failed', failure: infrastructure(what, error), details: {}, changeSet: null }
}

function infrastructure(what: string, error: unknown): Failure {
  const code = error instanceof TroupeError ? error.code : 'UNKNOWN'
  const fix = error instanceof TroupeError ? ` ${error.fix}` : ''
  return { kind: 'infrastructure', message: `no ${what}: ${messageOf(error)}${fix}`, signature: `${what} ${code}` }
}
