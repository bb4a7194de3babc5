import { basename } from 'node:path'
import type { ChangeSet } from '../../changes/change-set.ts'
import type { Repository } from '../../changes/repository.ts'
import { sealedAt } from '../../changes/seal.ts'
import { removeStaleLocks } from '../../changes/stale-locks.ts'
import { openSlots } from '../../changes/slots.ts'
import { type FoundWorktree, openWorktrees, type Worktrees } from '../../changes/worktree.ts'
import type { Clock } from '../../clock.ts'
import { messageOf } from '../../errors.ts'
import type { RunId, TaskId } from '../../ids.ts'
import type { Redactor } from '../../redaction.ts'
import { changeSetRef } from '../../refs.ts'
import { candidatesOf } from '../../plan/candidates.ts'
import type { Manifest, Task } from '../../plan/task.ts'
import { type AttemptEnd, detailsOf, type Recorded } from './events.ts'
import { itemsOf } from './persistent-vector.ts'
import { resolutionTask } from './resolution-task.ts'
import { sealAttempt } from './seal-attempt.ts'
import type { RunState } from './state.ts'
import { worktreeName } from './open-workspaces.ts'

/** An attempt that was under way when its supervisor died; none of its processes lives. */
export interface OrphanedAttempt {
  readonly task: Task
  readonly attempt: number
  /** The task on whose conflicts it was at work; absent for an attempt at a task. */
  readonly resolves?: TaskId
  /** The task that it tried beside others; its end is that task's. Absent for an attempt at a task. */
  readonly candidateOf?: TaskId
}

/** How an orphaned attempt ends, and how to give its workspace back once that is journaled; null where there is none to give. */
export interface SalvagedAttempt extends OrphanedAttempt {
  readonly end: Extract<AttemptEnd, { readonly how: 'lost' }>
  readonly release: (() => Promise<void>) | null
}

/** What the work of dead attempts is sealed with. */
export interface SalvageParts {
  readonly repository: Repository
  readonly run: RunId
  /** Absolute folder that holds the run's worktrees. */
  readonly folder: string
  readonly clock: Clock
  /** What the run's journal holds. */
  readonly records: readonly Recorded[]
  readonly hide?: Redactor
}

const parallel = 4

/** The attempts that a run's journal leaves under way. */
export function orphansOf(
  { tasks, merge: { resolver } }: Pick<Manifest, 'tasks' | 'merge'>,
  state: RunState,
): readonly OrphanedAttempt[] {
  const records = [...itemsOf(state.tasks)]
  const attempts = tasks.flatMap((task, index) => {
    const at = records[index]?.state
    if (at?.phase !== 'dispatched' && at?.phase !== 'running') return []
    const { attempt } = at
    const beside = candidatesOf(task).map((one) => ({ task: one, attempt, candidateOf: task.id }))
    return [{ task, attempt }, ...beside]
  })
  const asked = [...state.resolutions].flatMap(([resolves, { standing, attempts: attempt, files }]) => {
    if (resolver === null || standing.phase !== 'running') return []
    const paths = files.map(({ path }) => path)
    return [{ task: resolutionTask(resolver.task, resolves, paths), attempt, resolves }]
  })
  return [...attempts, ...asked]
}

/**
 * Seals what orphaned attempts wrote, then takes away every other worktree of the run: their attempts' ends are journaled. What
 * could not be sealed stays where it is. May be repeated after a crash.
 */
export async function salvage(
  parts: SalvageParts,
  orphans: readonly OrphanedAttempt[],
): Promise<readonly SalvagedAttempt[]> {
  const { repository, run, folder } = parts
  await removeStaleLocks(repository, run)
  const worktrees = openWorktrees({ repository, folder, parallel })
  const found = new Map((await worktrees.list()).map((worktree) => [worktree.name, worktree]))
  const slots = openSlots(parallel)
  const salvaged = await Promise.all(
    orphans.map((orphan) =>
      slots.use(() => salvageOne(parts, worktrees, { orphan, found: found.get(nameOf(orphan)) })),
    ),
  )
  // a folder without an entry is not an orphan's work but what is left of making its worktree
  const whole = orphans.map(nameOf).filter((name) => found.has(name))
  await worktrees.removeAll(new Set([...whole, ...keptWorktrees(parts.records)]))
  return salvaged
}

/** Names of the worktrees that hold work which could not be sealed. */
export function keptWorktrees(records: readonly Recorded[]): readonly string[] {
  return records.flatMap(({ event }) => {
    if (!('end' in event)) return []
    const own = 'kept' in event.end ? [event.end.kept] : []
    return [...own, ...keptByCandidates(event.end)].map((directory) => basename(directory))
  })
}

function keptByCandidates(end: AttemptEnd): readonly string[] {
  const told = detailsOf(end)['bestOf']
  return Array.isArray(told) ? told.flatMap(({ kept }: { readonly kept?: string }) => kept ?? []) : []
}

interface Left {
  readonly orphan: OrphanedAttempt
  readonly found: FoundWorktree | undefined
}

async function salvageOne(parts: SalvageParts, worktrees: Worktrees, left: Left): Promise<SalvagedAttempt> {
  const { orphan, found } = left
  const lost = (end: Omit<SalvagedAttempt['end'], 'how'>, release: SalvagedAttempt['release']): SalvagedAttempt => ({
    ...orphan,
    end: { how: 'lost', ...end },
    release,
  })
  if (found === undefined) return lost({ reason, changeSet: await sealedBefore(parts, orphan) }, null)
  const release = (): Promise<void> => worktrees.remove(found)
  const { commit } = found
  if (commit === null) return lost({ reason, changeSet: null }, release)
  try {
    const sealing = await sealAttempt({ ...found, commit }, { ...parts, ...orphan })
    if (sealing.how === 'gone') {
      const changeSet = await sealedBefore(parts, orphan)
      return lost({ reason: changeSet === null ? `${reason}; ${sealing.message}` : reason, changeSet }, release)
    }
    return lost({ reason, changeSet: sealing.how === 'changed' ? sealing.changeSet : null }, release)
  } catch (error) {
    const kept = found.directory
    const text = `${reason}; its work could not be sealed and is kept in ${kept}: ${messageOf(error)}`
    return lost({ reason: text, changeSet: null, kept }, null)
  }
}

/** What a collection of garbage has sealed meanwhile, or a supervisor that died just then. */
function sealedBefore(
  { repository, run }: SalvageParts,
  { task, attempt }: OrphanedAttempt,
): Promise<ChangeSet | null> {
  const ref = changeSetRef(run, task.id, attempt)
  return sealedAt(repository.git, ref, { task: task.id, agent: task.agent, attempt })
}

const reason = 'its supervisor died'

const nameOf = ({ task, attempt }: OrphanedAttempt): string => worktreeName(task.id, attempt)
