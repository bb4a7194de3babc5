import { styleText } from 'node:util'
import { exitCodes } from '../errors.ts'
import { checkAgents } from './doctor/agents-check.ts'
import type { Check } from './doctor/check.ts'
import { checkGit } from './doctor/git-check.ts'
import { checkIsolation } from './doctor/isolation-check.ts'
import { checkLauncher } from './doctor/launcher-check.ts'
import { checkModes } from './doctor/modes-check.ts'
import { checkNode } from './doctor/node-check.ts'
import { checkRepository } from './doctor/repository-check.ts'
import { checkRun } from './doctor/run-checks.ts'
import { checkSandbox } from './doctor/sandbox-check.ts'
import { findRun } from './find-run.ts'
import { table } from './table.ts'
import { type CommonOptions, type Terminal, wantsColour } from './terminal.ts'

interface DoctorOptions extends CommonOptions {
  /** A run's id or its beginning; true for the newest. */
  readonly run?: string | true
}

/**
 * `troupe doctor`: whether everything a run needs is there, tried for real, and what to do where it is not; with `--run`, whether
 * all that is kept of one run is whole. Throws TroupeError RUN_NOT_FOUND.
 */
export async function doctorCommand(
  terminal: Terminal,
  input: { readonly arguments: readonly string[]; readonly options: DoctorOptions },
): Promise<number> {
  const { run, json } = input.options
  const checks =
    run === undefined
      ? await checkMachine(terminal)
      : await checkRun(await findRun(terminal.directory, run === true ? undefined : run))
  const isWell = checks.every(({ state }) => state !== 'wrong')
  if (json) terminal.print(JSON.stringify({ schema: 'troupe/doctor/1', ok: isWell, checks }, null, 2))
  else terminal.print(checksText(checks, terminal.answersSeen && wantsColour(terminal)))
  return isWell ? exitCodes.ok : exitCodes.unfinished
}

async function checkMachine(terminal: Terminal): Promise<readonly Check[]> {
  const [git, repository, launcher, modes, agents] = await Promise.all([
    checkGit(),
    checkRepository(terminal.directory),
    checkLauncher(terminal.environment),
    checkModes(),
    checkAgents(terminal.environment),
  ])
  return [
    checkNode(process.versions.node),
    git,
    ...repository,
    launcher,
    checkIsolation(),
    checkSandbox(),
    ...modes,
    ...agents,
  ]
}

function checksText(checks: readonly Check[], coloured: boolean): string {
  const lines = table(checks.map(({ name, state, found }) => [words[state], name, found]))
  return checks
    .flatMap(({ state, todo }, index) => {
      const line = lines[index] ?? ''
      const painted = coloured ? styleText(colours[state], line, { validateStream: false }) : line
      return todo === null ? [painted] : [painted, `         do: ${todo}`]
    })
    .join('\n')
}

const words: Readonly<Record<Check['state'], string>> = { ok: 'ok', warning: 'warning', wrong: 'WRONG', optional: '-' }
const colours = { ok: 'green', warning: 'yellow', wrong: 'red', optional: 'gray' } as const
