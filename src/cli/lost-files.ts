import { readFileSync } from 'node:fs'
import { acquireLease } from '../store/lease.ts'
import { replaceFile } from '../store/replace-file.ts'
import { fold } from '../supervisor/run/decide.ts'
import { openRecords } from '../supervisor/run/records.ts'
import type { FoundRun } from './find-run.ts'
import { isKept } from './kept-manifest.ts'
import { newestProposal } from './made-proposal.ts'
import type { RunReading } from './read-run.ts'
import { printed } from './run-files.ts'
import { lostBeside } from './write-proposal.ts'

/** Files by their paths, with what is to be in them. */
type Contents = ReadonlyMap<string, () => string | Iterable<string>>

/**
 * Of a run that has ended, the manifest and the status and result files which are gone, or are none any more: the journal has what
 * they said. And what is gone beside the proposal's JSON, which has all that it says.
 */
export function lostFiles(run: FoundRun, reading: RunReading): Contents {
  const { phase } = reading.state
  if (phase.name !== 'ended' || phase.interrupted) return new Map()
  const { manifest, manifestText, records } = reading
  const proposal = newestProposal(records)
  const beside = proposal === null ? [] : lostBeside(proposal, { folders: run.files, output: manifest.output })
  const lost = new Map([...lostRecords(run, reading), ...beside])
  return isKept(run.files, manifestText) ? lost : new Map([[run.files.manifest, () => manifestText], ...lost])
}

/** Writes them again, under the run's lease. Throws TroupeError LEASE_HELD, STORE_FAILED or NO_SPACE. */
export async function restoreFiles({ files }: FoundRun, lost: Contents): Promise<void> {
  const lease = await acquireLease(files.lease)
  try {
    for (const [path, content] of lost) replaceFile(path, content())
  } finally {
    await lease.release()
  }
}

/** What a run's supervisor has last written of those that are gone, but for the words of agents that are in no journal. */
function lostRecords({ id: run, files }: FoundRun, { manifest, rules, records }: RunReading): Contents {
  const contents = new Map<string, () => string>()
  const known = new Map<string, boolean>()
  const keep = (path: string, content: { readonly task: string }): void => {
    const isThere = known.get(path) ?? isAbout(path, content.task)
    known.set(path, isThere)
    if (!isThere) contents.set(path, () => printed(content))
  }
  const { observe } = openRecords({
    run,
    rules,
    tasks: manifest.tasks,
    resolver: manifest.merge.resolver?.task ?? null,
    live: () => ({ lastOutput: '', progress: '', pid: null }),
    sink: {
      status: ({ agent, id }, content) => keep(files.status(agent, id), content),
      result: ({ agent, id }, content) => keep(files.result(agent, id), content),
    },
  })
  fold(rules, records, observe)
  return contents
}

function isAbout(path: string, task: string): boolean {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { readonly task?: unknown }).task === task
  } catch {
    return false
  }
}
