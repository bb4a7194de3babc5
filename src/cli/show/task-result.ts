import type { Finding } from '../../agents/agent.ts'
import { quoted } from '../../merge/conflict-message.ts'
import type { Disposition } from '../../merge/proposal.ts'
import { elapsedText } from '../../monitor/elapsed.ts'
import { plainLines, plainText } from '../../plain-text.ts'
import type { AttemptEnd } from '../../supervisor/run/events.ts'
import { resultOf, type ResultFile } from '../../supervisor/run/result-file.ts'
import { taskAt } from '../../supervisor/run/task-change.ts'
import type { FoundRun } from '../find-run.ts'
import { type RunReading, taskOf } from '../read-run.ts'
import { table } from '../table.ts'
import { findingsText } from './findings-text.ts'

/** The result of a task as its run's journal tells it; of one that has not ended, how far it is. Throws TASK_NOT_FOUND. */
export function taskResult(run: FoundRun, reading: RunReading, id: string): ResultFile {
  const { task, index } = taskOf(reading, id)
  const record = taskAt(reading.state, index)
  return resultOf({ run: run.id, task, record, end: lastEnd(reading, id, record.tally.attempts) })
}

/** Why a task has no change set, for people. */
export const unchangedText = ({ task, state }: Pick<ResultFile, 'task' | 'state'>): string =>
  `${task} ${state === 'succeeded' ? 'has changed nothing' : `is ${state} and has no change set`}`

/** A result for people. */
export function resultText(
  result: ResultFile,
  more: { readonly log: string; readonly disposition: Disposition | null },
): string {
  const { task, agent, verb, state, attempts, durationMs, startedAt, summary, reason, changeSet, findings } = result
  const facts: readonly (readonly [string, string | null])[] = [
    ['attempts', String(attempts)],
    ['started', startedAt],
    ['took', durationMs === null ? null : elapsedText(durationMs)],
    ['reason', reason === null ? null : plainText(reason)],
    ['change', changeSet === null ? 'none' : `${changeSet.commit.slice(0, 12)} at ${changeSet.ref}`],
    ['files', changeSet === null ? null : changeSet.files.map(quoted).join(', ')],
    ['proposal', more.disposition === null ? null : dispositionText(more.disposition)],
    ['log', attempts === 0 ? null : `${more.log}${cutText(result.details)}`],
  ]
  return [
    `${task}: ${state} (${verb} by ${agent})`,
    ...table(facts.flatMap(([name, value]) => (value === null ? [] : [[`  ${name}`, value]]))),
    ...(summary === null ? [] : ['', plainLines(summary).trim()]),
    ...(findings.length === 0 ? [] : ['', findingsText(findings as readonly Finding[])]),
  ].join('\n')
}

/** An output past what a log may hold loses its middle. */
function cutText(details: unknown): string {
  const { output } = details as { readonly output?: { readonly bytes: number; readonly cut: number } }
  return output === undefined ? '' : ` (${output.cut} of its ${output.bytes} bytes were cut out)`
}

const dispositionText = (disposition: Disposition): string =>
  'reason' in disposition ? `${disposition.state}: ${plainText(disposition.reason)}` : disposition.state

function lastEnd({ records }: RunReading, id: string, attempt: number): AttemptEnd | null {
  const last = records.findLast(
    ({ event }) => event.type === 'attempt-ended' && event.task === id && event.attempt === attempt,
  )
  return last?.event.type === 'attempt-ended' ? last.event.end : null
}
