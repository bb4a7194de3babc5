import { unreachable } from '../errors.ts'
import type { TaskId } from '../ids.ts'
import type { Conflict } from '../merge/conflict.ts'
import {
  type AttemptEnd,
  type EarlyCheckEvent,
  isResolutionEvent,
  type PauseEvent,
  type ResolutionEvent,
  type RunEvent,
} from '../supervisor/run/events.ts'
import { count } from '../count.ts'

/** The task that an event is about; null when it is about the run. */
export const taskOfEvent = (event: RunEvent): TaskId | null => ('task' in event ? event.task : null)

/** What happened, as one line for people. */
export function eventText(event: RunEvent): string {
  if (isResolutionEvent(event)) return resolutionText(event)
  if ('conflicts' in event) return conflictsText(event)
  if ('check' in event) return earlyCheckText(event)
  if ('provider' in event) return providerText(event)
  return 'by' in event ? `${event.task}: attempt ${event.attempt} ${pauseText(event)}` : textOf(event)
}

type PlainEvent = Exclude<
  RunEvent,
  ResolutionEvent | PauseEvent | EarlyCheckEvent | { readonly conflicts: unknown } | { readonly provider: string }
>

function textOf(event: PlainEvent): string {
  switch (event.type) {
    case 'run-started':
      return `run ${event.run} started on ${event.base.slice(0, 12)} by process ${event.process.pid}`
    case 'run-resumed':
      return `run resumed by process ${event.process.pid}`
    case 'attempt-started':
      return `${event.task}: attempt ${event.attempt} started (${event.host})`
    case 'process-started':
      return `${event.task}: attempt ${event.attempt} started process ${event.process.pid}`
    case 'attempt-ended':
      return `${event.task}: attempt ${event.attempt} ${endText(event.end)}`
    case 'backoff-elapsed':
      return `${event.task}: the pause after attempt ${event.attempt} is over`
    case 'budget-reached':
      return `nothing new begins: ${event.reason}`
    case 'stop-requested':
      return `asked to stop (${event.how}): ${event.reason}`
    case 'proposal-made':
      return `proposal ${event.commit.slice(0, 12)} made, checks ${event.verdict}`
    case 'run-ended':
      return `run ended with ${event.exitCode}: ${event.reason}`
    default:
      return unreachable(event)
  }
}

function providerText(event: Extract<RunEvent, { readonly provider: string }>): string {
  const { provider } = event
  if (event.type === 'provider-freed') return `${provider} may be asked again`
  if (event.type === 'provider-tried') return `${provider}: one task goes to see whether it may be asked again`
  return `${provider} is held (${event.class}) until ${new Date(event.until).toISOString()}`
}

function conflictsText(event: Extract<RunEvent, { readonly conflicts: unknown }>): string {
  if (event.type === 'conflict-gone') return event.conflicts.map(goneText).join('; ')
  const isSealed = event.type === 'conflict-found' && !event.asOfNow
  return event.conflicts.map(({ message }) => `${isSealed ? 'conflict' : 'as of now'}: ${message}`).join('; ')
}

/** What is told of a check of what tasks have written so far. */
export const earlyCheckText = (event: EarlyCheckEvent): string =>
  event.type === 'early-check-passed'
    ? `as of now: ${event.check} passes again`
    : `as of now: ${event.tasks.join(' + ')} break "${event.check}" together`

/** A conflict that is none any more. */
export const goneText = ({ file, ours, theirs }: Conflict): string =>
  `${ours === null ? theirs : `${ours} and ${theirs}`}: together again in ${file}`

/** What is told of asking an agent about a task's conflicts. */
export function resolutionText(event: ResolutionEvent): string {
  const { task, attempt } = event
  if (event.type === 'resolution-started') {
    const files = event.files.map(({ path }) => path).join(', ')
    return `${task}: ${event.agent} is asked about its conflicts in ${files} (attempt ${attempt}, ${event.host})`
  }
  const answer =
    event.outcome === 'kept' ? 'the answer is kept' : `no answer is kept (${event.outcome}): ${event.reason}`
  return `${task}: ${answer} (attempt ${attempt})`
}

/** How a pause began or ended, after the name of the attempt. */
export function pauseText(event: PauseEvent): string {
  const { by } = event
  if (event.type === 'pause-over') {
    return event.outcome === 'rebase' ? `ends to begin anew from the work of ${by}` : `goes on: ${by} has ended`
  }
  if (event.processes === 0) return `does not go together with ${by}, cannot be paused, and carries on`
  return `is paused until ${by} has ended (${count(event.processes, 'process', 'processes')})`
}

function endText(end: AttemptEnd): string {
  const files =
    end.changeSet === null
      ? ''
      : ` [${count(end.changeSet.files.length, 'file')} at ${end.changeSet.commit.slice(0, 12)}]`
  switch (end.how) {
    case 'completed':
      return `completed: ${end.summary}${files}`
    case 'failed':
      return `failed (${end.failure.kind}): ${end.failure.message}${files}`
    case 'cancelled':
      return `cancelled: ${end.reason}${files}`
    case 'rebased':
      return `rebased onto the work of ${end.onto}: ${end.reason}${files}`
    case 'lost':
      return `lost: ${end.reason}${files}`
    default:
      return unreachable(end)
  }
}
