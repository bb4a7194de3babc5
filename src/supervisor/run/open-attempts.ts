import type { ChangeSet } from '../../changes/change-set.ts'
import type { Clock } from '../../clock.ts'
import { type CommitId, type RunId, type TaskId } from '../../ids.ts'
import { must } from '../../errors.ts'
import { openMemoryMeter } from '../../processes/memory-use.ts'
import { signalMarked } from '../../processes/signal-marked.ts'
import type { Marker } from '../../processes/sweep.ts'
import { renderText, type TemplateValues } from '../../plan/template.ts'
import { candidatesOf } from '../../plan/candidates.ts'
import type { Manifest, Task } from '../../plan/task.ts'
import { converse } from './conversation.ts'
import type { Aggregator } from './aggregator.ts'
import { type AttemptResult, carryOutAttempt, failedBefore } from './attempt.ts'
import type { AttemptBounds } from './attempt-watch.ts'
import type { Account, Budgets } from './budgets.ts'
import { PauseSwitch } from './pause-switch.ts'
import { changeSetsBehind } from './attempt-base.ts'
import { type HeldFiles, openHeldFiles } from './held-files.ts'
import type { Models } from './models.ts'
import { ruleOf, type RunRules } from './rules.ts'
import type { AttemptOrder } from './run.ts'
import { openSnapshots, type Snapshots } from './snapshots.ts'
import { type ActorParts, type Piece, startActor } from './start-actor.ts'
import type { Placement } from './placement.ts'
import type { RunState } from './state.ts'
import type { Places } from './taken-places.ts'
import { taskAt } from './task-change.ts'
import { type JudgingParts, resultOfBest } from './try-candidates.ts'
import type { Workspaces } from './workspaces.ts'

interface AttemptsParts extends ActorParts {
  readonly manifest: Manifest
  readonly base: CommitId
  readonly rules: RunRules
  readonly clock: Clock
  readonly placements: ReadonlyMap<TaskId, Placement>
  readonly aggregator: Aggregator
  readonly workspaces: Workspaces
  readonly places: Places
  readonly models: Models
  readonly budgets: Budgets
  /** Told of what an attempt has written so far whenever its workspace was saved with something new in it. */
  saved(snapshot: ChangeSet): void
  /** Told when the system does not let us watch every workspace. */
  unwatched(why: string): void
  /** How several attempts at one task are judged. */
  readonly judging: Pick<JudgingParts, 'checks' | 'settings' | 'keepLog'>
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
  const { rules, manifest, clock } = parts
  const tools = {
    memory: openMemoryMeter(clock, ['TROUPE_RUN', 'TROUPE_TASK', 'TROUPE_ATTEMPT']),
    snapshots: openSnapshots({ clock, everyMs: manifest.snapshotMs, unwatched: parts.unwatched }),
    held: openHeldFiles(),
  }
  return {
    async task(order, state) {
      const { index } = ruleOf(rules, order.task)
      const task = manifest.tasks[index]
      if (task === undefined) throw new RangeError(`no task ${index}`)
      const found = await baseOf(parts, state, index).catch((error: unknown) => ({ end: failedBefore('base', error) }))
      if ('end' in found) return { end: found.end, workspace: null }
      const what = { order, task, state, base: found.base }
      return task.bestOf === null
        ? await carryOutAlone(parts, tools, pieceOf(parts, what))
        : await carryOutSeveral(parts, tools, what)
    },
    async resolution(order, { task, placement, base, prompt }) {
      const values = valuesOf(parts.run, { order, task, summaries: new Map() })
      const more = task.prompt === null ? '' : `\n\n${renderText(task.prompt, values)}`
      const asked = { values, prompt: prompt + more, saved() {} }
      return await carryOutAlone(parts, tools, { order, task, placement, base, left: null, rebased: null, ...asked })
    },
  }
}

/** What all attempts of a run have in common. */
interface Tools {
  readonly memory: ReturnType<typeof openMemoryMeter>
  readonly snapshots: Snapshots
  readonly held: HeldFiles
}

async function carryOutAlone(parts: AttemptsParts, tools: Tools, piece: Piece): Promise<AttemptResult> {
  const account = parts.budgets.open(piece.task)
  const result = await carryOut(parts, tools, { ...piece, account, held: tools.held, holder: piece.task })
  account.close(result.end)
  return result
}

/** They share a budget, and hold files for one task until the last has ended. */
async function carryOutSeveral(parts: AttemptsParts, tools: Tools, what: Whole): Promise<AttemptResult> {
  const { task, order, base } = what
  const account = parts.budgets.open(task)
  const held = { ask: tools.held.ask, release: () => {} }
  const candidates = candidatesOf(task)
  const underWay = candidates.map((one, at) =>
    carryOut(parts, tools, {
      ...candidatePiece(parts, what, { one, at }),
      account,
      held,
      holder: { ...task, agent: one.agent },
    }),
  )
  const results = await Promise.all(underWay)
  tools.held.release(task.id)
  const tried = { task, attempt: order.attempt, base, candidates, results, stopped: order.polite }
  const result = await resultOfBest({ ...parts, ...parts.judging }, tried)
  account.close(result.end)
  return result
}

/** An attempt with what it may share with others. */
interface Shared extends Piece {
  readonly account: Account
  readonly held: HeldFiles
  /** Who holds files and takes places. */
  readonly holder: Task
}

async function carryOut(parts: AttemptsParts, { memory, snapshots }: Tools, piece: Shared): Promise<AttemptResult> {
  const { order, task, base, left, account, held, holder } = piece
  const conversation = converse({ ...parts, task: holder, held, account })
  const carriedOut = carryOutAttempt({
    ...boundsOf(parts, piece),
    spent: account.spent,
    memoryHeld: ({ identity }) =>
      memory.held([parts.run, task.id, String(order.attempt)], identity === null ? [] : [identity.pid]),
    snapshots,
    saved: piece.saved,
    // whoever stood still with a place at a provider would keep it from the one that it waits for
    signal: (name) => (name === 'SIGSTOP' && conversation.holdsPlace ? 0 : signalMarked(marks(parts.run, order), name)),
    openWorkspace: () =>
      parts.workspaces.open({ kind: piece.placement.workspace, task, attempt: order.attempt, base, left }),
    waited: () => conversation,
    used: () => conversation.used,
    startActor: (workspace, heard) =>
      conversation.with(startActor(parts, { ...piece, workspace, heard, listen: conversation.hear })),
  })
  return await carriedOut.finally(() => {
    conversation.end()
  })
}

/** A task at which an attempt is made. */
type Whole = Pick<Piece, 'order' | 'task' | 'base'> & { readonly state: RunState }

function pieceOf(parts: AttemptsParts, { order, task, state, base }: Whole): Piece {
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

/** As the task, but for who does it and what it is called; what it writes is compared with nobody's until it is chosen. */
function candidatePiece(
  parts: AttemptsParts,
  what: Whole,
  { one, at }: { readonly one: Task; readonly at: number },
): Piece {
  const { order } = what
  const asTask = pieceOf(parts, { ...what, task: { ...what.task, agent: one.agent } })
  const tell: AttemptOrder['tell'] = (event) =>
    order.tell('line' in event ? { ...event, line: `${at + 1}: ${event.line}` } : event)
  return {
    ...asTask,
    task: one,
    order: { ...order, task: one.id, pauses: new PauseSwitch(), tell },
    placement: must(parts.placements, one.id),
    saved() {},
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

function summariesFor(rules: RunRules, { needs }: Task, state: RunState): ReadonlyMap<TaskId, string> {
  return new Map(
    needs.map((need) => {
      const { state: needed } = taskAt(state, ruleOf(rules, need).index)
      return [need, needed.phase === 'succeeded' ? needed.summary : '']
    }),
  )
}

interface ValueParts extends Pick<Piece, 'order' | 'task'> {
  readonly summaries: ReadonlyMap<TaskId, string>
}

function valuesOf(run: RunId, { order, task, summaries }: ValueParts): TemplateValues {
  const { id, verb, agent, files } = task
  return { run, task: id, verb, agent, attempt: order.attempt, prompt: '', files, summaries }
}
