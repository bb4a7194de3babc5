import { type Dirent, mkdirSync, readdirSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { storeFailure } from './store-failure.ts'
import { type AgentName, asRunId, type RunId, type TaskId } from '../ids.ts'

/** Absolute paths of what one run keeps on disk. */
export interface RunLayout {
  readonly folder: string
  readonly manifest: string
  readonly journal: string
  readonly lease: string
  readonly logs: string
  readonly supervisorLog: string
  /** Worktrees of attempts under way. */
  readonly work: string
  status(agent: AgentName, task: TaskId): string
  result(agent: AgentName, task: TaskId): string
  log(task: TaskId, attempt: number): string
  /** `createdAt` as ISO 8601; the name is safe for every file system. */
  proposal(createdAt: string, kind: 'json' | 'md' | 'sarif'): string
}

/** Absolute paths of everything under `.agents` of one repository. */
export interface Layout {
  readonly folder: string
  readonly runs: string
  /** A link to the folder of the newest run: live status by a name that does not change. */
  readonly statusLink: string
  run(id: RunId): RunLayout
}

/** Where the repository with this root keeps its runs. */
export function layoutOf(root: string): Layout {
  const folder = join(root, '.agents')
  const runs = join(folder, 'runs')
  return { folder, runs, statusLink: join(folder, 'runtime', 'status'), run: (id) => runLayout(join(runs, id)) }
}

function runLayout(folder: string): RunLayout {
  const logs = join(folder, 'logs')
  return {
    folder,
    logs,
    manifest: join(folder, 'manifest.yaml'),
    journal: join(folder, 'journal.ndjson'),
    lease: join(folder, 'lease'),
    supervisorLog: join(logs, 'supervisor.ndjson'),
    work: join(folder, 'work'),
    // asked for by every task, and names have nothing in them that a path would be made shorter by
    status: (agent, task) => `${folder}${sep}${agent}_${task}.status`,
    result: (agent, task) => `${folder}${sep}${agent}_${task}_result.json`,
    log: (task, attempt) => `${logs}${sep}${task}.${attempt}.log`,
    proposal: (createdAt, kind) => join(folder, `proposal_${createdAt.replace(/[:.]/g, '-')}.${kind}`),
  }
}

/** When a proposal was made, ISO 8601, by the name of its file; null for another name. */
export function createdAtOf(proposal: string): string | null {
  const [, day, hours, minutes, seconds, ms] =
    /proposal_(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)-(\d{3})Z\.[a-z]+$/.exec(proposal) ?? []
  return day === undefined ? null : `${day}T${hours}:${minutes}:${seconds}.${ms}Z`
}

/** Makes the folders of a new run. Throws TroupeError STORE_FAILED or NO_SPACE. */
export function makeRunFolders(layout: Layout, id: RunId): RunLayout {
  const run = layout.run(id)
  for (const folder of [run.logs, run.work]) makeFolder(folder)
  return run
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (cause) {
    throw storeFailure(`cannot write ${folder}`, cause)
  }
}

/** Points the status link at a run, in one step; where there can be no link it is left out. */
export function pointStatusAt(layout: Layout, id: RunId): void {
  const next = `${layout.statusLink}.${process.pid}.next`
  try {
    mkdirSync(dirname(next), { recursive: true })
    rmSync(next, { force: true })
  } catch {
    return
  }
  try {
    symlinkSync(join('..', 'runs', id), next, 'junction')
    renameSync(next, layout.statusLink)
  } catch {
    rmSync(next, { force: true })
  }
}

/** The runs of a repository, the oldest first; ids sort by time. Throws TroupeError STORE_FAILED. */
export function listRuns(layout: Layout): readonly RunId[] {
  try {
    const entries = readdirSync(layout.runs, { withFileTypes: true })
    const folders = entries.filter((entry) => runName.test(entry.name) && isFolder(entry))
    return folders.map(({ name }) => asRunId(name)).toSorted()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw storeFailure(`cannot read ${layout.runs}`, error)
  }
}

/** Whatever else lies there is somebody else's. */
const runName = /^\d{8}-\d{6}-[0-9a-f]+$/

/** Also where it was moved to, as long as a link leads there; one that leads nowhere at the moment is no less a run. */
const isFolder = (entry: Dirent): boolean => entry.isDirectory() || (entry.isSymbolicLink() && !leadsToFile(entry))

function leadsToFile({ parentPath, name }: Dirent): boolean {
  try {
    return statSync(join(parentPath, name)).isFile()
  } catch {
    return false // whoever looks into it says why that cannot be
  }
}
