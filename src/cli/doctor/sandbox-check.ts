import { canConfine } from '../../processes/sandbox.ts'
import { type Check, fine } from './check.ts'

const name = 'sandbox'

/** Whether programs can be confined to their workspace, tried with one that does nothing. */
export function checkSandbox(): Check {
  if (canConfine()) return fine(name, 'bwrap: agents with sandbox: workspace or strict are confined')
  const why =
    process.platform === 'linux'
      ? 'bwrap is not there or may make no namespaces, or env knows no --default-signal'
      : 'it needs Linux'
  const todo = process.platform === 'linux' ? 'install bubblewrap to have it' : null
  return { name, state: 'optional', found: `${why}: agents with sandbox: workspace or strict are refused`, todo }
}
