import { savedAt } from '../../changes/snapshot.ts'
import { TroupeError } from '../../errors.ts'
import { asCommitId, type CommitId } from '../../ids.ts'
import type { Proposal, Verdict } from '../../merge/proposal.ts'
import { plainText } from '../../monitor/plain-text.ts'
import { snapshotRef } from '../../refs.ts'
import type { FoundRun } from '../find-run.ts'
import { type RunReading, taskOf } from '../read-run.ts'
import { refoldOnly } from '../refold.ts'
import { readProposal } from '../show/read-proposal.ts'
import { taskResult } from '../show/task-result.ts'

/** Something that a branch can be moved to. */
export interface Applicable {
  /** As people are told: `the proposal`, `the change set of docs`. */
  readonly name: string
  /** Where a branch is expected to stand. */
  readonly base: CommitId
  readonly commit: CommitId
  readonly verdict: Verdict
  /** Why it is not applied unless forced, CHECK_FAILED; null when nothing speaks against it. */
  readonly objection: TroupeError | null
}

/** What is asked for, in a run. */
export interface Asked {
  readonly task?: string
  readonly snapshot: boolean
  /** Ids of tasks, with commas between. */
  readonly only?: string
}

/**
 * The proposal of a run, or one task's change set, or what a task had written when its files were last saved.
 * @throws TroupeError PROPOSAL_NOT_FOUND, TASK_NOT_FOUND, CHANGE_SET_NOT_FOUND or USAGE
 */
export async function applicable(run: FoundRun, reading: RunReading, asked: Asked): Promise<Applicable> {
  const { task, snapshot, only } = asked
  if (only !== undefined) return await onlyTasks(run, reading, asked)
  if (task !== undefined) return snapshot ? await snapshotOf(run, reading, task) : changeSetOf(run, reading, task)
  if (snapshot) throw new TroupeError('USAGE', '--snapshot needs --task')
  const proposal = readProposal(run, reading)
  const { base, commit, verdict } = proposal
  return { name: 'the proposal', base, commit, verdict, objection: verdict === 'fail' ? checkFailed(proposal) : null }
}

function checkFailed({ run, checks }: Proposal): TroupeError {
  const failed = checks.filter(({ verdict }) => verdict === 'fail')
  const why = failed.map(({ name, reason }) => plainText(reason === null ? name : `${name}: ${reason}`)).join('; ')
  const message = `the proposal of run ${run} did not pass its checks (${why})`
  return new TroupeError('CHECK_FAILED', message, { details: failed })
}

/** A part of the proposal, made anew; its checks say nothing of it. */
async function onlyTasks(run: FoundRun, reading: RunReading, { task, only = '' }: Asked): Promise<Applicable> {
  if (task !== undefined) throw new TroupeError('USAGE', '--only goes with no --task')
  const proposal = readProposal(run, reading)
  const ids = only.split(',').map((id) => taskOf(reading, id.trim()).task.id)
  const { commit } = await refoldOnly(run, reading, { proposal, only: ids })
  return { name: `the work of ${ids.join(', ')}`, base: proposal.base, commit, verdict: 'not-run', objection: null }
}

/** With it comes what it was made on: the change sets of the tasks that it needs. */
function changeSetOf(run: FoundRun, reading: RunReading, id: string): Applicable {
  const { task, state, changeSet } = taskResult(run, reading, id)
  if (changeSet === null) {
    const what = state === 'succeeded' ? 'changed nothing' : `is ${state} and has no change set`
    throw new TroupeError('CHANGE_SET_NOT_FOUND', `${task} ${what}`)
  }
  const base = reading.history.base ?? asCommitId(changeSet.base)
  const name = `the change set of ${task}`
  return { name, base, commit: asCommitId(changeSet.commit), verdict: 'not-run', objection: null }
}

async function snapshotOf({ id, repository }: FoundRun, reading: RunReading, asked: string): Promise<Applicable> {
  const { task } = taskOf(reading, asked)
  const saved = await savedAt(repository.git, snapshotRef(id, task.id))
  if (saved === null) throw new TroupeError('CHANGE_SET_NOT_FOUND', `no snapshot of ${task.id} was taken`)
  const base = reading.history.base ?? saved.base
  return { name: `the last snapshot of ${task.id}`, base, commit: saved.commit, verdict: 'not-run', objection: null }
}
