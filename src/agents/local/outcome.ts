import { messageOf } from '../../errors.ts'
import type { Outcome } from '../agent.ts'
import type { Skipped } from './workspace.ts'

/** Said in every summary: nobody should take rules for judgement. */
export const noModel = 'no model was used'

/** The work cannot be done as it was asked. */
export function refused(message: string): Outcome {
  return { how: 'failed', failure: { kind: 'agent', message, signature: `agent ${message}` }, details: {} }
}

/** The work was stopped between two files. */
export const stopped = (signal: AbortSignal): Outcome => ({ how: 'cancelled', reason: messageOf(signal.reason) })

/** Files that were named and are not there. */
export const notThere = (missing: readonly string[]): Outcome =>
  refused(`not found in the workspace: ${missing.join(', ')}`)

/** A sentence about the files left out; empty when there are none. */
export function saySkipped(skipped: readonly Skipped[]): string {
  if (skipped.length === 0) return ''
  const shown = skipped.slice(0, 5).map(({ file, reason }) => `${file} (${reason})`)
  const rest = skipped.length > shown.length ? ` and ${skipped.length - shown.length} more` : ''
  return ` Left out: ${shown.join(', ')}${rest}.`
}
