import { existsSync } from 'node:fs'
import type { Repository } from '../../changes/repository.ts'
import type { ChangeSet } from '../../changes/change-set.ts'
import { seal, sealAs } from '../../changes/seal.ts'
import { savedAt } from '../../changes/snapshot.ts'
import type { Worktree } from '../../changes/worktree.ts'
import type { Clock } from '../../clock.ts'
import type { RunId } from '../../ids.ts'
import type { Task } from '../../plan/task.ts'
import type { Redactor } from '../../redaction.ts'
import { changeSetRef, snapshotRef } from '../../refs.ts'
import type { Sealing } from './workspaces.ts'

/** What is sealed, and for which attempt. */
export interface SealedAttempt {
  readonly repository: Repository
  readonly run: RunId
  readonly clock: Clock
  readonly task: Task
  readonly attempt: number
  readonly hide?: Redactor
}

/** Makes what lies in an attempt's worktree its change set. Throws TroupeError GIT_FAILED or NO_SPACE when something cannot be kept. */
export async function sealAttempt(worktree: Worktree, sealed: SealedAttempt): Promise<Sealing> {
  const { repository, hide } = sealed
  if (!existsSync(worktree.directory)) return { how: 'gone', message: await goneText(worktree, sealed) }
  const result = await seal(repository.git, { worktree, ...named(sealed), ...(hide !== undefined && { hide }) })
  if (!result.changed) return { how: 'unchanged' }
  const { changeSet, exposed } = result
  return { how: 'changed', changeSet, exposed }
}

async function goneText({ directory }: Worktree, { repository, run, task }: SealedAttempt): Promise<string> {
  const ref = snapshotRef(run, task.id)
  const saved = await savedAt(repository.git, ref)
  return `its worktree ${directory} was gone; ${saved === null ? 'nothing of its work is saved' : `its last snapshot is at ${ref}`}`
}

/** Makes what another attempt has made the change set of this one. Throws TroupeError GIT_FAILED. */
export const sealedAs = (changeSet: ChangeSet, sealed: Omit<SealedAttempt, 'hide'>): Promise<ChangeSet> =>
  sealAs(sealed.repository.git, changeSet, { ...named(sealed), agent: changeSet.agent })

const named = ({ run, clock, task, attempt }: SealedAttempt) => ({
  task: task.id,
  agent: task.agent,
  attempt,
  run,
  ref: changeSetRef(run, task.id, attempt),
  at: Math.floor(clock.now() / 1_000),
  message: titleOf(task),
})

/** Nothing of the prompt: that is kept only where the manifest says so. */
const titleOf = ({ id, verb, files }: Task): string => `${id}: ${verb} ${files.join(' ')}`.trim().slice(0, 200)
