import { systemClock } from '../clock.ts'
import { TroupeError } from '../errors.ts'
import { identityOf } from '../process-identity.ts'
import { openJournal } from '../store/journal.ts'
import { layoutOf, makeRunFolders, pointStatusAt } from '../store/layout.ts'
import { acquireLease } from '../store/lease.ts'
import { removeUnfinished } from '../store/replace-file.ts'
import { fold } from '../supervisor/run/decide.ts'
import type { Recorded, RunEvent } from '../supervisor/run/events.ts'
import { reap } from '../supervisor/run/reap.ts'
import { orphansOf, salvage } from '../supervisor/run/salvage.ts'
import type { RunState } from '../supervisor/run/state.ts'
import { conductRun, type HeldRun, type Opening, type RunOutcome, type RunPorts, type RunWatch } from './conduct-run.ts'
import type { FoundRun } from './find-run.ts'
import { keepManifest } from './kept-manifest.ts'
import { isProposalLost } from './made-proposal.ts'
import { isInUse } from './own-checkouts.ts'
import { firstEvent } from './perform-run.ts'
import type { Prepared } from './prepare.ts'

/**
 * Goes on with a run whose supervisor has died or was interrupted: ends what is left of its processes, seals what they wrote, and
 * runs what has not ended. One that has ended and lost its proposal makes it again. Throws TroupeError LEASE_HELD, RUN_ENDED, JOURNAL_CORRUPT and those of conductRun.
 */
export async function resumeRun(
  { run, prepared }: { readonly run: FoundRun; readonly prepared: Prepared },
  watch: RunWatch,
  ports: RunPorts = {},
): Promise<RunOutcome> {
  const { id, repository, files: folders } = run
  const layout = layoutOf(repository.root)
  const lease = await acquireLease(folders.lease, { takeOver: true })
  try {
    // its processes bear the run's mark and its checkouts lie among the run's: it would be swept away
    if (isInUse(folders))
      throw new TroupeError('LEASE_HELD', `another command, such as apply, has checkouts of the run ${id} in use`)
    makeRunFolders(layout, id)
    removeUnfinished(folders.folder)
    const { openJournalFile: openFile } = ports
    const where = { path: folders.journal, epoch: lease.epoch, clock: systemClock, isHeld: lease.isHeld }
    const journal = await openJournal<RunEvent>(openFile === undefined ? where : { ...where, openFile })
    const { records } = journal.found
    const state = fold(prepared.rules, records)
    refuseEnded(run, state, records)
    keepManifest(folders, prepared.manifestText())
    pointStatusAt(layout, id)
    const held = { id, folders, journal, lost: lease.lost, records }
    return await conductRun(prepared, watch, {
      held,
      opening: await openingOf({ prepared, held, tell: watch.tell }, state),
      ports,
    })
  } finally {
    await lease.release()
  }
}

/** @throws TroupeError RUN_ENDED for a run in which nothing is left to do, its proposal not lost either */
function refuseEnded({ id }: FoundRun, { phase }: RunState, records: readonly Recorded[]): void {
  if (phase.name !== 'ended' || phase.interrupted || isProposalLost(records)) return
  throw new TroupeError('RUN_ENDED', `the run ${id} has ended (${phase.reason}): there is nothing to go on with`)
}

interface Reopened {
  readonly prepared: Prepared
  readonly held: HeldRun
  tell(text: string): void
}

async function openingOf({ prepared, held, tell }: Reopened, state: RunState): Promise<Opening> {
  const { id, folders, records } = held
  if (state.phase.name === 'new') return { type: 'run-started', event: () => firstEvent(id, prepared) }
  const { repository } = prepared
  const { left } = await reap(id, records, systemClock)
  for (const { pid } of left) tell(`note: process ${pid} belongs to the run and cannot be ended from here`)
  const parts = { repository, run: id, folder: folders.work, clock: systemClock, records, hide: prepared.secrets.hide }
  const lost = await salvage(parts, orphansOf(prepared.manifest, state))
  return { type: 'run-resumed', process: identityOf(process.pid), lost }
}
