import { existsSync, readdirSync } from 'node:fs'
import { layoutOf, listRuns, type RunLayout } from '../../src/store/layout.ts'
import { readJournal } from '../../src/store/read-journal.ts'
import type { Recorded, RunEvent } from '../../src/supervisor/run/events.ts'
import type { Scene } from './scene.ts'

/** A completed attempt as a journal tells it. */
export interface Completed {
  readonly task: string
  readonly attempt: number
  readonly commit: string | null
}

/** The run of a scene; null before it has a manifest of its own: one that died earlier never began. */
export function runIn({ repository }: Scene): { readonly id: string; readonly files: RunLayout } | null {
  const layout = layoutOf(repository)
  const id = listRuns(layout).find((one) => existsSync(layout.run(one).manifest))
  return id === undefined ? null : { id, files: layout.run(id) }
}

/** What the journal of a scene's run holds; nothing before there is one. */
export function recordsIn(scene: Scene): readonly Recorded[] {
  const run = runIn(scene)
  if (run === null || !existsSync(run.files.journal)) return []
  return readJournal<RunEvent>(run.files.journal).records
}

/** Whether nothing is left to do in a run. */
export const hasEnded = (records: readonly Recorded[]): boolean => records.at(-1)?.event.type === 'run-ended'

/** Completed attempts, in order. */
export const completedIn = (records: readonly Recorded[]): readonly Completed[] =>
  records.flatMap(({ event }) =>
    event.type === 'attempt-ended' && event.end.how === 'completed'
      ? [{ task: event.task, attempt: event.attempt, commit: event.end.changeSet?.commit ?? null }]
      : [],
  )

/** Attempts that agents really began, as `<task>.<attempt>`, each as often as it was begun. */
export const begunIn = ({ ledger }: Scene): readonly string[] =>
  readdirSync(ledger).map((name) => name.slice(0, name.lastIndexOf('.')))
