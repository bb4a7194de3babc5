import { unreachable } from '../errors.ts'
import type { Exit } from './contract.ts'

/** An exit in a few words, for messages. */
export function describeExit(exit: Exit): string {
  switch (exit.how) {
    case 'normal':
      return 'it finished'
    case 'shutdown':
      return `it was stopped: ${exit.reason}`
    case 'killed':
      return `it was killed: ${exit.reason}`
    case 'crashed':
      return `it crashed: ${exit.message}`
    default:
      return unreachable(exit)
  }
}
