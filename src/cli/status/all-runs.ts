import { messageOf } from '../../errors.ts'
import type { RunId } from '../../ids.ts'
import { type FoundRun, openRuns } from '../find-run.ts'
import { type RunReading, readRun } from '../read-run.ts'
import { type RunsElsewhere, runsElsewhere } from '../runs-elsewhere.ts'
import { table } from '../table.ts'
import { type Standing, standingOf, standingText } from './standing.ts'

/** One run in the list of all. */
export interface RunEntry {
  readonly run: RunId
  readonly phase: Standing | 'unreadable'
  readonly startedAt: string | null
  readonly endedAt: string | null
  readonly done: number
  readonly failed: number
  readonly total: number
  /** Of its proposal; null when there is none. */
  readonly verdict: 'pass' | 'fail' | 'not-run' | null
  readonly exitCode: number | null
  /** Why it cannot be read; null when it can. */
  readonly problem: string | null
}

/** The runs of a repository. */
export interface AllRuns {
  /** Those of this worktree, the newest first. */
  readonly runs: readonly RunEntry[]
  readonly elsewhere: readonly RunsElsewhere[]
}

/** Every run of the repository around a folder. A damaged one does not hide the others. */
export async function allRuns(directory: string): Promise<AllRuns> {
  const { repository, layout, ids } = await openRuns(directory)
  const entries: RunEntry[] = []
  for (const id of ids.toReversed()) entries.push(await entryOf({ repository, id, files: layout.run(id) }))
  return { runs: entries, elsewhere: await runsElsewhere(repository) }
}

/** The list as a table; what keeps a run from being read stands below it. */
export function runsTable(entries: readonly RunEntry[]): string {
  const rows = entries.map(({ run, phase, startedAt, done, failed, total, verdict }) => [
    run,
    phase === 'unreadable' ? phase : standingText(phase),
    `${done}/${total}`,
    String(failed),
    startedAt?.slice(0, 19).replace('T', ' ') ?? '-',
    verdict ?? '-',
  ])
  const problems = entries.flatMap(({ run, problem }) => (problem === null ? [] : [`${run}: ${problem}`]))
  const lines = table([['run', 'state', 'done', 'failed', 'started (UTC)', 'checks'], ...rows])
  return [...lines, ...(problems.length === 0 ? [] : ['', ...problems])].join('\n')
}

async function entryOf(run: FoundRun): Promise<RunEntry> {
  try {
    return readEntry(run.id, await readRun(run))
  } catch (error) {
    const nothing = { startedAt: null, endedAt: null, done: 0, failed: 0, total: 0, verdict: null, exitCode: null }
    return { run: run.id, phase: 'unreadable', ...nothing, problem: messageOf(error).split('\n')[0] ?? '' }
  }
}

function readEntry(run: RunId, { state, history, manifest }: RunReading): RunEntry {
  const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())
  return {
    run,
    phase: standingOf(state, history),
    startedAt: iso(history.startedAt),
    endedAt: iso(history.endedAt),
    done: state.counts.succeeded,
    failed: state.counts.failed,
    total: manifest.tasks.length,
    verdict: history.proposal?.verdict ?? null,
    exitCode: state.phase.name === 'ended' ? state.phase.exitCode : null,
    problem: null,
  }
}
