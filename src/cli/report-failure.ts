import { messageOf, TroupeError } from '../errors.ts'
import type { CommonOptions, Terminal } from './terminal.ts'

/** Says what went wrong and what to do, and returns the exit status. A stack trace only with --verbose. */
export function reportFailure(error: unknown, terminal: Terminal, options: CommonOptions): number {
  const known = error instanceof TroupeError ? error : new TroupeError('INTERNAL', messageOf(error), { cause: error })
  if (options.json) {
    terminal.print(
      JSON.stringify({
        schema: 'troupe/error/1',
        code: known.code,
        message: known.message,
        fix: known.fix,
        details: known.details,
      }),
    )
  } else {
    terminal.tell(`troupe: ${known.message}\n  ${known.code}: ${known.fix}`)
  }
  if (options.verbose) terminal.tell(stackOf(error))
  return known.exitCode
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`
  return `${error.stack ?? error.message}${cause}`
}
