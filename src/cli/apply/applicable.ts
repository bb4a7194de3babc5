import { savedAt } from '../../changes/snapshot.ts'
import { TroupeError } from '../../errors.ts'
import { asCommitId, type CommitId } from '../../ids.ts'
import type { Proposal, Verdict } from '../../merge/proposal.ts'
import { plainText } from '../../monitor/plain-text.ts'
import { snapshotRef } from '../../refs.ts'
import type { FoundRun } from '../find-run.ts'
import { type RunReading, taskOf } from '../read-run.ts'
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
}

/**
 * The proposal of a run, or one task's change set, or what a task had written when its files were last saved.
 * @throws TroupeError PROPOSAL_NOT_FOUND, TASK_NOT_FOUND, CHANGE_SET_NOT_FOUND or USAGE
 */
export async function applicable(run: FoundRun, reading: RunReading, asked: Asked): Promise<Applicable> {
  const { task, snapshot } = asked
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
