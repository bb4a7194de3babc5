import { systemClock } from '../clock.ts'
import { directLauncher } from '../processes/direct-launcher.ts'
import { runProgram } from '../processes/program.ts'
import type { RunCommand } from './check.ts'

/** How long a command that must stop may take before force. */
const graceMs = 2000

/** Runs a command as a child of this very process. */
export const runCommand: RunCommand = ({ argv, directory, env }, { signal, output }) =>
  runProgram(
    { argv, shell: false, directory, env },
    { clock: systemClock, launcher: directLauncher(systemClock), signal, graceMs, output, started: () => {} },
  )
