import { agentSpec } from '../../actors/agent-spec.ts'
import type { AgentActorApi, AgentEvent } from '../../actors/agent-api.ts'
import type { ActorHandle, ActorHost, HostKind } from '../../actors/contract.ts'
import type { Assignment } from '../../agents/agent.ts'
import type { ChangeSet } from '../../changes/change-set.ts'
import type { Clock } from '../../clock.ts'
import { asActorId, type CommitId, type RunId, type TaskId } from '../../ids.ts'
import { must } from '../../errors.ts'
import { openMemoryMeter } from '../../processes/memory-use.ts'
import { signalMarked } from '../../processes/signal-marked.ts'
import type { Marker } from '../../processes/sweep.ts'
import { renderArguments, renderText, type TemplateValues } from '../../plan/template.ts'
import type { Manifest, Task, WorkspaceKind } from '../../plan/task.ts'
import { converse, type Places } from './conversation.ts'
import type { Aggregator } from './aggregator.ts'
import { type AttemptMeans, type AttemptResult, carryOutAttempt, failedBefore } from './attempt.ts'
import type { AttemptBounds } from './attempt-watch.ts'
import type { Budgets } from './budgets.ts'
import type { PauseSwitch } from './pause-switch.ts'
import { changeSetsBehind } from './attempt-base.ts'
import { openHeldFiles } from './held-files.ts'
import { ruleOf, type RunRules } from './rules.ts'
import type { AttemptOrder } from './run.ts'
import { openSnapshots } from './snapshots.ts'
import type { RunState } from './state.ts'
import { taskAt } from './task-change.ts'
import type { TroupeTree } from './troupe-tree.ts'
import type { Workspace, Workspaces } from './workspaces.ts'

/** Where a task's actor lives and where it works, all choices made. */
export interface Placement {
  readonly kind: string
  readonly host: HostKind
  readonly workspace: WorkspaceKind
}

interface AttemptsParts {
  readonly run: RunId
  readonly base: CommitId
  readonly manifest: Manifest
  readonly rules: RunRules
  readonly clock: Clock
  readonly placements: ReadonlyMap<TaskId, Placement>
  readonly aggregator: Aggregator
  readonly workspaces: Workspaces
  readonly tree: TroupeTree
  readonly places: Places
  readonly budgets: Budgets
  host(kind: HostKind): ActorHost
  logPath(task: TaskId, attempt: number): string
  /** Told of what an attempt has written so far whenever its workspace was saved with something new in it. */
  saved(snapshot: ChangeSet): void
  /** Told when the system does not let us watch every workspace. */
  unwatched(why: string): void
  /** URL of the module of the kinds of agent. */
  readonly kindsModule: string
  /** Bytes of output kept of one attempt. */
  readonly logBytes: number
  /** How long a polite stop may take, in milliseconds. */
  readonly graceMs: number
  /** Names of variables whose values are written down nowhere. */
  readonly secrets: readonly string[]
}

/** An attempt at a conflict: what is done, on what, and what is asked. */
export interface ResolutionWork {
  readonly task: Task
  readonly placement: Placement
  readonly base: CommitId
  readonly prompt: string
}

/** Carries attempts out, at tasks and at conflicts. */
export interface Attempts {
  task(order: AttemptOrder, state: RunState): Promise<AttemptResult>
  resolution(order: AttemptOrder, work: ResolutionWork): Promise<AttemptResult>
}

/** Carries attempts out: base, workspace, actor, assignment. */
export function openAttempts(parts: AttemptsParts): Attempts {
  const { rules, manifest, clock, workspaces } = parts
  const memory = openMemoryMeter(clock, ['TROUPE_RUN', 'TROUPE_TASK', 'TROUPE_ATTEMPT'])
  const snapshots = openSnapshots({ clock, everyMs: manifest.snapshotMs, unwatched: parts.unwatched })
  const held = openHeldFiles()
  const carryOut = async (piece: Piece): Promise<AttemptResult> => {
    const { order, task, base, left } = piece
    const account = parts.budgets.open(task)
    const conversation = converse({ clock, task, held, account, places: parts.places })
    const carriedOut = carryOutAttempt({
      ...boundsOf(parts, piece),
      spent: account.spent,
      memoryHeld: ({ identity }) =>
        memory.held([parts.run, task.id, String(order.attempt)], identity === null ? [] : [identity.pid]),
      snapshots,
      saved: piece.saved,
      // whoever stood still with a place at a provider would keep it from the one that it waits for
      signal: (name) =>
        name === 'SIGSTOP' && conversation.holdsPlace ? 0 : signalMarked(marks(parts.run, order), name),
      openWorkspace: () =>
        workspaces.open({ kind: piece.placement.workspace, task, attempt: order.attempt, base, left }),
      waited: () => conversation,
      used: () => conversation.used,
      startActor: (workspace, heard) =>
        conversation.with(startActor(parts, { ...piece, workspace, heard, listen: conversation.hear })),
    })
    const result = await carriedOut.finally(() => {
      conversation.end()
    })
    account.close(result.end)
    return result
  }
  return {
    async task(order, state) {
      const { index } = ruleOf(rules, order.task)
      const task = manifest.tasks[index]
      if (task === undefined) throw new RangeError(`no task ${index}`)
      const found = await baseOf(parts, state, index).catch((error: unknown) => ({ end: failedBefore('base', error) }))
      if ('end' in found) return { end: found.end, workspace: null }
      return await carryOut(pieceOf(parts, { order, task, state, base: found.base }))
    },
    async resolution(order, { task, placement, base, prompt }) {
      const values = valuesOf(parts.run, { order, task, summaries: new Map() })
      const more = task.prompt === null ? '' : `\n\n${renderText(task.prompt, values)}`
      return await carryOut({
        order,
        task,
        placement,
        base,
        left: null,
        rebased: null,
        values,
        prompt: prompt + more,
        saved() {},
      })
    },
  }
}

function pieceOf(
  parts: AttemptsParts,
  { order, task, state, base }: Pick<Piece, 'order' | 'task' | 'base'> & { readonly state: RunState },
): Piece {
  const values = valuesOf(parts.run, { order, task, summaries: summariesFor(parts.rules, task, state) })
  const { left, rebased } = taskAt(state, ruleOf(parts.rules, task.id).index).tally
  return {
    order,
    task,
    placement: must(parts.placements, task.id),
    base,
    left,
    rebased,
    values,
    prompt: task.prompt === null ? null : renderText(task.prompt, values),
    saved: (snapshot) => {
      parts.saved({ task: task.id, agent: task.agent, attempt: order.attempt, ...snapshot, files: [] })
    },
  }
}

/** What bounds an attempt, and who stops it. */
function boundsOf(
  { clock, graceMs }: AttemptsParts,
  { order, task }: Piece,
): Omit<AttemptBounds, 'spent'> & { pauses: PauseSwitch } {
  const { timeoutMs, stallMs, memoryBytes } = task
  const { polite, force, pauses } = order
  return { clock, graceMs, timeoutMs, stallMs, memoryBytes, polite, force, pauses }
}

/** One attempt with all that differs between tasks and conflicts. */
interface Piece {
  readonly order: AttemptOrder
  readonly task: Task
  readonly placement: Placement
  readonly base: CommitId
  readonly left: CommitId | null
  /** What it had written before it was rebased; null where it was not. */
  readonly rebased: CommitId | null
  readonly values: TemplateValues
  /** Filled in. */
  readonly prompt: string | null
  readonly saved: AttemptMeans['saved']
}

/** What every process of an attempt carries, and hands on to what it starts. */
const marks = (run: RunId, { task, attempt }: AttemptOrder): Marker => ({
  TROUPE_RUN: run,
  TROUPE_TASK: task,
  TROUPE_ATTEMPT: String(attempt),
})

type Found = { readonly base: CommitId } | { readonly end: AttemptResult['end'] }

async function baseOf({ rules, base, aggregator }: AttemptsParts, state: RunState, index: number): Promise<Found> {
  const behind = changeSetsBehind(rules, state, index)
  const [only] = behind
  if (only === undefined) return { base }
  if (behind.length === 1) return { base: only.commit }
  const merged = await aggregator.baseFor(behind)
  if (merged.how === 'merged') return { base: merged.commit }
  const message = `what it needs cannot be merged: ${merged.conflicts.map((conflict) => conflict.message).join('; ')}`
  return {
    end: { how: 'failed', failure: { kind: 'conflict', message, signature: message }, details: {}, changeSet: null },
  }
}

interface Start extends Piece {
  readonly workspace: Workspace
  readonly heard: () => void
  readonly listen: (event: AgentEvent) => void
}

/** A process of the actor's own is told like those that its agent starts. */
async function startActor(parts: AttemptsParts, start: Start): Promise<ActorHandle<AgentActorApi>> {
  const { order, task } = start
  const { kind, host } = start.placement
  const id = asActorId(`${task.id}.${order.attempt}`)
  const log = { path: parts.logPath(task.id, order.attempt), maxBytes: parts.logBytes }
  const assignment = assignmentOf(parts, start)
  const spec = agentSpec(id, {
    assignment,
    kind,
    kindsModule: parts.kindsModule,
    log,
    graceMs: parts.graceMs * programShare,
    secrets: parts.secrets,
  })
  const emit = (event: unknown): void => {
    start.heard()
    start.listen(event as AgentEvent)
    order.tell(event as AgentEvent)
  }
  const actor = await parts.tree.startAgent(id, () => parts.host(host).start<AgentActorApi>(spec, { emit }))
  if (actor.identity !== null) order.tell({ type: 'process', process: actor.identity })
  return actor
}

function assignmentOf({ run, manifest }: AttemptsParts, start: Start): Assignment {
  const { order, task, workspace, prompt, values, rebased } = start
  const { options } = must(manifest.agents, task.agent)
  const withPrompt = { ...values, prompt: prompt ?? '' }
  const argv = options['argv'] as readonly string[] | undefined
  return {
    run,
    task: task.id,
    attempt: order.attempt,
    agent: task.agent,
    verb: task.verb,
    prompt,
    command: task.command === null ? null : renderArguments(task.command, withPrompt),
    files: task.files,
    owns: task.owns,
    env: task.env,
    options: argv === undefined ? options : { ...options, argv: renderArguments(argv, withPrompt) },
    directory: workspace.directory,
    looksOnly: start.placement.workspace !== 'own',
    continued: workspace.continued ?? false,
    timeoutMs: task.timeoutMs,
    rebased,
  }
}

interface ValueParts extends Pick<Piece, 'order' | 'task'> {
  readonly summaries: ReadonlyMap<TaskId, string>
}

function valuesOf(run: RunId, { order, task, summaries }: ValueParts): TemplateValues {
  const { id, verb, agent, files } = task
  return { run, task: id, verb, agent, attempt: order.attempt, prompt: '', files, summaries }
}

function summariesFor(rules: RunRules, { needs }: Task, state: RunState): ReadonlyMap<TaskId, string> {
  return new Map(
    needs.map((need) => {
      const { state: needed } = taskAt(state, ruleOf(rules, need).index)
      return [need, needed.phase === 'succeeded' ? needed.summary : '']
    }),
  )
}

/** A program must be gone before its actor's own time is over. */
const programShare = 0.8
