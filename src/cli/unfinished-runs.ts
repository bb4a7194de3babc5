import type { Repository } from '../changes/repository.ts'
import { exitCodes } from '../errors.ts'
import type { RunId } from '../ids.ts'
import { isAlive } from '../process-identity.ts'
import { isThere } from '../store/is-there.ts'
import { readJournal } from '../store/read-journal.ts'
import { readLastRecord } from '../store/last-record.ts'
import { layoutOf, listRuns, type RunLayout } from '../store/layout.ts'
import type { RunEvent } from '../supervisor/run/events.ts'
import { hasBegun } from './kept-manifest.ts'

/** A run in which something is left to do. */
export interface UnfinishedRun {
  readonly id: RunId
  /** Whether somebody stopped it; otherwise its supervisor is at work, or has died. */
  readonly interrupted: boolean
}

/** How far back is looked: older ones are `troupe status --all`'s matter. */
const newest = 20

/** The latest runs that have not ended, or were interrupted, the newest first. */
export function unfinishedRuns({ root }: Pick<Repository, 'root'>): readonly UnfinishedRun[] {
  const layout = layoutOf(root)
  const ids = listRuns(layout).slice(-newest).toReversed()
  return ids.flatMap((id) => unfinishedRun(id, layout.run(id)) ?? [])
}

/** Null for a run that came to its end, or never began; looks at its last record alone, as a journal may be long. */
export function unfinishedRun(id: RunId, files: RunLayout): UnfinishedRun | null {
  if (!hasBegun(files)) return null
  const last = readLastRecord<RunEvent>(files.journal)?.event
  if (last?.type !== 'run-ended') return { id, interrupted: false }
  return last.exitCode === exitCodes.interrupted ? { id, interrupted: true } : null
}

/** A run that nobody carries out any more although it has not ended, the newest that can be read; null when there is none. */
export function abandonedRun(repository: Pick<Repository, 'root'>): RunId | null {
  const layout = layoutOf(repository.root)
  const found = unfinishedRuns(repository).find(({ id, interrupted }) => !interrupted && isLeft(layout.run(id)))
  return found?.id ?? null
}

/** Whether its supervisor is gone; a journal that is damaged or cannot be read tells nobody, and hinders no other run. */
function isLeft({ journal }: RunLayout): boolean {
  try {
    if (!isThere(journal)) return true
    const supervisors = readJournal<RunEvent>(journal).records.flatMap(({ event }) =>
      event.type === 'run-started' || event.type === 'run-resumed' ? [event.process] : [],
    )
    const latest = supervisors.at(-1)
    return latest === undefined || !isAlive(latest)
  } catch {
    return false
  }
}
