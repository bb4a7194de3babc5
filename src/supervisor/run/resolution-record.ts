import { noUsage } from '../../agents/usage.ts'
import type { Resolution, TaskRecord } from './state.ts'

/** How far the asking about a conflict is, told as of a task of its own. */
export function resolutionRecord({ attempts, counted, standing }: Resolution): TaskRecord {
  const tally = {
    attempts,
    counted,
    signature: null,
    repeats: 0,
    parks: 0,
    left: null,
    onto: [],
    rebased: null,
    usage: noUsage,
  }
  if (standing.phase === 'running') return { state: { ...standing, attempt: attempts }, tally }
  const { startedAt, endedAt, outcome, reason } = standing
  const times = { attempt: attempts, startedAt, endedAt }
  if (outcome === 'kept')
    return {
      state: { phase: 'succeeded', ...times, summary: 'the answer is kept', findings: [], changeSet: null },
      tally,
    }
  const message = reason ?? outcome
  if (outcome === 'stopped' || outcome === 'lost')
    return { state: { phase: 'cancelled', attempt: attempts, reason: message }, tally }
  const failure = { kind: 'agent', message, signature: message } as const
  return { state: { phase: 'failed', ...times, failure, reason: message }, tally }
}
