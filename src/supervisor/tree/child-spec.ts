import type { Exit } from '../../actors/contract.ts'
import type { Backoff } from './backoff.ts'

/** When an ended child is started again: always, after an abnormal exit (killed or crashed), or never. */
export type Restart = 'permanent' | 'transient' | 'temporary'

/** How long a child may take to stop, in milliseconds; 'brutal' takes it away at once, 'infinity' waits. */
export type Shutdown = number | 'brutal' | 'infinity'

/** Whether the end of a significant child ends its supervisor: at the first one, or when the last one has ended. */
export type AutoShutdown = 'never' | 'any-significant' | 'all-significant'

/** A running child. An `ActorHandle` is one, and so is a `Supervisor`. */
export interface Child {
  /** Settles once with why the child ended; never rejects. */
  readonly closed: Promise<Exit>
  /** Asks the child to stop; after `graceMs` takes it away by force. 0 kills at once, Infinity waits. */
  stop(reason: string, graceMs: number): Promise<Exit>
}

/** One child as its supervisor is told of it; what is left out is as in OTP. */
export interface ChildSpec {
  /** Unique within the supervisor. */
  readonly id: string
  /** Starts the child; a rejection is a failed start. Called anew for every restart. */
  readonly start: () => Promise<Child>
  /** Default: permanent. */
  readonly restart?: Restart
  /** Default: 5,000 for a worker, infinity for a supervisor. */
  readonly shutdown?: Shutdown
  /** Default: false. Only for transient and temporary children of a supervisor that shuts down automatically. */
  readonly significant?: boolean
  /** Default: worker. */
  readonly kind?: 'worker' | 'supervisor'
  /** Not in OTP: how long restarts wait. Default: they do not. */
  readonly backoff?: Backoff
}

/** A checked child spec without its start function: all that the rules need to know. */
export interface ChildPolicy {
  readonly id: string
  readonly restart: Restart
  readonly shutdown: Shutdown
  readonly significant: boolean
  readonly kind: 'worker' | 'supervisor'
  readonly backoff: Backoff | null
}

/** A policy, or what is wrong with the spec. */
export type CheckedSpec =
  | { readonly ok: true; readonly policy: ChildPolicy }
  | { readonly ok: false; readonly message: string }

/** Checks a child spec as OTP's `check_childspec` does and fills in the defaults. */
export function checkChildSpec(spec: ChildSpec, autoShutdown: AutoShutdown): CheckedSpec {
  const kind = spec.kind ?? 'worker'
  const policy: ChildPolicy = {
    id: spec.id,
    restart: spec.restart ?? 'permanent',
    shutdown: spec.shutdown ?? (kind === 'worker' ? 5000 : 'infinity'),
    significant: spec.significant ?? false,
    kind,
    backoff: spec.backoff ?? null,
  }
  const fault = faultOf(policy, autoShutdown)
  return fault === null ? { ok: true, policy } : { ok: false, message: `child ${JSON.stringify(spec.id)}: ${fault}` }
}

/** The milliseconds that a child has for stopping. */
export function graceOf(policy: ChildPolicy): number {
  if (policy.shutdown === 'brutal') return 0
  return policy.shutdown === 'infinity' ? Infinity : policy.shutdown
}

function faultOf(policy: ChildPolicy, autoShutdown: AutoShutdown): string | null {
  if (policy.id === '') return 'id is empty'
  if (!(graceOf(policy) >= 0)) return 'shutdown is neither milliseconds from 0 up nor brutal nor infinity'
  if (policy.significant && autoShutdown === 'never') return 'significant, but autoShutdown is never'
  if (policy.significant && policy.restart === 'permanent') return 'significant and permanent exclude each other'
  return policy.backoff === null ? null : backoffFault(policy.backoff)
}

function backoffFault({ firstMs, maxMs, factor, jitter }: Backoff): string | null {
  if (!(firstMs > 0 && maxMs >= firstMs && maxMs < Infinity)) return 'backoff needs 0 < firstMs <= maxMs < Infinity'
  if (!(factor >= 1)) return 'backoff.factor is below 1'
  return jitter >= 0 && jitter <= 1 ? null : 'backoff.jitter is not between 0 and 1'
}
