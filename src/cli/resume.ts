import { TroupeError } from '../errors.ts'
import { type FoundRun, findRun } from './find-run.ts'
import { fitHeapTo } from './heap-size.ts'
import { isProposalLost } from './made-proposal.ts'
import { mustBeFit } from './must-be-fit.ts'
import { prepareAgain } from './prepare-again.ts'
import { carryOut } from './carry-out.ts'
import { mustIsolate } from './prepare.ts'
import { readRun } from './read-run.ts'
import { resumeRun } from './resume-run.ts'
import { tools } from '../processes/run-tool.ts'
import { mustHideSecrets } from './secrets.ts'
import type { CommonOptions, Terminal } from './terminal.ts'
import { unfinishedRuns } from './unfinished-runs.ts'

/** `troupe resume`: goes on with a run whose supervisor died, that was interrupted, or that has lost its proposal. */
export async function resumeCommand(
  terminal: Terminal,
  input: { readonly arguments: readonly string[]; readonly options: CommonOptions & { readonly manifest?: string } },
): Promise<number> {
  tools.prepare()
  const run = await runToResume(terminal.directory, input.arguments[0])
  fitHeapTo(run.files.manifest)
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

async function runToResume(directory: string, asked: string | undefined): Promise<FoundRun> {
  const newest = await findRun(directory, asked)
  if (asked !== undefined) return newest
  const [unfinished] = unfinishedRuns(newest.repository)
  if (unfinished !== undefined) return await findRun(directory, unfinished.id)
  if (isProposalLost((await readRun(newest)).records)) return newest
  throw new TroupeError('RUN_ENDED', `every recent run has ended, the last one is ${newest.id}`)
}
