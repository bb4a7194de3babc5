import { existsSync } from 'node:fs'
import { TroupeError } from '../errors.ts'
import type { Manifest, Task } from '../plan/task.ts'
import { refsOfRun } from '../refs.ts'
import { taskAt } from '../supervisor/run/task-change.ts'
import type { FoundRun } from './find-run.ts'
import { placementsOf, type Prepared } from './prepare.ts'
import { withPromptsOf } from './prompts.ts'
import { readManifestArgument } from './read-manifest-argument.ts'
import { readRun, type RunReading } from './read-run.ts'
import { hiddenSecrets } from './secrets.ts'
import type { Terminal } from './terminal.ts'

/** What a run was given, where that is told once more: a file or an expression. */
interface Given {
  readonly directory: Terminal['directory']
  readonly manifest: string | undefined
}

/**
 * What a run was prepared with, from what is kept of it; prompts that are not kept come from what it was given.
 * @throws TroupeError RUN_NOT_FOUND, MANIFEST_INVALID, JOURNAL_CORRUPT, BASE_UNKNOWN, PROMPTS_MISSING, and those of readManifestArgument
 */
export async function prepareAgain(run: FoundRun, given?: Given): Promise<Prepared> {
  const reading = await readRun(run)
  const { repository } = run
  if (reading.records.length === 0) await mustHaveDoneNothing(run)
  const first = reading.records[0]?.event
  const started = first?.type === 'run-started' ? first : null
  const manifest = withPromptsOf(reading.manifest, {
    given: promptSource(given ?? { directory: repository.root, manifest: undefined }, started?.file ?? null),
    isNeeded: (task) => mayRun(reading, task),
  })
  const { manifestText } = reading
  return {
    ...reading,
    manifestText: () => manifestText,
    manifest,
    manifestFile: started?.file ?? null,
    repository,
    base: started?.base ?? (await repository.resolveBase(manifest.base)),
    overlaps: [],
    placements: placementsOf(manifest),
    secrets: hiddenSecrets(manifest),
    warnings: [],
  }
}

/** What a run has sealed is recorded first: a journal without a record is then not one of a run that never began, but lost. */
async function mustHaveDoneNothing({ repository: { git }, id, files }: FoundRun): Promise<void> {
  const ref = await git.text(['for-each-ref', '--count=1', '--format=%(refname)', `${refsOfRun(id)}/`])
  if (ref === '') return
  const message = `${files.journal} holds no record, though the run ${id} has sealed work (${ref}): restore it from a copy`
  throw new TroupeError('JOURNAL_CORRUPT', message)
}

/** Whether what is left of a run may need a task's prompt: one that has ended does so only where it was called off. */
function mayRun({ rules, state }: RunReading, task: Task): boolean {
  if (state.phase.name === 'ended' && !state.phase.interrupted) return false
  const index = rules.indexOf.get(task.id)
  return index === undefined || !['succeeded', 'failed', 'blocked'].includes(taskAt(state, index).state.phase)
}

function promptSource({ directory, manifest }: Given, file: string | null): Manifest | null {
  if (manifest !== undefined) return readManifestArgument(manifest, directory).manifest
  if (file === null || !existsSync(file)) return null
  try {
    return readManifestArgument(file, directory).manifest
  } catch {
    return null // it is no manifest any more
  }
}
