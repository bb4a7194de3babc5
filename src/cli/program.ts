import { resolve, sep } from 'node:path'
import { setImmediate as endOfTurn } from 'node:timers/promises'
import { Command, CommanderError } from 'commander'
import { exitCodes, TroupeError } from '../errors.ts'
import { reportFailure } from './report-failure.ts'
import type { CommonOptions, Terminal } from './terminal.ts'
import { version } from './version.ts'

interface GlobalOptions extends CommonOptions {
  readonly directory: string
}

type Action = (
  terminal: Terminal,
  input: { readonly arguments: readonly string[]; readonly options: never },
) => Promise<number>

/** Makes what commander calls for a command of what loads the command. */
export type Bind = (load: () => Promise<Action>) => (...given: unknown[]) => Promise<void>

/**
 * Runs the command that `argv` (without node and script) names and returns its exit status.
 * @param describe describes the commands
 */
export async function runProgram(
  argv: readonly string[],
  terminalIn: (directory: string) => Terminal,
  describe: (bind: Bind) => Command,
): Promise<number> {
  const outcome: { status: number } = { status: exitCodes.ok }
  const program = describe((load) => async (...given: unknown[]) => {
    const command = given.at(-1) as Command
    const options = command.optsWithGlobals<GlobalOptions>()
    const place = placeOf(options)
    const terminal = terminalIn(place ?? sep)
    try {
      if (place === null) throw new TroupeError('NOT_A_REPOSITORY', 'the folder in which troupe was started is gone')
      const action = await load()
      outcome.status = await action(terminal, { arguments: command.args, options: options as never })
    } catch (error) {
      outcome.status = reportFailure(error, terminal, options)
    }
    outcome.status = await unlessLost(outcome.status, terminal, options)
  })
  const help: string[] = []
  const { print } = terminalIn(sep) // of help and version, wherever that is asked for
  const writeOut = (text: string): void => print(text.replace(/\n$/, ''))
  for (const command of [program, ...program.commands])
    command.configureOutput({ writeOut, writeErr: (text) => void help.push(text) })
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    const options = program.opts<GlobalOptions>()
    const terminal = terminalIn(placeOf(options) ?? sep)
    if (error.exitCode === 0) return await unlessLost(exitCodes.ok, terminal, options)
    if (!options.json && help.length > 0) terminal.tell(help.join(''))
    return reportFailure(misuse(error), terminal, options)
  }
  return outcome.status
}

/** An exit status, or that of an answer which could not be written. */
async function unlessLost(status: number, terminal: Terminal, options: CommonOptions): Promise<number> {
  await endOfTurn() // in which a stream tells of it
  const { reason } = terminal.readerGone as { readonly reason: unknown }
  return reason instanceof TroupeError ? reportFailure(reason, terminal, { ...options, json: false }) : status
}

/** Null where the folder that it would be seen from is gone. */
function placeOf({ directory }: GlobalOptions): string | null {
  try {
    return resolve(directory)
  } catch {
    return null
  }
}

/** What is wrong with the arguments, in one line. */
function misuse(cause: CommanderError): TroupeError {
  if (cause.code === 'commander.help') return new TroupeError('USAGE', 'no command is named', { cause })
  const message = cause.message.replace(/^error: /, '').replace(/\n\(Did (you mean .*\?)\)$/, '; did $1')
  return new TroupeError('USAGE', message, { cause })
}

/** The program without its commands. */
export const newProgram = (): Command =>
  new Command('troupe')
    .description('Runs coding agents in parallel on one git repository and gives back one verified proposal.')
    .version(version)
    .option('-C, --directory <path>', 'work as if started there', '.')
    .option('--json', 'answer in JSON', false)
    .option('--verbose', 'log to standard error; show stack traces', false)
    .exitOverride()
    .configureOutput({ outputError() {} }) // said as every failure is, by who runs it
