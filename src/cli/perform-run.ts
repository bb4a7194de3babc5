import { excludeAgentsFolder } from '../changes/exclude.ts'
import { systemClock } from '../clock.ts'
import { newRunId, type RunId } from '../ids.ts'
import { openLog } from '../log.ts'
import type { Proposal } from '../merge/proposal.ts'
import { identityOf } from '../process-identity.ts'
import { type Journal, openJournal } from '../store/journal.ts'
import { layoutOf, makeRunFolders, pointStatusAt, type RunLayout } from '../store/layout.ts'
import { acquireLease } from '../store/lease.ts'
import { replaceFile } from '../store/replace-file.ts'
import type { Recorded, RunEvent } from '../supervisor/run/events.ts'
import type { LiveBoard } from '../supervisor/run/live.ts'
import { openLiveConflicts } from '../supervisor/run/live-conflicts.ts'
import { proposalRequest } from '../supervisor/run/proposal-request.ts'
import { endingOf, type RunEnding } from '../supervisor/run/run-ending.ts'
import { Run } from '../supervisor/run/run.ts'
import type { RunState } from '../supervisor/run/state.ts'
import type { Prepared } from './prepare.ts'
import { openRunFiles, type RunFiles } from './run-files.ts'
import { openStage, type RunStage } from './run-stage.ts'
import { type ProposalFiles, writeProposal } from './write-proposal.ts'

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
  readonly files: ProposalFiles
}

/** Carries out what was prepared: takes the lease, runs, makes the proposal, and leaves nothing running behind. */
export async function performRun(prepared: Prepared, watch: RunWatch): Promise<RunOutcome> {
  const id = newRunId(systemClock.now(), Math.random)
  await excludeAgentsFolder(prepared.repository)
  const layout = layoutOf(prepared.repository.root)
  const folders = makeRunFolders(layout, id)
  const lease = await acquireLease(folders.lease)
  try {
    replaceFile(folders.manifest, prepared.manifestText)
    pointStatusAt(layout, id)
    const journal = await openJournal<RunEvent>({ path: folders.journal, epoch: lease.epoch, clock: systemClock })
    return await underLease(prepared, watch, { id, folders, journal, lost: lease.lost })
  } finally {
    await lease.release()
  }
}

interface Held {
  readonly id: RunId
  readonly folders: RunLayout
  readonly journal: Journal<RunEvent>
  readonly lost: AbortSignal
}

async function underLease(prepared: Prepared, watch: RunWatch, held: Held): Promise<RunOutcome> {
  const { id, folders, journal } = held
  const log = openLog({ file: folders.supervisorLog, people: watch.verbose ? 'debug' : null })
  const stage = openStage(prepared, { id, folders, log })
  const { manifest, rules } = prepared
  const files = openRunFiles({ run: id, rules, manifest, folders, clock: systemClock, live: stage.live })
  try {
    await stage.tree.start()
    return await conduct(prepared, watch, { ...held, stage, files })
  } finally {
    files.flush()
    await stage.workspaces.close()
    await stage.tree.stop('the run has ended')
    await journal.close().catch(() => {}) // whoever needed it has been told already
  }
}

interface Staged extends Held {
  readonly stage: RunStage
  readonly files: RunFiles
}

async function conduct(prepared: Prepared, watch: RunWatch, staged: Staged): Promise<RunOutcome> {
  const { id, journal, lost, stage, files } = staged
  const conflicts = openLiveConflicts(stage.aggregator, prepared.manifest.tasks)
  const run = new Run(prepared.rules, {
    ...stage.world,
    journal,
    live: stage.live,
    spoke: files.spoke,
    observe(recorded, state) {
      files.observe(recorded, state)
      conflicts.observe(recorded, (event) => run.record(event))
      watch.observe(recorded, state)
    },
  })
  const stop = (how: 'graceful' | 'hard', reason: string): void => {
    run.stop(how, reason).catch(() => {}) // a journal that fails ends the run by itself
  }
  lost.addEventListener('abort', () => {
    stop('hard', 'another supervisor took the run over')
  })
  watch.begun({ id, live: stage.live, stop })
  const { state } = await run.settle({
    type: 'run-started',
    run: id,
    base: prepared.base,
    manifest: prepared.manifestText,
    process: identityOf(process.pid),
  })
  await conflicts.settled()
  const outcome = await propose(prepared, staged, state)
  const { commit, tree, verdict } = outcome.proposal
  await run.record({ type: 'proposal-made', commit, tree, verdict, file: outcome.files.json })
  await run.record({ type: 'run-ended', exitCode: outcome.exitCode, reason: outcome.reason })
  return outcome
}

async function propose(prepared: Prepared, { id, folders, stage }: Staged, state: RunState): Promise<RunOutcome> {
  const { manifest, repository } = prepared
  const createdAt = new Date(systemClock.now()).toISOString()
  const request = proposalRequest(state, { tasks: manifest.tasks, checks: manifest.check, createdAt })
  const proposal = await stage.aggregator.propose(request)
  const files = writeProposal(proposal, { folders, root: repository.root, output: manifest.output })
  return { run: id, proposal, files, ...endingOf(proposal) }
}
