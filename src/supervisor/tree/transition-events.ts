import type { Exit } from '../../actors/contract.ts'
import type { ChildPolicy } from './child-spec.ts'
import type { StartFailed, SupervisorEvent } from './results.ts'

/** A fact about one life of a child; a number that is no longer the child's own marks it as late. */
export type Fact =
  | { readonly type: 'started'; readonly id: string; readonly incarnation: number }
  | {
      readonly type: 'start-failed'
      readonly id: string
      readonly incarnation: number
      readonly message: string
      readonly cause: unknown
    }
  | { readonly type: 'exited'; readonly id: string; readonly incarnation: number; readonly exit: Exit }

/** Someone asks for something; answered by a `reply` with the same call number. */
export type Call =
  | { readonly type: 'start-child'; readonly call: number; readonly id: string; readonly policy: ChildPolicy }
  | { readonly type: 'terminate-child'; readonly call: number; readonly id: string }
  | { readonly type: 'restart-child'; readonly call: number; readonly id: string }
  | { readonly type: 'delete-child'; readonly call: number; readonly id: string }

/** Lies in the inbox until nothing else is under way with the child, as a message waits for OTP's supervisor. */
export type Message =
  | Call
  | { readonly type: 'handle-exit'; readonly id: string; readonly incarnation: number }
  | { readonly type: 'try-again'; readonly id: string; readonly incarnation: number }
  | { readonly type: 'wait-over'; readonly id: string; readonly incarnation: number }

/** What the shell tells the machine. */
export type Happening =
  | { readonly type: 'start'; readonly call: number }
  | { readonly type: 'stop'; readonly reason: string }
  /** The grace of the supervisor itself is over, or was none. */
  | { readonly type: 'force'; readonly reason: string }
  | { readonly type: 'wait-over'; readonly id: string; readonly incarnation: number }
  | Fact
  | Call

/** A happening and when it was: monotonic milliseconds. */
export type TreeEvent = Happening & { readonly at: number }

/** The machine's answer to a call. */
export type Answer =
  | { readonly ok: true; readonly incarnation: number | null }
  | StartFailed
  | { readonly ok: false; readonly reason: 'already-started'; readonly incarnation: number | null }
  | {
      readonly ok: false
      readonly reason: 'already-present' | 'max-children' | 'running' | 'restarting' | 'not-found' | 'noproc'
    }

/** What the machine wants done. */
export type Command =
  | { readonly type: 'start'; readonly policy: ChildPolicy; readonly incarnation: number }
  | {
      readonly type: 'stop'
      readonly id: string
      readonly incarnation: number
      readonly reason: string
      readonly graceMs: number
    }
  | { readonly type: 'wait'; readonly policy: ChildPolicy; readonly incarnation: number; readonly attempt: number }
  | { readonly type: 'cancel-wait'; readonly incarnation: number }
  | { readonly type: 'reply'; readonly call: number; readonly answer: Answer }
  | { readonly type: 'exit'; readonly exit: Exit }
  | { readonly type: 'note'; readonly event: SupervisorEvent }
