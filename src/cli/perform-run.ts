import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { AggregatorApi, AggregatorInput } from '../actors/aggregator-api.ts'
import type { ActorHandle, HostKind } from '../actors/contract.ts'
import { type Hosts, openHosts } from '../actors/hosts/registry.ts'
import { processIdentity } from '../actors/process-identity.ts'
import { sibling } from '../actors/sibling.ts'
import { excludeAgentsFolder } from '../changes/exclude.ts'
import { systemClock } from '../clock.ts'
import { asActorId, newRunId, type RunId } from '../ids.ts'
import { openLog } from '../log.ts'
import type { Proposal } from '../merge/proposal.ts'
import { openJournal } from '../store/journal.ts'
import { layoutOf, makeRunFolders, pointStatusAt, type RunLayout } from '../store/layout.ts'
import { acquireLease } from '../store/lease.ts'
import { replaceFile } from '../store/replace-file.ts'
import { openAggregator } from '../supervisor/run/aggregator.ts'
import type { Recorded, RunEvent } from '../supervisor/run/events.ts'
import { type LiveBoard, openLiveBoard } from '../supervisor/run/live.ts'
import { openAttempts } from '../supervisor/run/open-attempts.ts'
import { openWorkspaces } from '../supervisor/run/open-workspaces.ts'
import { proposalRequest } from '../supervisor/run/proposal-request.ts'
import { endingOf, type RunEnding } from '../supervisor/run/run-ending.ts'
import { Run } from '../supervisor/run/run.ts'
import type { RunState } from '../supervisor/run/state.ts'
import { openTroupeTree } from '../supervisor/run/troupe-tree.ts'
import type { Prepared } from './prepare.ts'
import { openRunFiles } from './run-files.ts'
import { writeProposal } from './write-proposal.ts'

/** Who watches a run: a view, signals. */
export interface RunWatch {
  /** Called once, before the first event: what may be asked of the run. */
  begun(run: RunUnderWay): void
  observe(recorded: Recorded, state: RunState): void
  readonly verbose: boolean
}

/** A run that has begun. */
export interface RunUnderWay {
  readonly id: RunId
  readonly live: LiveBoard
  stop(how: 'graceful' | 'hard', reason: string): void
}

/** What a run came to. */
export interface RunOutcome extends RunEnding {
  readonly run: RunId
  readonly proposal: Proposal
  /** Paths of what was written for people and programs. */
  readonly files: { readonly json: string; readonly markdown: string; readonly sarif: string | null }
}

/** How long whatever runs may take to stop politely, in milliseconds. */
const graceMs = 5_000
/** Bytes of output kept of one attempt. */
const logBytes = 16 * 1024 * 1024

/** Carries out what was prepared: composes the world, runs, makes the proposal, and leaves nothing running behind. */
export async function performRun(prepared: Prepared, watch: RunWatch): Promise<RunOutcome> {
  const { repository, base } = prepared
  const id = newRunId(systemClock.now(), Math.random)
  await excludeAgentsFolder(repository)
  const layout = layoutOf(repository.root)
  const folders = makeRunFolders(layout, id)
  const lease = await acquireLease(folders.lease)
  replaceFile(folders.manifest, prepared.manifestText)
  pointStatusAt(layout, id)
  const log = openLog({ file: folders.supervisorLog, people: watch.verbose ? 'debug' : null })
  const journal = await openJournal<RunEvent>({ path: folders.journal, epoch: lease.epoch, clock: systemClock })
  const stage = openStage(prepared, { id, folders, log })
  try {
    await stage.tree.start()
    const world = { ...stage.world, journal, observe: observers(stage.files.observe, watch.observe) }
    const run = new Run(prepared.rules, world)
    lease.lost.addEventListener(
      'abort',
      () => void run.stop('hard', 'another supervisor took the run over').catch(() => {}),
    )
    watch.begun({ id, live: stage.live, stop: (how, reason) => void run.stop(how, reason).catch(() => {}) })
    const started = { type: 'run-started', run: id, base, manifest: prepared.manifestText } as const
    const { state } = await run.settle({ ...started, process: processIdentity(process.pid, process.pid) })
    const outcome = await propose(prepared, { id, folders, stage, state })
    const { commit, tree, verdict } = outcome.proposal
    await run.record({ type: 'proposal-made', commit, tree, verdict, file: outcome.files.json })
    await run.record({ type: 'run-ended', exitCode: outcome.exitCode, reason: outcome.reason })
    return outcome
  } finally {
    stage.files.flush()
    await stage.workspaces.close()
    await stage.tree.stop('the run has ended')
    await journal.close().catch(() => {})
    await lease.release()
  }
}

type Stage = ReturnType<typeof openStage>

interface StageParts {
  readonly id: RunId
  readonly folders: RunLayout
  readonly log: ReturnType<typeof openLog>
}

/** Everything that a run works with but its journal. */
function openStage(prepared: Prepared, { id, folders, log }: StageParts) {
  const { repository, base, manifest, rules, placements } = prepared
  const clock = systemClock
  const random = Math.random
  const live = openLiveBoard()
  const aggregator = openAggregator()
  const hosts = openHosts({ clock, thread: { maxThreads: manifest.concurrency } })
  const services = openHosts({ clock, thread: { maxThreads: 1 } })
  const parallel = availableParallelism() * 2
  const workspaces = openWorkspaces({ repository, run: id, folder: folders.work, clock, parallel })
  const startAggregator = (): Promise<ActorHandle<AggregatorApi>> =>
    services
      .get(aggregatorHost(prepared))
      .start<AggregatorApi>(aggregatorSpec(prepared, id, folders), { emit: () => {} })
  const tree = openTroupeTree({
    clock,
    random,
    log,
    hosts: both(hosts, services),
    aggregator,
    startAggregator,
    graceMs,
  })
  const files = openRunFiles({ run: id, rules, manifest, folders, clock, live })
  const attempt = openAttempts({
    run: id,
    base,
    manifest,
    rules,
    clock,
    placements,
    aggregator,
    workspaces,
    tree,
    logBytes,
    graceMs,
    host: (kind) => hosts.get(kind),
    logPath: folders.log,
  })
  const hostOf = (task: Parameters<typeof placements.get>[0]): HostKind => placements.get(task)?.host ?? 'async'
  return { tree, files, workspaces, aggregator, live, world: { clock, random, log, live, aggregator, hostOf, attempt } }
}

/** The aggregator lives as the agents do, in a host of its own. */
function aggregatorHost({ placements }: Prepared): HostKind {
  const used = new Set([...placements.values()].map(({ host }) => host))
  const [only = 'async'] = used
  return used.size === 1 ? only : 'async'
}

function aggregatorSpec({ repository, base }: Prepared, run: RunId, folders: RunLayout) {
  const input: AggregatorInput = { run, repository: repository.root, base, scratch: join(folders.work) }
  const module = sibling(import.meta.url, '../actors/aggregator-actor').href
  return { id: asActorId('aggregator'), module, export: 'aggregatorActor', input }
}

const both = (...hosts: readonly Hosts[]): AsyncDisposable => ({
  async [Symbol.asyncDispose]() {
    await Promise.all(hosts.map((one) => one[Symbol.asyncDispose]()))
  },
})

type Observe = RunWatch['observe']

const observers =
  (...all: readonly Observe[]): Observe =>
  (recorded, state) => {
    for (const observe of all) observe(recorded, state)
  }

interface Settled {
  readonly id: RunId
  readonly folders: RunLayout
  readonly stage: Stage
  readonly state: RunState
}

async function propose(
  { manifest, repository }: Prepared,
  { id, folders, stage, state }: Settled,
): Promise<RunOutcome> {
  const createdAt = new Date(systemClock.now()).toISOString()
  const request = proposalRequest(state, { tasks: manifest.tasks, checks: manifest.check, createdAt })
  const proposal = await stage.aggregator.propose(request)
  const files = writeProposal(proposal, { folders, root: repository.root, output: manifest.output })
  return { run: id, proposal, files, ...endingOf(proposal) }
}
