import { exitCodes } from '../errors.ts'
import { findRun } from './find-run.ts'
import { readRun } from './read-run.ts'
import { refold } from './refold.ts'
import { readProposal } from './show/read-proposal.ts'
import type { CommonOptions, Terminal } from './terminal.ts'

/** `troupe replay`: makes a run's proposal once more from its change sets, and says whether it comes out the same. */
export async function replayCommand(
  terminal: Terminal,
  input: { readonly arguments: readonly string[]; readonly options: CommonOptions },
): Promise<number> {
  const run = await findRun(terminal.directory, input.arguments[0])
  const reading = await readRun(run)
  const proposal = readProposal(run, reading)
  const { commit, tree } = await refold(run, reading, proposal)
  const isSame = commit === proposal.commit
  if (input.options.json) {
    const { commit: was } = proposal
    terminal.print(
      JSON.stringify({ schema: 'troupe/replay/1', run: run.id, same: isSame, proposal: was, commit, tree }),
    )
  } else {
    terminal.print(isSame ? `the same again: ${commit}` : `not the same: ${commit} now, ${proposal.commit} then`)
  }
  return isSame ? exitCodes.ok : exitCodes.unfinished
}
