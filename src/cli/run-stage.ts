import { availableParallelism } from 'node:os'
import { type Hosts, openHosts } from '../actors/hosts/registry.ts'
import type { ChangeSet } from '../changes/change-set.ts'
import { systemClock } from '../clock.ts'
import type { RunId } from '../ids.ts'
import type { Log } from '../log.ts'
import type { RunLayout } from '../store/layout.ts'
import type { Governor } from '../supervisor/quota/governor.ts'
import { type Aggregator, openAggregator } from '../supervisor/run/aggregator.ts'
import { type Budgets, openBudgets } from '../supervisor/run/budgets.ts'
import type { Models } from '../supervisor/run/models.ts'
import { type LiveBoard, openLiveBoard } from '../supervisor/run/live.ts'
import { type Attempts, openAttempts } from '../supervisor/run/open-attempts.ts'
import { openWorkspaces } from '../supervisor/run/open-workspaces.ts'
import type { ActorParts } from '../supervisor/run/start-actor.ts'
import type { RunWorld } from '../supervisor/run/run.ts'
import { openTroupeTree, type TroupeTree } from '../supervisor/run/troupe-tree.ts'
import type { Workspaces } from '../supervisor/run/workspaces.ts'
import { openAggregatorPlace } from './aggregator-place.ts'
import { getFirstPlacesReady } from './first-places.ts'
import { governorOf } from './governor-of.ts'
import { openModelsPlace, willAskModels } from './models-place.ts'
import { loggedDeadLetters } from './logged-dead-letters.ts'
import type { Prepared } from './prepare.ts'
import { judgingOf } from './judging.ts'
import { threadLimits } from './thread-limits.ts'

/** What a run works with, but for its journal and whoever watches it. */
export interface RunStage {
  /** Throws TroupeError HOST_FAILED when something cannot start. */
  start(): Promise<void>
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
  readonly agents: Pick<ActorParts, 'kindsModule' | 'optionsOf'>
}

/** How long whatever runs may take to stop politely, in milliseconds. */
const graceMs = 5_000
const parallelGits = availableParallelism() * 2
/** Bytes of output kept of one attempt. */
const logBytes = 16 * 1024 * 1024

/** Builds the stage of one run; nothing is started yet. */
export function openStage(prepared: Prepared, { id, folders, log, agents }: StageParts): RunStage {
  const { repository, base, manifest, rules, placements, secrets } = prepared
  const world = { clock: systemClock, random: Math.random, log }
  const { clock } = world
  const aggregator = openAggregator()
  const live = openLiveBoard()
  const { hosts, models, tree } = openActors(prepared, { id, folders, log }, { aggregator, live })
  const where = { repository, run: id, base, folder: folders.work }
  const workspaces = openWorkspaces({ ...where, clock, parallel: parallelGits, hide: secrets.hide })
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
    models,
    budgets,
    logBytes,
    graceMs,
    secrets: secrets.names,
    judging: judgingOf(manifest, folders),
    host: (kind) => hosts.get(kind),
    logPath: folders.log,
    ...agents,
  })
  return {
    async start() {
      const started = tree.start()
      getFirstPlacesReady(prepared, hosts)
      // it takes longest to get ready, and nobody waits for it yet
      if (willAskModels(prepared)) tree.wantModels()
      await started
    },
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

interface Actors {
  /** Of agents. */
  readonly hosts: Hosts
  readonly models: Models
  readonly tree: TroupeTree
}

/** Where the actors of a run live, and the tree that they stand in. */
function openActors(
  prepared: Prepared,
  { id, folders, log }: Omit<StageParts, 'agents'>,
  { aggregator, live }: Pick<RunStage, 'aggregator' | 'live'>,
): Actors {
  const env = { ...process.env, TROUPE_RUN: id } // what is left of a dead run is found by it
  const common = { clock: systemClock, deadLetters: loggedDeadLetters(log), process: { env } }
  const hosts = openHosts({ ...common, thread: threadLimits(prepared) })
  const place = openAggregatorPlace(prepared, { ...common, id, folders })
  const modelsPlace = openModelsPlace(common, () => {
    tree.wantModels()
  })
  const tree = openTroupeTree({
    clock: systemClock,
    random: Math.random,
    log,
    hosts: both(hosts, place.hosts, modelsPlace.hosts),
    aggregator,
    startAggregator: () => place.start(live.tellMerging),
    models: modelsPlace.models,
    startModels: modelsPlace.start,
    graceMs,
  })
  return { hosts, models: modelsPlace.models, tree }
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

const both = (...hosts: readonly Hosts[]): AsyncDisposable => ({
  async [Symbol.asyncDispose]() {
    await Promise.all(hosts.map((one) => one[Symbol.asyncDispose]()))
  },
})
