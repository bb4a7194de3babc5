import { systemClock } from '../clock.ts'
import type { RunId } from '../ids.ts'
import { sweepProcesses } from '../processes/sweep.ts'
import { type Log, openLog } from '../log.ts'
import type { Journal } from '../store/journal.ts'
import type { JournalFile } from '../store/journal-file.ts'
import type { RunLayout } from '../store/layout.ts'
import { TroupeError } from '../errors.ts'
import { fold } from '../supervisor/run/decide.ts'
import type { Recorded, RunEvent } from '../supervisor/run/events.ts'
import type { LiveBoard } from '../supervisor/run/live.ts'
import type { LiveConflicts } from '../supervisor/run/live-conflicts.ts'
import { endingOf, type RunEnding } from '../supervisor/run/run-ending.ts'
import { Run, type Settlement } from '../supervisor/run/run.ts'
import type { SalvagedAttempt } from '../supervisor/run/salvage.ts'
import type { RunState } from '../supervisor/run/state.ts'
import { dateOfLost, type MadeProposal, madeProposal } from './made-proposal.ts'
import { agentsOf } from './agents-of.ts'
import type { Halt } from './asking-world.ts'
import { beforeForce, makeProposal, type Proposing } from './make-proposal.ts'
import type { Prepared } from './prepare.ts'
import { giveBackGarbage } from '../processes/small-heap.ts'
import { heapKeeper } from './heap-size.ts'
import { openRunFiles, type RunFiles } from './run-files.ts'
import { openStage, type RunStage } from './run-stage.ts'
import { watchWork } from './watch-work.ts'
import { removeUnrecorded, writeProposal } from './write-proposal.ts'

/** Who watches a run: a view, signals. */
export interface RunWatch {
  /** Called once, before the first new event: what may be asked of the run, and what an earlier supervisor has recorded. */
  begun(run: RunUnderWay, records: readonly Recorded[]): void
  observe(recorded: Recorded, state: RunState): void
  /** Says something to people. */
  tell(text: string): void
  readonly verbose: boolean
}

/** A run that has begun. */
export interface RunUnderWay {
  readonly id: RunId
  readonly live: LiveBoard
  readonly state: RunState
  stop(how: 'graceful' | 'hard', reason: string): void
}

/** What a run came to. */
export interface RunOutcome extends RunEnding, MadeProposal {
  readonly run: RunId
}

/** Parts of the world that tests put faults into. */
export interface RunPorts {
  readonly openJournalFile?: (path: string, keepBytes: number) => JournalFile
  /** URL of a module with other agents of the known kinds. */
  readonly kindsModule?: string
}

/** A run that this process alone may carry out. */
export interface HeldRun {
  readonly id: RunId
  readonly folders: RunLayout
  readonly journal: Journal<RunEvent>
  /** Aborts when another supervisor has taken the run over. */
  readonly lost: AbortSignal
  /** What earlier supervisors have recorded. */
  readonly records: readonly Recorded[]
}

/** The first event of a run. */
export type RunStarted = Extract<RunEvent, { readonly type: 'run-started' }>

/** How a run is begun, or gone on with. */
export type Opening =
  /** The event holds the text of the manifest, which nobody is to hold on to. */
  | { readonly type: 'run-started'; event(): RunStarted }
  | (Extract<RunEvent, { readonly type: 'run-resumed' }> & { readonly lost: readonly SalvagedAttempt[] })

/** Carries a run out to its end and its proposal, and leaves nothing running behind. */
export async function conductRun(
  prepared: Prepared,
  watch: RunWatch,
  { held, opening, ports }: { readonly held: HeldRun; readonly opening: Opening; readonly ports: RunPorts },
): Promise<RunOutcome> {
  const { id, folders, journal } = held
  const log = openLog({
    file: folders.supervisorLog,
    people: watch.verbose ? 'debug' : null,
    hide: prepared.secrets.hide,
  })
  const { manifest, rules } = prepared
  const stage = openStage(prepared, { id, folders, log, agents: agentsOf(manifest, ports.kindsModule) })
  const files = openRunFiles({ run: id, rules, manifest, folders, clock: systemClock, live: stage.live, log })
  let isForced = false
  try {
    await stage.start()
    return await onStage({ prepared, watch, held, stage, files, log }, opening)
  } catch (error) {
    isForced = error instanceof TroupeError && error.code === 'RUN_STOPPED'
    throw error
  } finally {
    await tidyUp({ watch, stage, files, log })
    await stage.tree.stop('the run has ended')
    // a merge driver that hangs is ended by nobody else
    if (isForced) await sweepProcesses({ TROUPE_RUN: id }, systemClock)
    await journal.close().catch(() => {}) // whoever needed it has been told already
  }
}

type Untidy = Pick<Scene, 'watch' | 'stage' | 'files' | 'log'>

/** Done before a run is said to have ended: nobody would go on with one that has. */
async function tidyUp({ watch, stage, files, log }: Untidy): Promise<void> {
  if (!files.flush()) watch.tell('note: not every status and result file could be written; the journal has it all')
  stage.budgets.close()
  await stage.governor.close()
  await stage.workspaces.close().catch((err: unknown) => {
    log.warn({ err }, 'a workspace could not be removed')
  })
}

interface Scene {
  readonly prepared: Prepared
  readonly watch: RunWatch
  readonly held: HeldRun
  readonly stage: RunStage
  readonly files: RunFiles
  readonly log: Log
}

async function onStage(scene: Scene, opening: Opening): Promise<RunOutcome> {
  const { run, conflicts, earlier, settle, ...halts } = openRun(scene, opening)
  const { records, folders, id } = scene.held
  const known = madeProposal(records, earlier, folders)
  const { state } = await settle()
  await beforeForce(halts, conflicts.settled())
  // with the date of one that is lost its commits are the same
  const createdAt = dateOfLost(records, earlier) ?? new Date(systemClock.now()).toISOString()
  giveBackGarbage()
  const made = known ?? (await propose(scene, { run, state, createdAt, ...halts }))
  const { commit, tree, verdict } = made.proposal
  if (known === null) await run.record({ type: 'proposal-made', commit, tree, verdict, file: made.files.json })
  const ending = endingOf(made.proposal)
  await tidyUp(scene)
  await run.record({ type: 'run-ended', ...ending })
  return { run: id, ...made, ...ending }
}

interface OpenedRun {
  readonly run: Run
  readonly conflicts: LiveConflicts
  /** Where an earlier supervisor left off. */
  readonly earlier: RunState
  readonly halt: Halt
  /** Aborted by what stops the run once its tasks have ended. */
  readonly breakOff: Halt
  settle(): Promise<Settlement>
}

function openRun({ prepared, watch, held, stage, files }: Scene, opening: Opening): OpenedRun {
  const { id, journal, lost, records } = held
  const { rules } = prepared
  const [halt, breakOff] = [newHalt(), newHalt()]
  const keepSmall = heapKeeper()
  const world = {
    ...stage.world,
    hide: prepared.secrets.hide,
    journal,
    live: stage.live,
    spoke: files.spoke,
    observe(recorded: Recorded, state: RunState): void {
      keepSmall(recorded)
      files.observe(recorded, state)
      conflicts.observe(recorded, state)
      haltAt(recorded, halt)
      if (state.phase.name === 'settled') haltAt(recorded, breakOff)
      watch.observe(recorded, state)
    },
  }
  const earlier = fold(rules, records, files.observe)
  const run = new Run(rules, world, earlier)
  const conflicts = watchWork(prepared, stage.aggregator, (event) => run.record(event))
  const stop = (how: 'graceful' | 'hard', reason: string): void => {
    run.stop(how, reason).catch(() => {}) // a journal that fails ends the run by itself
  }
  lost.addEventListener('abort', () => {
    stop('hard', 'another supervisor took the run over')
  })
  conflicts.restore(records)
  stage.budgets.restore(records)
  stage.onSnapshot((snapshot) => {
    conflicts.look(snapshot)
  })
  watch.begun({ id, live: stage.live, state: earlier, stop }, records)
  return {
    run,
    conflicts,
    earlier,
    halt,
    breakOff,
    settle() {
      const settlement = opening.type === 'run-started' ? begin(run, opening.event()) : goOn(run, opening)
      stage.budgets.begin((reason) => void run.record({ type: 'budget-reached', reason }).catch(() => {}))
      stage.governor.open((event) => void run.record(event).catch(() => {})) // after the event that begins the run
      return settlement
    },
  }
}

const newHalt = (): Halt => ({ polite: new AbortController(), force: new AbortController() })

function haltAt({ event }: Recorded, { polite, force }: Halt): void {
  if (event.type !== 'stop-requested' && event.type !== 'budget-reached') return
  const reason = new TroupeError('INTERNAL', event.reason)
  if (event.type === 'stop-requested' && event.how === 'hard') force.abort(reason)
  polite.abort(reason)
}

function begin(run: Run, started: RunStarted): Promise<Settlement> {
  giveBackGarbage()
  return run.settle(started)
}

function goOn(run: Run, { lost, ...resumed }: Extract<Opening, { readonly type: 'run-resumed' }>): Promise<Settlement> {
  return run.resume(resumed, lost)
}

const recordedProposals = (records: readonly Recorded[]): readonly string[] =>
  records.flatMap(({ event }) => (event.type === 'proposal-made' ? [event.file] : []))

async function propose(scene: Scene, proposing: Proposing): Promise<MadeProposal> {
  const { repository, manifest } = scene.prepared
  const { folders, records } = scene.held
  const proposal = await makeProposal(scene, proposing)
  removeUnrecorded(folders, recordedProposals(records))
  const places = { folders, root: repository.root, output: manifest.output, tell: scene.watch.tell }
  return { proposal, files: writeProposal(proposal, places) }
}
