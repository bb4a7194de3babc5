import { excludeAgentsFolder } from '../changes/exclude.ts'
import { systemClock } from '../clock.ts'
import { newRunId, type RunId } from '../ids.ts'
import { identityOf } from '../process-identity.ts'
import { giveBackGarbage } from '../processes/small-heap.ts'
import { openJournal } from '../store/journal.ts'
import { layoutOf, makeRunFolders, pointStatusAt } from '../store/layout.ts'
import { acquireLease } from '../store/lease.ts'
import { replaceFile } from '../store/replace-file.ts'
import type { RunEvent } from '../supervisor/run/events.ts'
import { conductRun, type RunOutcome, type RunPorts, type RunStarted, type RunWatch } from './conduct-run.ts'
import type { Prepared } from './prepare.ts'

/** Carries out what was prepared, as a new run. Throws TroupeError LEASE_HELD, STORE_FAILED, NO_SPACE and those of conductRun. */
export async function performRun(prepared: Prepared, watch: RunWatch, ports: RunPorts = {}): Promise<RunOutcome> {
  const id = newRunId(systemClock.now(), Math.random)
  await excludeAgentsFolder(prepared.repository)
  const layout = layoutOf(prepared.repository.root)
  const folders = makeRunFolders(layout, id)
  const lease = await acquireLease(folders.lease)
  try {
    replaceFile(folders.manifest, prepared.manifestText())
    pointStatusAt(layout, id)
    const { openJournalFile: openFile } = ports
    const where = { path: folders.journal, epoch: lease.epoch, clock: systemClock, isHeld: lease.isHeld }
    const journal = await openJournal<RunEvent>(openFile === undefined ? where : { ...where, openFile })
    const held = { id, folders, journal, lost: lease.lost, records: [] }
    giveBackGarbage()
    return await conductRun(prepared, watch, {
      held,
      opening: { type: 'run-started', event: () => firstEvent(id, prepared) },
      ports,
    })
  } finally {
    await lease.release()
  }
}

/** How a run begins that nobody has carried out before. */
export const firstEvent = (run: RunId, prepared: Prepared): RunStarted => ({
  type: 'run-started',
  run,
  base: prepared.base,
  manifest: prepared.manifestText(),
  ...(prepared.manifestFile !== null && { file: prepared.manifestFile }),
  process: identityOf(process.pid),
})
