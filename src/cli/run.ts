import { resolve } from 'node:path'
import { carryOut } from './carry-out.ts'
import type { RunOutcome } from './conduct-run.ts'
import { fitHeapTo } from './heap-size.ts'
import { performRun } from './perform-run.ts'
import { describeOverlap, type PlanOptions, prepare } from './prepare.ts'
import { tools } from '../processes/run-tool.ts'
import type { Terminal } from './terminal.ts'
import { abandonedRun } from './unfinished-runs.ts'

/** `troupe run`: a manifest or a task expression, carried out. */
export async function runCommand(
  terminal: Terminal,
  input: { readonly arguments: readonly string[]; readonly options: PlanOptions },
): Promise<number> {
  const [argument = ''] = input.arguments
  return (await prepareAndRun(argument, terminal, input.options)).exitCode
}

/** Prepares, runs and reports; answers with what the run came to. */
export async function prepareAndRun(argument: string, terminal: Terminal, options: PlanOptions): Promise<RunOutcome> {
  fitHeapTo(resolve(terminal.directory, argument))
  tools.prepare()
  const prepared = await prepare(argument, terminal, options)
  const abandoned = abandonedRun(prepared.repository)
  if (abandoned !== null)
    terminal.tell(
      `note: the run ${abandoned} has not ended and its supervisor is gone; troupe resume ${abandoned} goes on with it`,
    )
  for (const warning of prepared.warnings) terminal.tell(`note: ${warning}`)
  for (const overlap of prepared.overlaps) terminal.tell(`predicted conflict: ${describeOverlap(overlap)}`)
  return await carryOut({ prepared, terminal, options, perform: (watch) => performRun(prepared, watch) })
}
