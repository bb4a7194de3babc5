import { readFileSync } from 'node:fs'
import { acquireLease } from '../store/lease.ts'
import { replaceFile } from '../store/replace-file.ts'
import { decide } from '../supervisor/run/decide.ts'
import { openRecords } from '../supervisor/run/records.ts'
import { initialState, type RunState } from '../supervisor/run/state.ts'
import type { FoundRun } from './find-run.ts'
import type { RunReading } from './read-run.ts'
import { printed } from './run-files.ts'

/** Files by their paths, with what is to be in them. */
type Contents = ReadonlyMap<string, { readonly task: string }>

/** The status and result files of a run that has ended which are gone, or are none any more; the journal has what they said. */
export function lostFiles(run: FoundRun, reading: RunReading): Contents {
  const { phase } = reading.state
  if (phase.name !== 'ended' || phase.interrupted) return new Map()
  return new Map([...filesOf(run, reading)].filter(([path, { task }]) => !isAbout(path, task)))
}

/** Writes them again, under the run's lease. Throws TroupeError LEASE_HELD, STORE_FAILED or NO_SPACE. */
export async function restoreFiles({ files }: FoundRun, lost: Contents): Promise<void> {
  const lease = await acquireLease(files.lease)
  try {
    for (const [path, content] of lost) replaceFile(path, printed(content))
  } finally {
    await lease.release()
  }
}

/** What a run's supervisor has last written of each, but for the words of agents that are in no journal. */
function filesOf({ id: run, files }: FoundRun, { manifest, rules, records }: RunReading): Contents {
  const contents = new Map<string, { readonly task: string }>()
  const { observe } = openRecords({
    run,
    rules,
    tasks: manifest.tasks,
    resolver: manifest.merge.resolver?.task ?? null,
    live: () => ({ lastOutput: '', progress: '', pid: null }),
    sink: {
      status: ({ agent, id }, content) => void contents.set(files.status(agent, id), content),
      result: ({ agent, id }, content) => void contents.set(files.result(agent, id), content),
    },
  })
  let state: RunState = initialState(rules)
  for (const record of records) {
    state = decide(rules, state, record)[0]
    observe(record, state)
  }
  return contents
}

function isAbout(path: string, task: string): boolean {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { readonly task?: unknown }).task === task
  } catch {
    return false
  }
}
