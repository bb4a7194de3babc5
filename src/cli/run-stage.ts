import { availableParallelism } from 'node:os'
import { type Hosts, openHosts } from '../actors/hosts/registry.ts'
import type { ChangeSet } from '../changes/change-set.ts'
import { systemClock } from '../clock.ts'
import type { RunId } from '../ids.ts'
import type { Log } from '../log.ts'
import { identityOf } from '../process-identity.ts'
import type { RunLayout } from '../store/layout.ts'
import { quotaFile } from '../store/quota-file.ts'
import { type Governor, openGovernor } from '../supervisor/quota/governor.ts'
import { type Aggregator, openAggregator } from '../supervisor/run/aggregator.ts'
import { type Budgets, openBudgets } from '../supervisor/run/budgets.ts'
import { type LiveBoard, openLiveBoard } from '../supervisor/run/live.ts'
import { type Attempts, openAttempts } from '../supervisor/run/open-attempts.ts'
import { openWorkspaces } from '../supervisor/run/open-workspaces.ts'
import type { RunWorld } from '../supervisor/run/run.ts'
import { openTroupeTree, type TroupeTree } from '../supervisor/run/troupe-tree.ts'
import type { Workspaces } from '../supervisor/run/workspaces.ts'
import { openAggregatorPlace } from './aggregator-place.ts'
import { loggedDeadLetters } from './logged-dead-letters.ts'
import type { Prepared } from './prepare.ts'
import { judgingOf } from './judging.ts'
import { threadLimits } from './thread-limits.ts'

/** What a run works with, but for its journal and whoever watches it. */
export interface RunStage {
  readonly tree: TroupeTree
  readonly workspaces: Workspaces
  readonly aggregator: Aggregator
  readonly live: LiveBoard
  readonly governor: Governor
  readonly budgets: Budgets
  /** Has `listener` told of every snapshot. */
  onSnapshot(listener: (snapshot: ChangeSet) => void): void
  readonly world: Pick<RunWorld, 'clock' | 'random' | 'log' | 'hostOf' | 'attempt'>
  /** Carries out an attempt at a conflict. */
  readonly resolution: Attempts['resolution']
}

interface StageParts {
  readonly id: RunId
  readonly folders: RunLayout
  readonly log: Log
  /** URL of the module of the kinds of agent. */
  readonly kindsModule: string
}

/** How long whatever runs may take to stop politely, in milliseconds. */
const graceMs = 5_000
const parallelGits = availableParallelism() * 2
/** Bytes of output kept of one attempt. */
const logBytes = 16 * 1024 * 1024

/** Builds the stage of one run; nothing is started yet. */
export function openStage(prepared: Prepared, { id, folders, log, kindsModule }: StageParts): RunStage {
  const { repository, base, manifest, rules, placements, secrets } = prepared
  const world = { clock: systemClock, random: Math.random, log }
  const { clock } = world
  const aggregator = openAggregator()
  const live = openLiveBoard()
  const env = { ...process.env, TROUPE_RUN: id } // what is left of a dead run is found by it
  const common = { clock, deadLetters: loggedDeadLetters(log), process: { env } }
  const hosts = openHosts({ ...common, thread: threadLimits(prepared) })
  const place = openAggregatorPlace(prepared, { ...common, id, folders })
  const where = { repository, run: id, folder: folders.work }
  const workspaces = openWorkspaces({ ...where, clock, parallel: parallelGits, hide: secrets.hide })
  const tree = openTroupeTree({
    ...world,
    hosts: both(hosts, place.hosts),
    aggregator,
    startAggregator: () => place.start(live.tellMerging),
    graceMs,
  })
  const snapshots = relay<ChangeSet>()
  const governor = governorOf(prepared, log)
  const budgets = openBudgets(clock, manifest.budget)
  const attempts = openAttempts({
    saved: snapshots.tell,
    unwatched: (why) => log.warn({ why }, unwatchedMessage),
    run: id,
    base,
    manifest,
    rules,
    clock,
    placements,
    aggregator,
    workspaces,
    tree,
    places: governor,
    budgets,
    logBytes,
    graceMs,
    secrets: secrets.names,
    judging: judgingOf(manifest, folders),
    host: (kind) => hosts.get(kind),
    logPath: folders.log,
    kindsModule,
  })
  return {
    tree,
    workspaces,
    aggregator,
    onSnapshot: snapshots.listen,
    live,
    governor,
    budgets,
    world: { ...world, hostOf: (task) => placements.get(task)?.host ?? 'async', attempt: attempts.task },
    resolution: attempts.resolution,
  }
}

const unwatchedMessage = 'not every folder can be watched: what agents write is looked for every 2 s instead'

interface Relay<News> {
  readonly tell: (news: News) => void
  readonly listen: (listener: (news: News) => void) => void
}

/** To one listener, who comes later. */
function relay<News>(): Relay<News> {
  let told: (news: News) => void = () => {}
  return {
    tell: (news) => {
      told(news)
    },
    listen: (listener) => {
      told = listener
    },
  }
}

function governorOf({ manifest: { agents, providers } }: Prepared, log: Log): Governor {
  return openGovernor({
    clock: systemClock,
    random: Math.random,
    process: identityOf(process.pid),
    agents,
    providers,
    environment: process.env,
    text: (name) => quotaFile(name, process.env),
    failed: (err) => {
      log.warn({ err }, 'what is known of a provider cannot be shared with other runs: nobody waits for a place')
    },
  })
}

const both = (...hosts: readonly Hosts[]): AsyncDisposable => ({
  async [Symbol.asyncDispose]() {
    await Promise.all(hosts.map((one) => one[Symbol.asyncDispose]()))
  },
})
