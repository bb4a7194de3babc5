import { withoutSecrets } from '../../agents/without-secrets.ts'
import type { Redactor } from '../../redaction.ts'
import type { RunEvent } from './events.ts'

/** An event without the secrets in what agents, programs and the system say: how a dead actor ended only its supervisor can tell. */
export function hiddenEvent(event: RunEvent, hide: Redactor): RunEvent {
  if (hide.isIdle) return event
  if (event.type === 'attempt-ended') return { ...event, end: withoutSecrets(event.end, hide) }
  if (event.type === 'resolution-ended') {
    const reason = event.reason === null ? null : hide.text(event.reason)
    return { ...event, end: withoutSecrets(event.end, hide), reason }
  }
  if (event.type === 'early-check-failed') return { ...event, output: hide.text(event.output) }
  if (event.type === 'stop-requested') return { ...event, reason: hide.text(event.reason) }
  return event
}
