import { elapsedText } from '../../monitor/elapsed.ts'
import { countsText, rowLines } from '../../monitor/frame.ts'
import {
  conflictLines,
  earlyLines,
  openEarlyFailures,
  openOverlaps,
  overlapLines,
  type Row,
  rowsOf,
  summaryOf,
} from '../../monitor/rows.ts'
import type { TaskId } from '../../ids.ts'
import type { Conflict } from '../../merge/conflict.ts'
import type { StandingConflict } from '../../supervisor/run/standing-conflicts.ts'
import { usageOfAll } from '../../agents/usage.ts'
import { taskAt } from '../../supervisor/run/task-change.ts'
import type { FoundRun } from '../find-run.ts'
import type { RunReading } from '../read-run.ts'
import { deadLettersIn } from './dead-letters.ts'
import { liveFromFiles } from './live-files.ts'
import { standingOf, standingText } from './standing.ts'

/** A run to be told of. */
export interface ToldRun {
  readonly run: FoundRun
  readonly reading: RunReading
  /** Milliseconds since the epoch; of a run whose supervisor is gone, when something was last heard of it. */
  readonly now: number
}

/** Where a run and each of its tasks stand, for people; `brief` leaves out what a picture of the run has just shown. */
export function statusText(
  told: ToldRun,
  { coloured, brief }: { readonly coloured: boolean; readonly brief: boolean },
): string {
  const { run, reading, now } = told
  const { state, history } = reading
  const { proposal, startedAt, endedAt } = history
  const elapsed = startedAt === null ? '' : ` ${elapsedText((endedAt ?? now) - startedAt)}`
  return [
    `run ${run.id}: ${standingText(standingOf(state, history))}${elapsed}, ${countsText(summaryOf(state))}`,
    ...(brief
      ? []
      : [
          ...rowLines(rowsFor(told), { columns: 120, coloured }),
          ...conflictLines(conflictsOf(reading)),
          ...overlapLines(overlapsOf(reading)),
          ...earlyLines(openEarlyFailures(history, state)),
        ]),
    ...deadLetterLine(run),
    ...(proposal === null ? [] : [`proposal: checks ${proposal.verdict}; troupe show ${run.id}`]),
    ...(state.phase.name === 'ended' ? [`ended with ${state.phase.exitCode}: ${state.phase.reason}`] : []),
  ].join('\n')
}

/** What attempts under way write and does not go together as of now. */
const overlapsOf = ({ history, rules, state }: RunReading): readonly StandingConflict[] =>
  openOverlaps(history.overlaps, rules, state)

/** What does not go together, but for what somebody who was asked about either task has settled. */
function conflictsOf({ history, state }: RunReading): readonly Conflict[] {
  const isSettled = (task: TaskId | null, file: string): boolean => {
    const { files = [], standing } = (task === null ? undefined : state.resolutions.get(task)) ?? {}
    return standing?.phase === 'ended' && standing.outcome === 'kept' && files.some(({ path }) => path === file)
  }
  return history.conflicts.filter(({ ours, theirs, file }) => ![ours, theirs].some((task) => isSettled(task, file)))
}

function deadLetterLine({ files }: FoundRun): readonly string[] {
  const counts = Object.entries(deadLettersIn(files.supervisorLog))
  if (counts.length === 0) return []
  return [`dead letters: ${counts.map(([reason, count]) => `${count} ${reason}`).join(', ')}; ${files.supervisorLog}`]
}

/** The same for programs: schema troupe/run-status/1. */
export function statusJson(told: ToldRun): object {
  const { run, reading } = told
  const { state, history, manifest } = reading
  const { base, startedAt, endedAt, supervisor, proposal } = history
  return {
    schema: 'troupe/run-status/1',
    run: run.id,
    phase: standingOf(state, history),
    base,
    startedAt: isoOrNull(startedAt),
    endedAt: isoOrNull(endedAt),
    supervisor,
    ending: state.phase.name === 'ended' ? { exitCode: state.phase.exitCode, reason: state.phase.reason } : null,
    counts: state.counts,
    tasks: rowsFor(told).map((row, index) => ({
      ...taskJson(row),
      verb: manifest.tasks[index]?.verb,
      usage: taskAt(state, index).tally.usage,
    })),
    usage: usageOfAll(manifest.tasks.map((_, index) => taskAt(state, index).tally.usage)),
    conflicts: conflictsOf(reading),
    overlaps: overlapsOf(reading).map((one) => ({ ...one, since: isoOrNull(one.since) })),
    resolutions: [...state.resolutions].map(([task, { agent, files, attempts, standing }]) => ({
      task,
      agent,
      files: files.map(({ path }) => path),
      attempts,
      state: standing.phase === 'ended' ? standing.outcome : standing.phase,
      reason: standing.phase === 'ended' ? standing.reason : null,
    })),
    providers: [...state.holds].map(([provider, hold]) => ({ provider, ...hold, until: isoOrNull(hold.until) })),
    earlyFailures: openEarlyFailures(history, state).map(({ check, tasks, output }) => ({ check, tasks, output })),
    deadLetters: deadLettersIn(run.files.supervisorLog),
    proposal:
      proposal === null
        ? null
        : { commit: proposal.commit, tree: proposal.tree, verdict: proposal.verdict, file: proposal.file },
  }
}

const taskJson = ({ task, agent, phase, words, pausedFor, attempt, elapsedMs, note }: Row): object => ({
  id: task,
  agent,
  phase,
  words,
  pausedFor,
  attempt,
  elapsedMs,
  note,
})

function rowsFor({ run, reading, now }: ToldRun): readonly Row[] {
  const { rules, state, manifest } = reading
  return rowsOf({ rules, state, live: liveFromFiles(run.files, manifest), now })
}

const isoOrNull = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())
