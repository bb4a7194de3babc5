import type { AgentActorApi } from '../../actors/agent-api.ts'
import type { ActorHandle, Exit } from '../../actors/contract.ts'
import type { Outcome } from '../../agents/agent.ts'
import type { Failure } from '../../agents/failure.ts'
import type { Usage } from '../../agents/usage.ts'
import type { ChangeSet } from '../../changes/change-set.ts'
import type { Saved } from '../../changes/snapshot.ts'
import type { TaskId } from '../../ids.ts'
import { messageOf, TroupeError, unreachable } from '../../errors.ts'
import { type AttemptBounds, type AttemptWatch, type Waited, watchAttempt, type Work } from './attempt-watch.ts'
import type { AttemptEnd } from './events.ts'
import type { Pausable, PauseSwitch } from './pause-switch.ts'
import type { Snapshots } from './snapshots.ts'
import type { Sealing, Workspace } from './workspaces.ts'

/** Everything one attempt needs; the order is the run's, the means are the world's. */
export interface AttemptMeans extends AttemptBounds {
  readonly snapshots: Snapshots
  readonly pauses: PauseSwitch
  /** Signals all processes that the attempt has started, and says how many. */
  signal(name: NodeJS.Signals): number
  /** Bytes that the attempt's processes hold now, its actor's own process among them. */
  memoryHeld(actor: ActorHandle<AgentActorApi>): number
  /** Told whenever the workspace was saved with something new in it. */
  saved(snapshot: Saved): void
  /** How the attempt waits, and has waited, for its provider. */
  waited(): Waited
  /** What its agent has told so far of what it used; null when that is nothing. */
  used(): Usage | null
  openWorkspace(): Promise<Workspace>
  /** @param heard to be called at every sign of life of the actor */
  startActor(workspace: Workspace, heard: () => void): Promise<ActorHandle<AgentActorApi>>
}

/** An attempt's end, and the workspace to release once the end is journaled; null when it must be kept. */
export interface AttemptResult {
  readonly end: AttemptEnd
  readonly workspace: Workspace | Pick<Workspace, 'release'> | null
}

/** Carries one attempt from an empty workspace to a sealed change set. Never throws: every trouble is an end. */
export async function carryOutAttempt(means: AttemptMeans): Promise<AttemptResult> {
  let workspace: Workspace
  try {
    workspace = await means.openWorkspace()
  } catch (error) {
    return { end: failedBefore('workspace', error), workspace: null }
  }
  const work = withUsage(await carryOutWork(means, workspace), means.used())
  const sealing = await sealed(workspace)
  return {
    end: rebased(endOf(work, sealing), means.pauses.onto),
    workspace: sealing.how === 'refused' ? null : workspace,
  }
}

/** One that was ended to begin anew, and had not ended by itself just then. */
function rebased(end: AttemptEnd, onto: TaskId | null): AttemptEnd {
  return end.how === 'cancelled' && onto !== null ? { ...end, how: 'rebased', onto } : end
}

async function carryOutWork(means: AttemptMeans, workspace: Workspace): Promise<Work> {
  if (means.polite.aborted) return { how: 'cancelled', reason: messageOf(means.polite.reason) }
  let watch: AttemptWatch | null = null
  const noteLife = (): void => watch?.noteLife()
  const snapshots = await means.snapshots.watch(workspace, (snapshot) => {
    noteLife()
    means.saved(snapshot)
  })
  let actor: ActorHandle<AgentActorApi>
  try {
    actor = await means.startActor(workspace, noteLife)
  } catch (error) {
    await snapshots.stop()
    return { how: 'failed', failure: infrastructure('actor', error), details: {} }
  }
  watch = watchAttempt(means, actor, {
    hasChanged: () => snapshots.look(),
    memoryHeld: () => means.memoryHeld(actor),
    waited: () => means.waited(),
  })
  means.pauses.connect(pausableBy(means, watch))
  const outcome = await actor.call('run').catch((error: unknown) => error)
  means.pauses.connect(null)
  watch.end()
  const exit = await actor.stop('done', means.graceMs)
  await snapshots.stop()
  return watch.first ?? (isOutcome(outcome) ? outcome : crashed(exit, outcome))
}

/** What the agent told call by call also stands when it was ended from here, or forgot to sum it up. */
function withUsage(work: Work, usage: Usage | null): Work {
  if (work.how === 'cancelled' || usage === null) return work
  return { ...work, details: { usage, ...work.details } }
}

/** Where nothing can stand still, no clock does. */
function pausableBy({ signal }: AttemptMeans, watch: AttemptWatch): Pausable {
  return {
    pause() {
      watch.clock.pause()
      const processes = signal('SIGSTOP')
      if (processes === 0) watch.clock.goOn()
      return processes
    },
    goOn() {
      watch.clock.goOn()
      signal('SIGCONT')
    },
    kill: () => void signal('SIGKILL'),
  }
}

function isOutcome(value: unknown): value is Outcome {
  return typeof value === 'object' && value !== null && 'how' in value && !(value instanceof Error)
}

function crashed(exit: Exit, error: unknown): Work {
  const message = exit.how === 'crashed' ? exit.message : messageOf(error)
  const how = exit.how === 'crashed' ? [exit.code, exit.signal].filter((part) => part !== null).join(' ') : exit.how
  const failure: Failure = {
    kind: exit.how === 'crashed' && exit.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'memory' : 'crash',
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
  if (sealing.how === 'refused' || sealing.how === 'gone') return unsealed(work, sealing)
  const changeSet = sealing.how === 'changed' ? sealing.changeSet : null
  const exposed = sealing.how === 'changed' ? (sealing.exposed ?? []) : []
  switch (work.how) {
    case 'completed':
      return exposed.length === 0 ? { ...work, changeSet } : secretWritten(exposed, { ...work.details }, changeSet)
    case 'failed':
      return { how: 'failed', failure: work.failure, details: { ...work.details }, changeSet }
    case 'cancelled':
      return { how: 'cancelled', reason: work.reason, changeSet }
    default:
      return unreachable(work)
  }
}

/** What it wrote is kept without the secret, as that of any failed attempt: a file that lacks a value is not what was meant. */
function secretWritten(
  exposed: readonly string[],
  details: Record<string, unknown>,
  changeSet: ChangeSet | null,
): AttemptEnd {
  const message = `it wrote the value of a secret into its files, which was taken out: ${exposed.join(', ')}`
  return { how: 'failed', failure: { kind: 'agent', message, signature: 'a secret written' }, details, changeSet }
}

function unsealed(work: Work, sealing: Extract<Sealing, { how: 'refused' | 'gone' }>): AttemptEnd {
  const { text, signature, left } = toldOf(sealing)
  if (work.how === 'cancelled') return { how: 'cancelled', reason: `${work.reason}; ${text}`, ...left }
  const failure: Failure =
    work.how === 'failed'
      ? { ...work.failure, message: `${work.failure.message}; ${text}` }
      : { kind: 'agent', message: text, signature }
  return { how: 'failed', failure, details: { ...work.details }, ...left }
}

function toldOf(sealing: Extract<Sealing, { how: 'refused' | 'gone' }>) {
  const { message } = sealing
  if (sealing.how === 'gone') return { text: message, signature: 'its worktree was gone', left: { changeSet: null } }
  const { directory } = sealing
  const text = `its work could not be sealed and is kept in ${directory}: ${message}`
  return { text, signature: `unsealed ${message}`, left: { changeSet: null, kept: directory } }
}

/** The end of an attempt that could not even begin. */
export function failedBefore(what: string, error: unknown): AttemptEnd {
  return { how: 'failed', failure: infrastructure(what, error), details: {}, changeSet: null }
}

function infrastructure(what: string, error: unknown): Failure {
  const code = error instanceof TroupeError ? error.code : 'UNKNOWN'
  const said = `no ${what}: ${messageOf(error)}`
  const message = error instanceof TroupeError ? `${said.replace(/[\s.;:]+$/, '')}. ${error.fix}` : said
  return { kind: 'infrastructure', message, signature: `${what} ${code}` }
}
