import { count } from '../count.ts'
import { exitCodes, TroupeError } from '../errors.ts'
import { type FoundRun, findRun } from './find-run.ts'
import { fitHeapTo } from './heap-size.ts'
import { lostFiles, restoreFiles } from './lost-files.ts'
import { isProposalLost } from './made-proposal.ts'
import { mustBeFit } from './must-be-fit.ts'
import { prepareAgain } from './prepare-again.ts'
import { carryOut } from './carry-out.ts'
import { mustIsolate } from './must-isolate.ts'
import { readRun } from './read-run.ts'
import { resumeRun } from './resume-run.ts'
import { tools } from '../processes/run-tool.ts'
import { mustHideSecrets } from './secrets.ts'
import type { CommonOptions, Terminal } from './terminal.ts'
import { unfinishedRun, unfinishedRuns } from './unfinished-runs.ts'

/**
 * `troupe resume`: goes on with a run whose supervisor died, that was interrupted, or that has lost its proposal. Of one that has ended
 * and lost nothing but its manifest, status or result files, or what stands beside the proposal's JSON, these are written again.
 */
export async function resumeCommand(
  terminal: Terminal,
  input: { readonly arguments: readonly string[]; readonly options: CommonOptions & { readonly manifest?: string } },
): Promise<number> {
  tools.prepare()
  const { run, lost } = await runToResume(terminal.directory, input.arguments[0])
  if (lost !== null) return await restore(run, lost, { terminal, ...input.options })
  const { manifest } = input.options
  const prepared = await prepareAgain(run, { directory: terminal.directory, manifest })
  await mustBeFit(prepared.manifest, terminal.environment)
  mustIsolate(prepared.manifest)
  mustHideSecrets(prepared.manifest, terminal.environment)
  const outcome = await carryOut({
    prepared,
    terminal,
    options: input.options,
    perform: (watch) => resumeRun({ run, prepared }, watch),
  })
  return outcome.exitCode
}

interface ToResume {
  readonly run: FoundRun
  /** All that is to be done: files that are to be written again. Null where there is a run to go on with. */
  readonly lost: ReturnType<typeof lostFiles> | null
}

async function runToResume(directory: string, asked: string | undefined): Promise<ToResume> {
  const newest = await findRun(directory, asked)
  const [unfinished] = asked === undefined ? unfinishedRuns(newest.repository) : []
  const run = unfinished === undefined ? newest : await findRun(directory, unfinished.id)
  fitHeapTo(run.files.manifest)
  if (unfinishedRun(run.id, run.files) !== null) return { run, lost: null } // it is read when it is prepared
  const reading = await readRun(run)
  const lost = lostFiles(run, reading)
  if (lost.size > 0 && !isProposalLost(reading.records)) return { run, lost }
  if (asked !== undefined || isProposalLost(reading.records)) return { run, lost: null }
  throw new TroupeError('RUN_ENDED', `every recent run has ended, the last one is ${run.id}`)
}

async function restore(
  run: FoundRun,
  lost: ReturnType<typeof lostFiles>,
  { terminal, json }: Pick<CommonOptions, 'json'> & { readonly terminal: Terminal },
): Promise<number> {
  await restoreFiles(run, lost)
  const files = [...lost.keys()]
  const text = `the run ${run.id} had ended; written again from what it has kept: ${count(files.length, 'file')}`
  terminal.print(json ? JSON.stringify({ schema: 'troupe/restored/1', run: run.id, files }, null, 2) : text)
  return exitCodes.ok
}
