import { readFileSync } from 'node:fs'
import { savedAt } from '../../changes/snapshot.ts'
import { asCommitId, type TaskId } from '../../ids.ts'
import type { Disposition } from '../../merge/proposal.ts'
import { plainLines } from '../../plain-text.ts'
import { storeFailure } from '../../store/store-failure.ts'
import { taskAt } from '../../supervisor/run/task-change.ts'
import { snapshotRef } from '../../refs.ts'
import { taskOf } from '../read-run.ts'
import { diffText } from './diff.ts'
import type { Showing, Subject } from './options.ts'
import { readProposal } from './read-proposal.ts'
import { resultText, taskResult, unchangedText } from './task-result.ts'

/** One task's result, log or diff, as it is to be printed. Throws TroupeError TASK_NOT_FOUND or STORE_FAILED. */
export async function showTask(subject: Extract<Subject, { of: 'task' }>, showing: Showing): Promise<string> {
  switch (subject.what) {
    case 'all':
      return showResult(subject.task, showing)
    case 'log':
      return showLog(subject.task, showing)
    case 'diff':
      return await showDiff(subject.task, showing)
    case 'snapshot':
      return await showSnapshot(subject.task, showing)
  }
}

function showResult(id: string, showing: Showing): string {
  const { run, reading, json } = showing
  const result = taskResult(run, reading, id)
  if (json) return printed(result)
  const { task } = taskOf(reading, id)
  return resultText(result, {
    log: run.files.log(task.id, result.attempts),
    disposition: dispositionOf(showing, task.id),
  })
}

/** Where the proposal put the task's work; null as long as there is none. */
function dispositionOf({ run, reading }: Showing, id: TaskId): Disposition | null {
  if (reading.history.proposal === null) return null
  return readProposal(run, reading).tasks.find(({ task }) => task === id)?.disposition ?? null
}

function showLog(id: string, { run, reading, json, terminal }: Showing): string {
  const { task, index } = taskOf(reading, id)
  const { attempts } = taskAt(reading.state, index).tally
  const file = run.files.log(task.id, attempts)
  const text = textOf(file)
  if (json)
    return printed({ schema: 'troupe/log/1', run: run.id, task: task.id, attempt: attempts, file, text: text ?? '' })
  if (text === null) terminal.tell(attempts === 0 ? `${task.id} has not begun` : `${task.id} has printed nothing`)
  return plainLines(text ?? '').trimEnd()
}

async function showDiff(id: string, { run, reading, json, terminal }: Showing): Promise<string> {
  const result = taskResult(run, reading, id)
  const { task, changeSet } = result
  if (changeSet === null) {
    if (json) return printed({ schema: 'troupe/diff/1', run: run.id, task, base: null, commit: null, diff: '' })
    terminal.tell(unchangedText(result))
    return ''
  }
  const [base, commit] = [asCommitId(changeSet.base), asCommitId(changeSet.commit)]
  const diff = await diffText(run.repository.git, { base, commit }, json ? null : terminal)
  return json ? printed({ schema: 'troupe/diff/1', run: run.id, task, base, commit, diff }) : diff
}

/** What the latest attempt had written when it was last saved. */
async function showSnapshot(id: string, { run, reading, json, terminal }: Showing): Promise<string> {
  const { task } = taskOf(reading, id)
  const { git } = run.repository
  const ref = snapshotRef(run.id, task.id)
  const saved = await savedAt(git, ref)
  if (saved === null && !json) terminal.tell(`no snapshot of ${task.id} was taken`)
  const diff = saved === null ? '' : await diffText(git, saved, json ? null : terminal)
  const { base, commit } = saved ?? { base: null, commit: null }
  return json ? printed({ schema: 'troupe/diff/1', run: run.id, task: task.id, base, commit, ref, diff }) : diff
}

/** The content of a log; null when nothing was ever written to it. Throws TroupeError STORE_FAILED. */
function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw storeFailure(`cannot read ${file}`, error)
  }
}

const printed = (value: object): string => JSON.stringify(value, null, 2)
