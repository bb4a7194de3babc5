import { programLauncher } from '../agents/load-once.ts'
import { systemClock } from '../clock.ts'
import { runProgram } from '../processes/program.ts'
import type { Redactor } from '../redaction.ts'
import type { RunCommand } from './check.ts'

/** How long a command that must stop may take before force. */
const graceMs = 2000

/** Runs a command that dies with this very process. */
export const runCommand: RunCommand = async ({ argv, directory, env }, { signal, output }) =>
  await runProgram(
    { argv, shell: false, directory, env },
    { clock: systemClock, launcher: await programLauncher(), signal, graceMs, output, started: () => {} },
  )

/** Runs commands so that nobody sees a secret in what they print. */
export function hidingRunner(hide: Redactor): RunCommand {
  if (hide.isIdle) return runCommand
  return async (command, { signal, output }) => {
    const stream = hide.stream()
    const end = await runCommand(command, {
      signal,
      output: (chunk) => {
        output(stream.write(chunk))
      },
    })
    output(stream.end())
    return end
  }
}
