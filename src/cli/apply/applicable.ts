import type { Git } from '../../changes/git.ts'
import { savedAt } from '../../changes/snapshot.ts'
import { TroupeError } from '../../errors.ts'
import { asCommitId, asTreeId, type CommitId } from '../../ids.ts'
import type { Answer } from '../../merge/asking/open-conflict.ts'
import type { Candidate } from '../../merge/candidate.ts'
import type { CheckResult, Proposal } from '../../merge/proposal.ts'
import type { Task } from '../../plan/task.ts'
import { snapshotRef } from '../../refs.ts'
import type { FoundRun } from '../find-run.ts'
import { type RunReading, taskOf } from '../read-run.ts'
import { answersIn, landedCandidates, refoldOnly } from '../refold.ts'
import { readProposal } from '../show/read-proposal.ts'
import { taskResult, unchangedText } from '../show/task-result.ts'

/** Something that a branch can be moved to. */
export interface Applicable {
  /** As people are told: `the proposal`, `the change set of docs`. */
  readonly name: string
  /** Where a branch is expected to stand. */
  readonly base: CommitId
  readonly commit: CommitId
  /** What the run's checks said of this very commit; null where they said nothing of it. */
  readonly checks: readonly CheckResult[] | null
  /** Whether it is checked where nothing is known of it: what one task wrote is taken as it is. */
  readonly isToBeChecked: boolean
  /** The change sets that it is made of, in the order in which they land; a branch that has moved gets these. */
  readonly candidates: readonly Candidate[]
  /** What agents made of their conflicts with each other. */
  readonly answers: readonly Answer[]
  /** Of the commits that are made of them, ISO 8601. */
  readonly date: string
}

/** What is asked for, in a run. */
export interface Asked {
  readonly task?: string
  readonly snapshot: boolean
  /** Ids of tasks, with commas between. */
  readonly only?: string
}

/**
 * The proposal of a run, or a part of it, or one task's change set, or what a task had written when its files were last saved.
 * @throws TroupeError PROPOSAL_NOT_FOUND, TASK_NOT_FOUND, CHANGE_SET_NOT_FOUND or USAGE
 */
export async function applicable(run: FoundRun, reading: RunReading, asked: Asked): Promise<Applicable> {
  const { task, snapshot, only } = asked
  if (only !== undefined) return await onlyTasks(run, reading, asked)
  if (task !== undefined) return await (snapshot ? snapshotOf : changeSetOf)(run, reading, task)
  if (snapshot) throw new TroupeError('USAGE', '--snapshot needs --task')
  const proposal = readProposal(run, reading)
  return { name: 'the proposal', checks: proposal.checks, ...partOf(run, reading, proposal) }
}

/** A part of the proposal, made anew; unless it is all of it, the run's checks say nothing of it. */
async function onlyTasks(run: FoundRun, reading: RunReading, { task, only = '' }: Asked): Promise<Applicable> {
  if (task !== undefined) throw new TroupeError('USAGE', '--only goes with no --task')
  const proposal = readProposal(run, reading)
  const named = only.split(',').flatMap((id) => id.trim() || [])
  if (named.length === 0) throw new TroupeError('USAGE', '--only names no task')
  const ids = named.map((id) => taskOf(reading, id).task.id)
  const { commit, landings } = await refoldOnly(run, reading, { proposal, only: ids })
  const part = partOf(run, reading, proposal)
  const candidates = part.candidates.filter(({ changeSet }) => landings.has(changeSet.task))
  const checks = commit === proposal.commit ? proposal.checks : null
  return { ...part, name: `the work of ${ids.join(', ')}`, commit, checks, candidates }
}

const partOf = (run: FoundRun, reading: RunReading, proposal: Proposal) => ({
  base: proposal.base,
  commit: proposal.commit,
  isToBeChecked: true,
  candidates: landedCandidates(run, reading, proposal),
  answers: answersIn(proposal),
  date: proposal.createdAt,
})

/** With it comes what it was made on: the change sets of the tasks that it needs. */
async function changeSetOf(run: FoundRun, reading: RunReading, id: string): Promise<Applicable> {
  const result = taskResult(run, reading, id)
  const { task, changeSet } = result
  if (changeSet === null) throw new TroupeError('CHANGE_SET_NOT_FOUND', unchangedText(result))
  const base = reading.history.base ?? asCommitId(changeSet.base)
  const [startedFrom, commit] = [asCommitId(changeSet.base), asCommitId(changeSet.commit)]
  const work = { task: taskOf(reading, id).task, base, startedFrom, commit }
  return { name: `the change set of ${task}`, ...(await oneTask(run, work)) }
}

async function snapshotOf(run: FoundRun, reading: RunReading, asked: string): Promise<Applicable> {
  const { task } = taskOf(reading, asked)
  const saved = await savedAt(run.repository.git, snapshotRef(run.id, task.id))
  if (saved === null) throw new TroupeError('CHANGE_SET_NOT_FOUND', `no snapshot of ${task.id} was taken`)
  const work = { task, base: reading.history.base ?? saved.base, startedFrom: saved.base, commit: saved.commit }
  return { name: `the last snapshot of ${task.id}`, ...(await oneTask(run, work)) }
}

interface OneTask {
  readonly task: Task
  readonly base: CommitId
  /** The base, or work of others that it needs. */
  readonly startedFrom: CommitId
  readonly commit: CommitId
}

/** The work of one task, with what it was made on, as one change on the run's base. */
async function oneTask(
  { repository: { git } }: FoundRun,
  { task, base, startedFrom, commit }: OneTask,
): Promise<Omit<Applicable, 'name'>> {
  const [tree = '', date = '', message = ''] = await factsOf(git, commit)
  const changeSet = { task: task.id, agent: task.agent, attempt: 1, base, commit, tree: asTreeId(tree), files: [] }
  const candidates: readonly Candidate[] = [
    { changeSet, owns: null, needs: [], message, ...(startedFrom !== base && { startedFrom }) },
  ]
  return { base, commit, checks: null, isToBeChecked: false, candidates, answers: [], date }
}

const factsOf = async (git: Git, commit: CommitId): Promise<readonly string[]> =>
  (await git.text(['log', '-1', '--format=%T%x00%cI%x00%B', commit])).split('\0')
