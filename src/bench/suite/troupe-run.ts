import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openGit } from '../../changes/git.ts'
import type { JournalRecord } from '../../store/journal-record.ts'
import { readJournal } from '../../store/read-journal.ts'
import type { RunEvent } from '../../supervisor/run/events.ts'

const program = fileURLToPath(new URL('../../../bin/troupe.mjs', import.meta.url))

/** A repository in which `troupe run` is measured, with a home and a state of its own. */
export interface BenchRepository {
  readonly root: string
  readonly environment: NodeJS.ProcessEnv
}

/** Makes a repository with these files in its only commit. */
export async function makeBenchRepository(
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<BenchRepository> {
  const root = join(folder, 'repository')
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const { text: git } = openGit(root)
  await git(['init', '--quiet', '--initial-branch', 'main'])
  await git(['add', '--all'])
  await git(['commit', '--quiet', '--message', 'base'])
  return { root, environment: { ...process.env, XDG_STATE_HOME: join(folder, 'state'), BENCH_KEY: 'any' } }
}

/** Starts `troupe` with these words; what it says is left unheard, but for its end. */
export function startTroupe({ root, environment }: BenchRepository, words: readonly string[]): ChildProcess {
  return spawn(process.execPath, [program, '-C', root, ...words], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: environment,
  })
}

/** Carries out a run and answers with its journal. Throws when it does not end well. */
export async function carryOut(
  repository: BenchRepository,
  manifest: object,
  words: readonly string[] = [],
): Promise<readonly JournalRecord<RunEvent>[]> {
  const file = join(repository.root, '..', 'manifest.json')
  writeFileSync(file, JSON.stringify(manifest))
  const child = startTroupe(repository, ['run', file, ...words])
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text))
  const [status] = (await once(child, 'close')) as [number | null]
  if (status !== 0) throw new Error(`troupe run ended with ${status}:\n${said.slice(-2_000)}`)
  return newestJournal(repository)
}

/** The journal of the newest run. */
export function newestJournal({ root }: BenchRepository): readonly JournalRecord<RunEvent>[] {
  const runs = join(root, '.agents/runs')
  const newest = readdirSync(runs).toSorted().at(-1) ?? ''
  return readJournal<RunEvent>(join(runs, newest, 'journal.ndjson')).records
}

/** Milliseconds from the start of a run to the end of its last attempt. */
export function spanOf(records: readonly JournalRecord<RunEvent>[]): number {
  const began = records.find(({ event }) => event.type === 'run-started')?.at ?? Number.NaN
  const ended = records.findLast(({ event }) => event.type === 'attempt-ended')?.at ?? Number.NaN
  return ended - began
}
