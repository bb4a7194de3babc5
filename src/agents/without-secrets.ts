import type { Redactor } from '../redaction.ts'
import type { Failure } from './failure.ts'

/** What an end of an agent's work says in words; all else in it is ours. */
interface Words {
  readonly summary?: string
  readonly findings?: readonly unknown[]
  readonly details?: object
  readonly failure?: Failure
  readonly reason?: string
}

/** How an agent's work ended, without the secrets that it may speak of. */
export function withoutSecrets<End extends object>(end: End, hide: Redactor): End {
  if (hide.isIdle) return end
  const { summary, findings, details, failure, reason } = end as Words
  return {
    ...end,
    ...(summary !== undefined && { summary: hide.text(summary) }),
    ...(findings !== undefined && { findings: hide.value(findings) }),
    ...(details !== undefined && { details: hide.value(details) }),
    ...(failure !== undefined && { failure: failureWithout(failure, hide) }),
    ...(reason !== undefined && { reason: hide.text(reason) }),
  }
}

const failureWithout = (failure: Failure, hide: Redactor): Failure => ({
  ...failure,
  message: hide.text(failure.message),
  signature: hide.text(failure.signature),
})
