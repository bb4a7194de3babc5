import { TroupeError } from '../errors.ts'
import { layOutExample } from './example.ts'
import type { PlanOptions } from './prepare.ts'
import { prepareAndRun, runCommand } from './run.ts'
import type { Terminal } from './terminal.ts'

interface SuperviseOptions extends PlanOptions {
  readonly example?: string
}

/** `troupe supervise`: as `run`; without a manifest it runs an example in a temporary folder, to show what happens. */
export async function superviseCommand(
  terminal: Terminal,
  input: { readonly arguments: readonly string[]; readonly options: SuperviseOptions },
): Promise<number> {
  const { arguments: given, options } = input
  if (given.length > 0 && options.example !== undefined)
    throw new TroupeError('USAGE', `${given[0]} or an example is supervised, not both: leave one out`)
  if (given.length > 0) return await runCommand(terminal, input)
  const { directory, argument } = await layOutExample(options.example ?? 'service')
  terminal.tell(
    `running an example in ${directory}:\n  troupe run ${argument.includes(' ') ? `'${argument}'` : argument}\n`,
  )
  const { exitCode } = await prepareAndRun(argument, { ...terminal, directory }, options)
  if (!options.json) terminal.print(`\nlook around: npm run -s troupe -- -C ${directory} show`)
  return exitCode
}
