import { describeFold } from './describe-fold.ts'
import { foldCommand } from './fold.ts'
import { newProgram, runProgram } from './program.ts'
import { processTerminal } from './terminal.ts'

/** Runs `troupe fold` alone: scripts call it once a merge, and the other commands take as long to load as a merge takes. */
export const main = async (argv: readonly string[], terminalIn = processTerminal): Promise<number> =>
  await runProgram(argv, terminalIn, (bind) =>
    describeFold(
      newProgram(),
      bind(() => Promise.resolve(foldCommand)),
    ),
  )
